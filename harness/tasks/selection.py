"""Which test items a run with a ``limit`` asks."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from harness.digests import digest_of
from harness.tasks.spool import Spooled
from harness.types import TaskItem


def chosen(items: Sequence[TaskItem], limit: int | None) -> Sequence[TaskItem]:
    """Return the items that a limited run asks, in their order."""
    if limit is None or limit >= len(items):
        return items
    taken = chosen_ids([item.id for item in items], limit)
    return Spooled(item for item in items if item.id in taken)


def chosen_ids(ids: Collection[str], limit: int | None) -> frozenset[str]:
    """Return ``limit`` ids chosen by their digests, so a smaller limit takes a subset."""
    return frozenset(ids if limit is None else sorted(ids, key=digest_of)[:limit])
