"""From text to token ids: data are read as text, and an answer is encoded as it follows its prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

_MARKS = ("\ufdd0", "\u2060", "\u200b", " ")
"""What breaks up a control token in data; all but the last are removed from the token ids again."""
_ANCHORS = ("\n", ":", ".", "x")
_LAST_CHARS = 512
_REASONING = re.compile(r"think|tool|thought|reason", re.IGNORECASE)


class Encoder:
    """Encodes with one tokenizer.

    Args:
        tokenizer: A tokenizer of transformers.
        shown: Text as its chat template writes it; tokens of their own in it separate turns.
    """

    def __init__(self, tokenizer: Any, shown: str = "") -> None:
        self._tokenizer = tokenizer
        found = _control_tokens(tokenizer, shown)
        self.controls = re.compile("|".join(map(re.escape, found))) if found else None
        self._first = found[0] if found else ""
        self._kept_ids = lru_cache(maxsize=1024)(self.encode)
        self._kept = lru_cache(maxsize=1 << 14)(self._after)

    @cached_property
    def _mark(self) -> tuple[str, list[int]]:
        """What breaks control tokens, and its token ids, which are taken out again."""
        control = self._tokenizer.convert_tokens_to_ids(self._first)
        for mark in _MARKS[:-1]:
            alone, marked = self._ids("<"), self._ids("<" + mark)
            ids = marked[len(alone) :] if marked[: len(alone)] == alone else []
            broken = self._ids(self._first[0] + mark + self._first[1:])
            if ids and self._tokenizer.unk_token_id not in ids and control not in broken:
                return mark, ids
        return _MARKS[-1], []

    def plain(self, text: str) -> str:
        """Return a text of the data with its control tokens broken, so that they are read as text.

        The mark that breaks them is not part of what the model reads, but distinguishes the prompt from one
        in which the token is real.
        """
        if self.controls is None or not self.controls.search(text):
            return text
        mark = self._mark[0]
        return self.controls.sub(lambda match: match[0][0] + mark + match[0][1:], text)

    def encode(self, text: str) -> list[int]:
        """Return the token ids of a rendered text, without special tokens of the tokenizer's own."""
        ids = self._ids(text)
        if self.controls is None:
            return ids
        mark, marked = self._mark
        return _without(ids, marked) if marked and mark in text else ids

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    # --- What follows a prompt ---

    def tail(self, text: str, ids: Sequence[int]) -> str:
        """Return the end of a prompt after which everything is encoded as after the whole of it.

        It begins with the last control token or word. Prompts of one template mostly share theirs, so that
        what follows them is encoded once. Where its tokens differ from the prompt's, it is the whole prompt.

        Args:
            text: The prompt.
            ids: Its token ids.
        """
        words = text.rstrip()
        at = max(words.rfind("\n"), words.rfind(" ")) + 1
        if self.controls is not None:
            places = self.controls.finditer(text, max(0, len(text) - _LAST_CHARS))
            at = max([at, *(match.start() for match in places)])
        last = list(ids[-_LAST_CHARS:])
        for start in (at, at - 1):  # with the character before it, a word may have other tokens
            tail = text[start:]
            found = self._tail_ids(tail) if start >= 0 and len(tail) <= _LAST_CHARS else []
            n = len(found)
            if n and (last[-n:] == found or (n > 1 and last[1 - n :] == found[1:])):
                return tail
        return text

    def following(self, tail: str, text: str) -> tuple[int, ...]:
        """Return the token ids of a text as it is written after a prompt that ends in ``tail``.

        A model goes on after the prompt's own tokens. Where a token would span prompt and text, it can only
        write the text's own part, so that is encoded as it stands after another text.
        """
        return self._kept(tail, text) if len(tail) <= _LAST_CHARS else self._after(tail, text)

    def _tail_ids(self, tail: str) -> list[int]:
        return self._kept_ids(tail) if len(tail) <= _LAST_CHARS else self.encode(tail)

    def _after(self, tail: str, text: str) -> tuple[int, ...]:
        for before in (tail, *_ANCHORS):
            alone, both = self._tail_ids(before), self.encode(before + text)
            if both[: len(alone)] == alone:
                return tuple(both[len(alone) :])
        return tuple(self.encode(text))


def _control_tokens(tokenizer: Any, shown: str) -> list[str]:
    """Return the special tokens, and other tokens that separate turns, the longest first."""
    added = getattr(tokenizer, "added_tokens_decoder", {}).values()
    special = set(map(str, getattr(tokenizer, "all_special_tokens", ())))
    special |= {str(token) for token in added if token.special}
    special |= {
        name for token in added if (name := str(token)) in shown and name and not _REASONING.search(name)
    }
    return sorted((name for name in special if len(name.strip()) > 1), key=lambda name: (-len(name), name))


def _without(ids: list[int], part: list[int]) -> list[int]:
    """Return ``ids`` without every place where ``part`` stands whole."""
    kept: list[int] = []
    i = 0
    while i < len(ids):
        if ids[i : i + len(part)] == part:
            i += len(part)
        else:
            kept.append(ids[i])
            i += 1
    return kept
