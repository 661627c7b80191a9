"""A run's answers as one table, a row an answer: CSV for spreadsheets, Parquet for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import MissingDependencyError
from harness.runs.manifest import read_manifest
from harness.runs.opening import opened

COLUMNS = (
    "strategy", "seed", "repeat", "task", "item_id", "tags", "input", "targets", "answer",
    "extracted", "malformed", "error",
    "prompt_tokens", "completion_tokens", "latency_s", "passages", "stop_reason",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rows(run_dir: Path) -> tuple[tuple[str, ...], Iterator[dict[str, Any]]]:
    """Return the columns, with a column ``score: NAME`` for every metric, and the rows of a run folder."""
    manifest = read_manifest(run_dir)
    named = (*manifest.metrics.values(), *manifest.shown.values())
    metrics = sorted({name for names in named for name in names})
    return (*COLUMNS, *(f"score: {name}" for name in metrics)), _rows(run_dir)


def _rows(run_dir: Path) -> Iterator[dict[str, Any]]:
    with opened(run_dir) as (manifest, store):
        for task_name, task in manifest.tasks.items():
            items = {item.id: item for item in store.items(task.digest)}
            for recipes in manifest.recipes.values():
                for row in store.results([recipes[task_name]], manifest.judging.get(task_name, "")):
                    item, answer = items.get(row.item_id), row.answer
                    yield {
                        "strategy": row.strategy,
                        "seed": row.seed,
                        "repeat": row.repeat,
                        "task": task_name,
                        "item_id": row.item_id,
                        "tags": "; ".join(item.tags) if item else None,
                        "input": item.input if item else None,
                        "targets": "; ".join(item.targets) if item else None,
                        "answer": answer.text if answer else None,
                        "extracted": row.extracted.text if row.extracted else None,
                        "malformed": int(row.extracted.malformed) if row.extracted else None,
                        "error": f"{row.error.kind}: {row.error.message}" if row.error else None,
                        "prompt_tokens": answer.usage.prompt if answer else None,
                        "completion_tokens": answer.usage.completion if answer else None,
                        "latency_s": answer.latency_s if answer else None,
                        "passages": len(row.request.passages) if row.request else None,
                        "stop_reason": answer.stop_reason if answer else None,
                    } | {f"score: {name}": score for name, score in row.scores.items()}


def csv_text(run_dir: Path) -> str:
    """Return the rows as CSV; a text that a spreadsheet would run as a formula begins with an apostrophe."""
    columns, found = rows(run_dir)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for row in found:
        writer.writerow({name: _tame(value) for name, value in row.items()})
    return text.getvalue()


def _tame(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def write_parquet(run_dir: Path, path: Path) -> None:
    """Write the rows as Parquet.

    Raises:
        MissingDependencyError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise MissingDependencyError("--format parquet", "pyarrow", "metrics") from None
    columns, found = rows(run_dir)
    whole = {"seed", "repeat", "malformed", "prompt_tokens", "completion_tokens", "passages"}
    kinds = {
        name: pa.int64()
        if name in whole
        else pa.float64()
        if name.startswith(("score: ", "latency"))
        else pa.string()
        for name in columns
    }
    schema = pa.schema(list(kinds.items()))
    table = pa.Table.from_pylist([{name: row.get(name) for name in columns} for row in found], schema=schema)
    pq.write_table(table, path)
