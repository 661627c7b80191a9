"""Rows of the well-known fine-tuning formats, turned into rows with ``input`` and ``target``.

The last assistant turn is the target. What stands before it becomes the input: the user turn alone where
there is one, else the whole history as lines "User: ..." and "Assistant: ...". The turns stand in
``metadata.messages`` and the system turn in ``metadata.system`` ("" where there is none).
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
    spoken = [turn for turn in turns if turn["role"] != "system"]
    while spoken and spoken[-1]["role"] == "user":
        spoken.pop()  # a question that nobody answered teaches nothing
    if not spoken:
        raise row.fault(column, "has no assistant turn", "end the conversation with the answer")
    history, answer = spoken[:-1], spoken[-1]
    if not any(turn["role"] == "user" for turn in history):
        raise row.fault(column, "has no user turn before the answer", "put the question first")
    rest = {key: value for key, value in row.values.items() if key != column}
    made = {
        "input": _rendered(history),
        "target": answer["content"],
        "system": system,
        "messages": history,
    }
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


def _rendered(history: list[dict[str, str]]) -> str:
    if len(history) == 1:
        return history[0]["content"]
    return "\n".join(f"{turn['role'].capitalize()}: {turn['content']}" for turn in history)


def _string(row: Row, field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise row.fault(field, "must be text", "give a string", value)
    return value
