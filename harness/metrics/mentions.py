"""Mentions: how many of the phrases that an answer must name occur in it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.errors import InputError, shorten
from harness.metrics._base import ItemMetric
from harness.metrics._mentions import mentions, read
from harness.scoring import Case

__all__ = ["Mentions"]


class Mentions(ItemMetric):
    """Share of the required phrases that occur in the answer as whole words, ignoring case and punctuation.

    The phrases are in the item's column ``facts``: a list in which each entry is a phrase, or a list of
    phrases of which one is enough (``"14 orrins"``, ``["7 days", "seven days"]``). Without that column the
    item's accepted answers are the phrases of which one must be there. Facts that are not phrases raise
    ``InputError``.
    """

    names = ("mentions",)
    kinds = ("generate",)

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        """Return ``mentions`` in [0, 1] for each case, 1.0 where every required phrase is there."""
        return [{"mentions": share_named(case.extracted, _required(case))} for case in cases]


def share_named(answer: str, required: Sequence[str | Sequence[str]]) -> float:
    """Return the share of ``required`` that occurs in ``answer``, 0.0 where nothing is required.

    Args:
        answer: What the model wrote.
        required: Phrases; of an entry that is a list, one phrase is enough.
    """
    text = read(answer)
    named = [
        any(any(mentions(text, phrase)) for phrase in ((entry,) if isinstance(entry, str) else entry))
        for entry in required
    ]
    return sum(named) / len(named) if named else 0.0


def _required(case: Case) -> Sequence[str | Sequence[str]]:
    facts = case.item.metadata.get("facts")
    if not facts:
        return [case.item.targets]
    return [
        [_phrase(case, phrase) for phrase in entry]
        if isinstance(entry, list | tuple)
        else _phrase(case, entry)
        for entry in (facts if isinstance(facts, list | tuple) else [facts])
    ]


def _phrase(case: Case, value: Any) -> str:
    if not isinstance(value, str | int | float) or not str(value).strip():
        place = f"item {shorten(case.item.id, 40)}.facts"
        problem = "must be phrases or lists of phrases"
        raise InputError(
            case.task.name, place, problem, 'write ["14 orrins", ["7 days", "seven days"]]', value
        )
    return str(value)
