"""Which test items a limited run asks."""

from __future__ import annotations

from collections.abc import Sequence

from harness.digests import digest_of
from harness.types import TaskItem


def chosen(items: Sequence[TaskItem], limit: int | None) -> tuple[TaskItem, ...]:
    """Return ``limit`` items chosen by the digest of their ids, so a smaller limit takes a subset."""
    if limit is None or limit >= len(items):
        return tuple(items)
    taken = {item.id for item in sorted(items, key=lambda item: digest_of(item.id))[:limit]}
    return tuple(item for item in items if item.id in taken)
