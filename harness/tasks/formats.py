"""Rows of the well-known fine-tuning formats, turned into rows with ``input`` and ``target``.

The last assistant turn is the target. The turns before it are the conversation, ``messages``, whose last
user turn is the input. The system turn goes to ``metadata.system`` ("" without one).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from harness.tasks.readers import Row

_SHAREGPT_ROLES = {
    "system": "system",
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
}
_UNUSED = (
    "tools", "functions", "function_call", "tool_calls", "images", "image", "videos", "video", "audios",
    "audio", "chosen", "rejected",
)  # fmt: skip
_OPENAI_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


def from_alpaca(row: Row) -> Row:
    """Join ``instruction`` and ``input`` by a blank line, after ``history``; ``output`` is the target."""
    instruction = _string(row, "instruction", row.column("instruction"))
    extra = _string(row, "input", row.values.get("input") or "")
    rest = {key: value for key, value in row.values.items() if key not in ("output", "history")}
    asked = f"{instruction}\n\n{extra}" if extra else instruction
    made = {"input": asked, "target": row.column("output")}
    if before := _history(row):
        made["messages"] = [*before, {"role": "user", "content": asked}]
    return row.having({**rest, **made}, *_unused(rest))


def _history(row: Row) -> list[dict[str, str]]:
    """Return the turns of ``history``: pairs of what was asked and answered."""
    turns = []
    pairs = row.values.get("history") or []
    for index, pair in enumerate(pairs if isinstance(pairs, list) else [pairs]):
        place = f"history[{index}]"
        if not isinstance(pair, list) or len(pair) != 2:
            raise row.fault(place, "must be a question with its answer", "write [question, answer]", pair)
        turns.append({"role": "user", "content": _string(row, f"{place}[0]", pair[0])})
        turns.append({"role": "assistant", "content": _string(row, f"{place}[1]", pair[1])})
    return turns


def from_sharegpt(row: Row) -> Row:
    """Read ``conversations``: a list of turns with ``from`` and ``value``, or ``role`` and ``content``."""
    return _from_turns(row, "conversations", "from", "value", _SHAREGPT_ROLES)


def from_openai(row: Row) -> Row:
    """Read ``messages``: a list of turns with ``role`` and ``content``."""
    return _from_turns(row, "messages", "role", "content", _OPENAI_ROLES)


CONVERTERS: dict[str, Callable[[Row], Row]] = {
    "alpaca": from_alpaca,
    "sharegpt": from_sharegpt,
    "openai": from_openai,
}


def from_squad(row: Row) -> Iterator[Row]:
    """Yield each question of a row of SQuAD's own files with its paragraph, and another row as it is."""
    paragraphs = row.values.get("paragraphs")
    if not isinstance(paragraphs, list):
        yield row
        return
    for number, paragraph in enumerate(paragraphs):
        place = f"paragraphs[{number}]"
        if not isinstance(paragraph, dict) or not isinstance(paragraph.get("qas"), list):
            raise row.fault(place, "must have a context and a list of qas", "correct the file", paragraph)
        for index, asked in enumerate(paragraph["qas"]):
            if not isinstance(asked, dict):
                raise row.fault(f"{place}.qas[{index}]", "must be an object", "correct the file", asked)
            values = {"title": row.values.get("title"), "context": paragraph.get("context"), **asked}
            yield replace(row, where=f"{row.where}, {place}.qas[{index}]", values=values)


EXPANDERS: dict[str, Callable[[Row], Iterator[Row]]] = {"squad": from_squad}


def _from_turns(row: Row, column: str, role_key: str, text_key: str, roles: dict[str, str]) -> Row:
    raw = row.column(column)
    if not isinstance(raw, list) or not raw:
        raise row.fault(column, "must be a list of turns", f"give turns with {role_key} and {text_key}", raw)
    turns = [_turn(row, f"{column}[{i}]", turn, role_key, text_key, roles) for i, turn in enumerate(raw)]
    turns, remarks = _until_answer(row, column, turns, raw)
    system = _system(row, turns)
    spoken = _joined([turn for turn in turns if turn["role"] != "system"])
    if len(spoken) < 2:
        raise row.fault(column, "has no user turn before the answer", "put the question first")
    history, answer = spoken[:-1], spoken[-1]
    rest = {key: value for key, value in row.values.items() if key != column}
    asked = history[-1]["content"]
    made = {"input": asked, "target": answer["content"], "system": system, "messages": history}
    keys = {key for turn in raw for key, value in turn.items() if value} - {"role", "content", "weight"}
    unused = [f"key {key!r} of turns is not used" for key in sorted(keys - {role_key, text_key})]
    return row.having({**rest, **made}, *_unused(rest), *unused, *remarks)


