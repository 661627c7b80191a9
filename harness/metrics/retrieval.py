"""Retrieval: were the documents that hold the answer among the passages shown?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.metrics._base import ItemMetric
from harness.scoring import Case, Needs
from harness.types import TaskItem

__all__ = ["Retrieval"]


class Retrieval(ItemMetric):
    """Recall and reciprocal rank of an item's gold documents among the passages shown.

    ``recall`` is the share of gold documents with a passage shown: recall at k, where k passages are shown.
    ``mrr`` is 1 / the position of the first passage from a gold document, 0.0 without one. An item that names
    no documents, or was shown no passages, has no scores. A task gets this metric automatically where an
    item names documents.
    """

    names = ("recall", "mrr")
    needs = Needs(judges="passages")

    @classmethod
    def asked_by(cls, items: Iterable[TaskItem]) -> list[Retrieval]:
        """Return this metric if one of the items names documents, else nothing."""
        return [cls()] if any(item.documents for item in items) else []

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        """Return ``recall`` and ``mrr`` for each case, or nothing where there is nothing to judge."""
        return [
            _found([passage.document_id for passage in case.shown], case.item.documents)
            if case.item.documents and case.shown
            else {}
            for case in cases
        ]


def _found(shown: Sequence[str], gold: Sequence[str]) -> dict[str, float]:
    wanted = set(gold)
    ranks = [rank for rank, document in enumerate(shown, start=1) if document in wanted]
    return {"recall": len(wanted & set(shown)) / len(wanted), "mrr": 1 / ranks[0] if ranks else 0.0}
