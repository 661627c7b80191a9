"""The part of the explorer's data that is read when the page opens: what lists, filters and sorting need."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from harness.runs.manifest import RunManifest
from reports.explorer.items import AskedItem, Shown
from reports.explorer.packing import Strings, clean

BRIEF_CHARS = 300
"""Longer texts are cut here; the whole text is in the details."""
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
        items: The items in the page, in order.
        detailed: Positions in ``items`` of those that have details; these are numbered in this order.
        metric_names: All scores, as the details number them.
        text: The words of the page.
    """
    strings, tags, tasks = Strings(), Strings(), list(manifest.tasks)
    numbers = {name: number for number, name in enumerate(tasks)}
    place = {position: number for number, position in enumerate(sorted(detailed))}
    columns: dict[str, list[Any]] = {"task": [], "id": [], "tagged": [], "input": [], "targets": []}
    results = {strategy: _columns() for strategy in manifest.recipes}
    for each in items:
        columns["task"].append(numbers[each.task])
        columns["id"].append(clean(brief(each.item.id)))
        columns["tagged"].append([tags(tag) for tag in each.item.tags])
        columns["input"].append(strings(brief(each.asked)))
        columns["targets"].append([strings(brief(t)) for t in each.item.targets[:BRIEF_TARGETS]])
        for strategy, into in results.items():
            _add(into, each.shown.get(strategy), strings)
    answered_by = [clean(manifest.answered_by[name]) for name in manifest.recipes]
    return columns | {
        "text": dict(text),
        "strategies": [clean(name) for name in manifest.recipes],
        "models": answered_by if manifest.several_models else [],
        "incumbent": list(manifest.recipes).index(str(manifest.experiment["incumbent"])),
        "metrics": [clean(name) for name in metric_names],
        "tasks": [clean(name) for name in tasks],
        "roles": [manifest.tasks[name].role for name in tasks],
        "primary": [clean(manifest.metrics[name][0]) for name in tasks],
        "detail": [place.get(position, -1) for position in range(len(items))],
        "results": list(results.values()),
        "tags": tags.texts,
        "strings": strings.texts,
    }


def _columns() -> dict[str, list[Any]]:
    return {"outcome": [], "answer": [], "judged": [], "score": [], "tokens": [], "latency_ms": []}


def _add(into: dict[str, list[Any]], shown: Shown | None, strings: Strings) -> None:
    """Add one strategy's result on an item; the answer of a failed item is its error."""
    result = shown.result if shown else None
    answer = result.answer if result else None
    error = result.error if result else None
    words = f"{error.kind}: {error.message}" if error else answer.text if answer else ""
    into["outcome"].append(int(shown.outcome) if shown else 0)
    into["answer"].append(strings(brief(words)))
    judged = result.extracted.text if result and result.extracted else ""
    whole = not answer or judged == answer.text.strip()
    into["judged"].append(None if whole or not judged else strings(brief(judged)))
    into["score"].append(shown.score if shown else None)
    into["tokens"].append(answer.usage.prompt + answer.usage.completion if answer else None)
    into["latency_ms"].append(round(1000 * answer.latency_s, 1) if answer else None)
