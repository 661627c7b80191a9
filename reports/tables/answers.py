"""A run's answers as one table, one row per answer: CSV for spreadsheets, Parquet for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import MissingDependencyError
from harness.runs.manifest import read_manifest
from harness.runs.opening import opened
from harness.types import ItemResult, TaskItem
from reports.tables.model import COUNT, DURATION, SCORE, TEXT, Column, Kind, Row, Table, Value

_KINDS: dict[str, Kind] = {
    "strategy": TEXT, "model": TEXT, "seed": COUNT, "repeat": COUNT, "task": TEXT, "item_id": TEXT,
    "tags": TEXT, "input": TEXT, "targets": TEXT, "answer": TEXT, "extracted": TEXT, "malformed": COUNT,
    "explanations": TEXT, "error": TEXT, "prompt_tokens": COUNT, "completion_tokens": COUNT,
    "latency_s": DURATION, "passages": COUNT, "stop_reason": TEXT, "exchanges": TEXT,
}  # fmt: skip


def answer_table(run_dir: Path) -> Table:
    """Return all answers of a run folder, with a column ``score: NAME`` for every metric.

    Rows are read from the store while they are written, once.
    """
    manifest = read_manifest(run_dir)
    named = (*manifest.metrics.values(), *manifest.shown.values())
    metrics = sorted({name for names in named for name in names})
    kinds = _KINDS | {f"score: {name}": SCORE for name in metrics}
    columns = tuple(Column(key, key, kind) for key, kind in kinds.items())
    rows = (Row((*plain, *(scores.get(name) for name in metrics))) for plain, scores in _rows(run_dir))
    return Table("answers", manifest.name, columns, rows)


def _rows(run_dir: Path) -> Iterator[tuple[tuple[Value, ...], dict[str, float]]]:
    with opened(run_dir) as (manifest, store):
        for task_name, task in manifest.tasks.items():
            items = {item.id: item for item in store.items(task.digest)}
            for recipes in manifest.recipes.values():
                for row in store.results([recipes[task_name]], manifest.judging.get(task_name, "")):
                    item, model = items.get(row.item_id), manifest.answered_by[row.strategy]
                    yield _plain(row, model, task_name, item), dict(row.scores)


def _plain(row: ItemResult, model: str, task: str, item: TaskItem | None) -> tuple[Value, ...]:
    """Return an answer's values, in the order of `_KINDS`."""
    answer, extracted = row.answer, row.extracted
    values: dict[str, Value] = {
        "strategy": row.strategy,
        "model": model,
        "seed": row.seed,
        "repeat": row.repeat,
        "task": task,
        "item_id": row.item_id,
        "tags": "; ".join(item.tags) if item else None,
        "input": item.input if item else None,
        "targets": "; ".join(item.targets) if item else None,
        "answer": answer.text if answer else None,
        "extracted": extracted.text if extracted else None,
        "malformed": int(extracted.malformed) if extracted else None,
        "explanations": "\n".join(f"{name}: {text}" for name, text in row.explanations.items()) or None,
        "error": f"{row.error.kind}: {row.error.message}" if row.error else None,
        "prompt_tokens": answer.usage.prompt if answer else None,
        "completion_tokens": answer.usage.completion if answer else None,
        "latency_s": answer.latency_s if answer else None,
        "passages": len(answer.evidence) if answer else len(row.request.passages) if row.request else None,
        "stop_reason": answer.stop_reason if answer else None,
        "exchanges": _exchanges(row),
    }
    return tuple(values[key] for key in _KINDS)


def _exchanges(row: ItemResult) -> str | None:
    """Return all requests of an answer and what came back, as JSON; None where that is the answer.

    Of each request the last turn is given, of the first one nothing: it is the row's own prompt.
    """
    found = [
        {
            "asked": None if each.request == row.request else each.request.messages[-1].content,
            "came_back": [generation.text for generation in each.generations],
        }
        for each in row.exchanges
    ]
    return json.dumps(found, ensure_ascii=False) if found else None


def write_parquet(table: Table, path: Path) -> None:
    """Write a table of plain values as Parquet.

    Raises:
        MissingDependencyError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise MissingDependencyError("--format parquet", "pyarrow", "metrics") from None
    types: dict[int, Any] = {id(TEXT): pa.string(), id(COUNT): pa.int64()}
    kinds = {column.key: types.get(id(column.kind), pa.float64()) for column in table.columns}
    schema = pa.schema(list(kinds.items()))
    rows = [dict(zip(kinds, row.cells, strict=True)) for row in table.rows]
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
