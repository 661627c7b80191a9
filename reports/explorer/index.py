"""The part of the explorer's data that is read when the page opens: what lists, filters and sorting need."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from harness.types import RunManifest
from reports.explorer.items import AskedItem
from reports.explorer.packing import Strings, clean

BRIEF_CHARS = 300
"""Longer texts are cut here; the whole stands with the details."""
BRIEF_TARGETS = 8


def brief(text: str) -> str:
    """Return the beginning of a text, at most ``BRIEF_CHARS`` long."""
    return text if len(text) <= BRIEF_CHARS else text[: BRIEF_CHARS - 1] + "\N{HORIZONTAL ELLIPSIS}"


def index_of(
    manifest: RunManifest,
    items: Sequence[AskedItem],
    detailed: Collection[int],
    metric_names: Sequence[str],
    text: Mapping[str, str],
) -> dict[str, Any]:
    """Return the index, by columns, with a table of all texts.

    Args:
        manifest: What the run was made from.
        items: The items that stand in the page, in their order.
        detailed: Positions in ``items`` of those that have details; these are numbered in this order.
        metric_names: All scores, as the details number them.
        text: The words of the page.
    """
    strings, tags, tasks = Strings(), Strings(), list(manifest.tasks)
    numbers = {name: number for number, name in enumerate(tasks)}
    place = {position: number for number, position in enumerate(sorted(detailed))}
    return {
        "text": dict(text),
        "strategies": [clean(name) for name in manifest.recipes],
        "incumbent": list(manifest.recipes).index(str(manifest.experiment["incumbent"])),
        "metrics": [clean(name) for name in metric_names],
        "tasks": [clean(name) for name in tasks],
        "roles": [manifest.tasks[name].role for name in tasks],
        "primary": [clean(manifest.metrics[name][0]) for name in tasks],
        "task": [numbers[each.task] for each in items],
        "id": [clean(brief(each.item.id)) for each in items],
        "tagged": [[tags(tag) for tag in each.item.tags] for each in items],
        "input": [strings(brief(each.item.input)) for each in items],
        "targets": [[strings(brief(t)) for t in each.item.targets[:BRIEF_TARGETS]] for each in items],
        "detail": [place.get(position, -1) for position in range(len(items))],
        "results": [_column(items, strategy, strings) for strategy in manifest.recipes],
        "tags": tags.texts,
        "strings": strings.texts,
    }


def _column(items: Sequence[AskedItem], strategy: str, strings: Strings) -> dict[str, list[Any]]:
    """Return what one strategy made of every item; the answer of a failed item is its error."""
    column: dict[str, list[Any]] = {"outcome": [], "answer": [], "score": [], "tokens": [], "latency_ms": []}
    for each in items:
        shown = each.shown.get(strategy)
        result = shown.result if shown else None
        answer = result.generation if result else None
        error = result.error if result else None
        words = f"{error.kind}: {error.message}" if error else answer.text if answer else ""
        column["outcome"].append(int(shown.outcome) if shown else 0)
        column["answer"].append(strings(brief(words)))
        column["score"].append(shown.score if shown else None)
        column["tokens"].append(answer.usage.prompt + answer.usage.completion if answer else None)
        column["latency_ms"].append(round(1000 * answer.latency_s, 1) if answer else None)
    return column
