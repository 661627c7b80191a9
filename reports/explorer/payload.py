"""The explorer's data as a whole, made to fit: the most instructive items are left out last."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from harness.digests import digest_of
from harness.runs.manifest import RunManifest
from reports.explorer.details import details_of
from reports.explorer.index import index_of
from reports.explorer.items import AskedItem, picked
from reports.explorer.packing import packed

LIMIT_BYTES = 25_000_000
"""The data of a report are kept below this; a file of this size can still be mailed and opens at once."""
_TRIED = 1000
"""Items from everywhere that are packed first, where there are many, to measure their size."""
_ROOM = 1.5
"""How many times more than seems to fit is packed, since larger data take fewer bytes for each item."""


@dataclass(frozen=True)
class Payload:
    """Packed data, ready for the page.

    Attributes:
        index: What is read when the page opens.
        shared: Texts that several blocks share.
        blocks: Details of items.
        n_items: How many items the run has.
        n_shown: How many of them the page lists.
        n_detailed: How many of these have prompts and passages.
        n_several: The most results that one strategy has on one item; only the first is shown.
    """

    index: str
    shared: str
    blocks: tuple[str, ...]
    n_items: int
    n_shown: int
    n_detailed: int
    n_several: int

    @property
    def n_bytes(self) -> int:
        """Size in the page."""
        return len(self.index) + len(self.shared) + sum(map(len, self.blocks))


def payload_of(
    manifest: RunManifest, items: Sequence[AskedItem], text: Mapping[str, str], limit: int = LIMIT_BYTES
) -> Payload:
    """Pack the items of a run into at most ``limit`` bytes.

    Items on which strategies differ and items on which one failed are always listed. Where there is too much,
    other items are left out by a sample that depends only on their names; where that is not enough,
    details are left out, first of those items on which fewest strategies differ.

    Args:
        manifest: What the run was made from.
        items: Its items.
        text: The words of the page.
        limit: Most bytes of the page to take; only the list of items that are always listed may exceed it.
    """
    ranks, n_several, metrics = [], 0, set[str]()
    for each in items:
        ranks.append(_rank(each))
        n_several = max(n_several, *(shown.n for shown in each.shown.values()), 0)
        metrics.update(*(shown.result.scores for shown in each.shown.values()))
    ranked = sorted(range(len(items)), key=ranks.__getitem__)
    n_kept = sum(rank < 0 for rank, _ in ranks)

    def fill(listed: Sequence[int], detailed: Collection[int]) -> Payload:
        kept = picked(items, sorted(listed))
        places = [place for place, position in enumerate(sorted(listed)) if position in detailed]
        shared, blocks = details_of(picked(kept, places), list(manifest.recipes), sorted(metrics))
        return Payload(
            index=packed(index_of(manifest, kept, places, sorted(metrics), text)),
            shared=shared,
            blocks=tuple(blocks),
            n_items=len(items),
            n_shown=len(kept),
            n_detailed=len(places),
            n_several=n_several,
        )

    n_detailed = len(items)
    if n_detailed > 2 * _TRIED:  # a few show roughly how many fit, so the rest is not packed for nothing
        few = ranked[:: len(ranked) // _TRIED]
        n_detailed = min(n_detailed, int(_ROOM * limit * len(few) / fill(few, frozenset(few)).n_bytes))
    while True:
        payload = fill(ranked[: max(n_kept, n_detailed)], frozenset(ranked[:n_detailed]))
        if payload.n_bytes <= limit or not n_detailed:
            return payload
        fixed = len(payload.index) if n_detailed <= n_kept else 0
        share = max(0.0, (limit - fixed) / (payload.n_bytes - fixed))
        n_detailed = min(n_detailed - 1, int(0.97 * share * n_detailed))


def _rank(each: AskedItem) -> tuple[int, str]:
    """Return the place in the order in which items are kept: the largest is left out first."""
    return -each.disagreement - each.failed, digest_of([each.task, each.item.id])
