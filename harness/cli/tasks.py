"""``trilemma tasks``: list tasks, check them for faults, print the schema of ``task.yaml``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import click

from harness.cli._plugins import allow_plugin
from harness.config import is_experiment, load_experiment
from harness.errors import EXIT_BAD_INPUT
from harness.tasks.loading import load_task, load_tasks
from harness.tasks.references import builtin_tasks, resolve_tasks
from harness.tasks.spec import json_schema
from harness.tasks.validate import CHECKS, CountTokens, validate
from harness.types import LoadedTask

_HEADER = ("task", "kind", "role", "train", "validation", "test", "documents", "metrics")


@click.group()
def tasks() -> None:
    """List tasks, look for faults in them, print their schema."""


@tasks.command("list")
@click.argument("refs", nargs=-1, metavar="[PATH]...")
@allow_plugin
def list_tasks(refs: tuple[str, ...]) -> None:
    """List the built-in tasks and those at PATH.

    PATH is a task folder, a glob, or builtin:SUITE. Columns: name, kind, role, number of items of each
    split, of documents, and metrics, the primary first.
    """
    files = [file for suite in builtin_tasks().values() for file in suite]
    given = resolve_tasks(refs, Path.cwd(), "tasks list")
    rows = [_row(load_task(file)) for file in dict.fromkeys([*files, *given])]
    for line in _table([_HEADER, *rows]):
        click.echo(line)


def _row(loaded: LoadedTask) -> tuple[str, ...]:
    task, data = loaded.task, loaded.data
    counts = (len(data.train), len(data.validation), len(loaded.test), len(data.corpus))
    metrics = ", ".join(metric.use for metric in task.metrics)
    return (task.name, task.kind, task.role, *(str(count) for count in counts), metrics)


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return rows as lines, columns two spaces apart, numbers to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if 3 <= column <= 6 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


@tasks.command("validate")
@click.argument("refs", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--model", metavar="MODEL", help="Measure the prompts with this model: a path as in an experiment."
)
@allow_plugin
def validate_tasks(refs: tuple[str, ...], model: str | None) -> None:
    """Look for faults in the tasks at PATH.

    PATH is a task folder, a glob, an experiment file, or builtin:SUITE. Prints one line a finding. Exit
    code 0, or 2 when a task cannot be loaded or has an error.
    """
    tasks = _meant(refs)
    count_tokens, context_length = _counter(model) if model else (None, None)
    checks = [*CHECKS, "length of the prompts"] if model else CHECKS
    click.echo(f"checked: {', '.join(checks)}")
    n_errors = 0
    for loaded in tasks:
        findings = validate(loaded, count_tokens=count_tokens, context_length=context_length)
        errors = [finding for finding in findings if finding.severity == "error"]
        n_errors += len(errors)
        click.echo(_summary(loaded, len(errors), len(findings) - len(errors)))
        for remark in loaded.remarks:
            click.echo(f"  note: {remark}")
        for finding in findings:
            click.echo(f"  {finding.line()}")
    if n_errors:
        click.get_current_context().exit(EXIT_BAD_INPUT)


def _meant(refs: Sequence[str]) -> Iterator[LoadedTask]:
    """Yield the referenced tasks, loaded on demand; an experiment stands for all its tasks."""
    experiments = [ref for ref in refs if is_experiment(Path(ref))]
    files = resolve_tasks([ref for ref in refs if ref not in experiments], Path.cwd(), "tasks validate")
    of_experiments = (load_tasks(load_experiment(Path(ref)).tasks, Path(ref)) for ref in experiments)
    return chain(map(load_task, files), chain.from_iterable(of_experiments))


def _summary(loaded: LoadedTask, n_errors: int, n_warnings: int) -> str:
    data = loaded.data
    return (
        f"{loaded.task.name}: {len(data.train)} train, {len(data.validation)} validation, "
        f"{len(loaded.test)} test, {len(data.corpus)} documents; errors: {n_errors}, warnings: {n_warnings}"
    )


def _counter(model: str) -> tuple[CountTokens, int]:
    """Return how a model counts the tokens of a prompt, and the length of its context."""
    from harness.backends import Opening, opened_model
    from harness.config import ModelOptions
    from harness.protocols import CountsTokens

    counter = opened_model(ModelOptions(options={"path": model}), Opening("--model", to_count=True))
    assert isinstance(counter, CountsTokens)
    return counter.count_tokens, counter.context_length


@tasks.command()
def schema() -> None:
    """Print the JSON Schema of task.yaml, for editors.

    It is of draft 2020-12.
    """
    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
