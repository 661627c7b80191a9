"""Rows of the well-known fine-tuning formats, turned into rows with ``input`` and ``target``.

The last assistant turn is the target. What stands before it is the conversation, ``messages``, whose last
user turn is the input. The system turn stands in ``metadata.system`` ("" where there is none).
"""

from __future__ import annotations

from collections.abc import Callable
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
_OPENAI_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


def from_alpaca(row: Row) -> Row:
    """Join ``instruction`` and ``input`` by a blank line; ``output`` is the target."""
    instruction = _string(row, "instruction", row.column("instruction"))
    extra = _string(row, "input", row.values.get("input") or "")
    rest = {key: value for key, value in row.values.items() if key != "output"}
    asked = f"{instruction}\n\n{extra}" if extra else instruction
    return Row(row.file, row.where, {**rest, "input": asked, "target": row.column("output")})


def from_sharegpt(row: Row) -> Row:
    """Read ``conversations``: a list of turns with ``from`` and ``value``."""
    return _from_turns(row, "conversations", "from", "value", _SHAREGPT_ROLES)


def from_openai(row: Row) -> Row:
    """Read ``messages``: a list of turns with ``role`` and ``content``."""
    return _from_turns(row, "messages", "role", "content", _OPENAI_ROLES)


CONVERTERS: dict[str, Callable[[Row], Row]] = {
    "alpaca": from_alpaca,
    "sharegpt": from_sharegpt,
    "openai": from_openai,
}


def _from_turns(row: Row, column: str, role_key: str, text_key: str, roles: dict[str, str]) -> Row:
    raw = row.column(column)
    if not isinstance(raw, list) or not raw:
        raise row.fault(column, "must be a list of turns", f"give turns with {role_key} and {text_key}", raw)
    turns = [_turn(row, f"{column}[{i}]", turn, role_key, text_key, roles) for i, turn in enumerate(raw)]
    system = "\n\n".join(turn["content"] for turn in turns if turn["role"] == "system")
    spoken = _joined([turn for turn in turns if turn["role"] != "system"])
    if not any(turn["role"] == "assistant" for turn in turns):
        raise row.fault(column, "has no assistant turn", "end the conversation with the answer")
    if spoken and spoken[-1]["role"] == "user":
        spoken.pop()  # a question that nobody answered teaches nothing
    if not spoken:
        raise row.fault(column, "has no user turn before the answer", "put the question first")
    history, answer = spoken[:-1], spoken[-1]
    rest = {key: value for key, value in row.values.items() if key != column}
    asked = history[-1]["content"]
    made = {"input": asked, "target": answer["content"], "system": system, "messages": history}
    return Row(row.file, row.where, {**rest, **made})


def _turn(
    row: Row, place: str, turn: Any, role_key: str, text_key: str, roles: dict[str, str]
) -> dict[str, str]:
    if not isinstance(turn, dict):
        raise row.fault(place, "must be an object", f"write {role_key} and {text_key}", turn)
    for key in (role_key, text_key):
        if key not in turn:
            raise row.fault(f"{place}.{key}", "is not there", f"write {role_key} and {text_key}")
    role = turn[role_key]
    if not isinstance(role, str) or role not in roles:
        raise row.fault(f"{place}.{role_key}", "is not a known speaker", f"use {', '.join(roles)}", role)
    return {"role": roles[role], "content": _string(row, f"{place}.{text_key}", turn[text_key])}


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