def _until_answer(
    row: Row, column: str, turns: list[dict[str, str]], raw: list[dict[str, Any]]
) -> tuple[list[dict[str, str]], list[str]]:
    """Return the turns up to the last assistant turn that is to be learned, and the remarks on it.

    A question after it that nobody answered teaches nothing. ``weight: 0`` marks a turn that is not an
    example.
    """
    weights = [turn.get("weight") for turn in raw]
    for index, weight in enumerate(weights):
        if weight not in (None, 0, 1):
            raise row.fault(f"{column}[{index}].weight", "must be 0 or 1", "correct it", weight)
    answers = [index for index, turn in enumerate(turns) if turn["role"] == "assistant"]
    if not answers:
        raise row.fault(column, "has no assistant turn", "end the conversation with the answer")
    learned = [index for index in answers if weights[index] != 0]
    if not learned:
        raise row.fault(column, "has weight 0 on every assistant turn", "remove the row, or set one to 1")
    remarks = ["assistant turns with weight 0 are context, never the answer"] if learned != answers else []
    return turns[: learned[-1] + 1], remarks


def _system(row: Row, turns: list[dict[str, str]]) -> str:
    """Return the system prompt: from a column of its own, and from turns that do not repeat it."""
    own = row.values.get("system")
    said = [_string(row, "system", own)] if own else []
    for turn in turns:
        if turn["role"] == "system" and turn["content"] not in said:
            said.append(turn["content"])
    return "\n\n".join(said)


def _unused(rest: dict[str, Any]) -> list[str]:
    """Say which columns of the format do not enter a prompt by themselves."""
    return [f"column {name!r} is not used, unless a template shows it" for name in _UNUSED if rest.get(name)]


def _turn(
    row: Row, place: str, turn: Any, role_key: str, text_key: str, roles: dict[str, str]
) -> dict[str, str]:
    if not isinstance(turn, dict):
        raise row.fault(place, "must be an object", f"write {role_key} and {text_key}", turn)
    if role_key not in turn and {"role", "content"} <= turn.keys():
        role_key, text_key = "role", "content"
    for key in (role_key, text_key):
        if key not in turn:
            raise row.fault(f"{place}.{key}", "is not there", f"write {role_key} and {text_key}")
    role = turn[role_key]
    if not isinstance(role, str) or role not in roles:
        raise row.fault(f"{place}.{role_key}", "is not a known speaker", f"use {', '.join(roles)}", role)
    return {"role": roles[role], "content": _content(row, f"{place}.{text_key}", turn[text_key])}


def _content(row: Row, place: str, value: Any) -> str:
    """Return what was said: a text, or the texts of a list of parts."""
    if not isinstance(value, list):
        return _string(row, place, value)
    texts = []
    for index, part in enumerate(value):
        if not isinstance(part, dict) or part.get("type") != "text":
            problem = "is no text, and only text can be asked"
            kind = part.get("type") if isinstance(part, dict) else part
            raise row.fault(f"{place}[{index}]", problem, "remove the row, or describe it in words", kind)
        texts.append(_string(row, f"{place}[{index}].text", part.get("text")))
    return "\n".join(texts)


def _joined(turns: list[dict[str, str]]) -> list[dict[str, str]]:
    """Join neighbouring turns of one speaker by blank lines, from the user's first turn on."""
    joined: list[dict[str, str]] = []
    for turn in turns:
        if joined and joined[-1]["role"] == turn["role"]:
            joined[-1] = {**turn, "content": f"{joined[-1]['content']}\n\n{turn['content']}"}
        elif joined or turn["role"] == "user":
            joined.append(turn)
    return joined


def _string(row: Row, field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise row.fault(field, "must be text", "give a string", value)
    return value
