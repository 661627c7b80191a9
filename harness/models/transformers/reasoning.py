"""Blocks of reasoning in prompts: templates open one, or put an empty one before an answer."""

from __future__ import annotations

import re
from itertools import takewhile

TAGS = ("<think>", "</think>")
"""The tags around reasoning in an answer; `harness.tasks.answers` leaves it out."""

_TAG = re.compile(r"<(/?)(think|thinking|thought|reasoning)>|\[(/?)(THINK)\]")
_BLANK = re.compile(rf"(?:{_TAG.pattern}|\s)*")


def after_reasoning(answer: str) -> str:
    """Return what follows the last block of reasoning in an answer."""
    closed = [found.end() for found in _TAG.finditer(answer) if found[1] or found[3]]
    return answer[closed[-1] :] if closed else answer


def opened(prompt: str) -> str:
    """Return the tag of the block of reasoning that a prompt ends in, or nothing."""
    last = next(reversed(list(_TAG.finditer(prompt, max(0, len(prompt) - 200)))), None)
    if last is None or last[1] or last[3] or prompt[last.end() :].strip():
        return ""
    return last[0]


def between(prompt: str, head: str) -> str | None:
    """Return what must be written between a prompt and its answer, or None where that is unknown.

    Args:
        prompt: A prompt, as its template ends it.
        head: What the template writes before an answer to the same turns.
    """
    if head.startswith(prompt):
        return head[len(prompt) :]
    pairs = zip(prompt, head, strict=False)
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    open_tag = max(prompt.rfind("<", 0, common), prompt.rfind("[", 0, common))
    if open_tag >= 0 and not set(">]") & set(prompt[open_tag:common]):
        common = open_tag
    if not (_BLANK.fullmatch(prompt, common) and _BLANK.fullmatch(head, common)):
        return None
    if not (tag := opened(prompt)):
        return ""
    line = "" if prompt.endswith("\n") else "\n"
    return f"{line}{tag[0]}/{tag[1:]}\n\n"
