"""Run folders whose strategies have given items right: for the gate and for decisions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from harness.analysis.rows import RunRows, read_rows
from harness.config import StrategyOptions
from harness.errors import InputError
from harness.execution.composition import chain_of
from harness.runs.manifest import ModelRecord, RunManifest
from harness.runs.reading import Preparation
from harness.runs.seals import Seals
from harness.runs.store import Store
from harness.traits import Traits
from harness.types import (
    Answer,
    Extracted,
    Failure,
    Generation,
    ItemResult,
    Message,
    MetricSpec,
    ModelIdentity,
    Passage,
    PrepareCost,
    Request,
    Task,
    TaskItem,
    TokenUsage,
)

Rule = Callable[[int], bool]
"""Whether the item of a number is right."""


def first(n: int) -> Rule:
    """The first n items are right."""
    return lambda number: number < n


def task_named(name: str, role: str = "target", **keys: Any) -> Task:
    return Task.model_validate(
        {"name": name, "kind": "generate", "role": role, "metrics": (MetricSpec(use="exact_match"),)}
        | {"digest": f"digest of {name}"}
        | keys
    )


def made(
    folder: Path,
    rules: Mapping[str, Mapping[str, Rule]],
    n: Mapping[str, int],
    roles: Mapping[str, str] | None = None,
    **keys: Any,
) -> Path:
    """Write a run folder.

    Args:
        folder: Where.
        rules: Strategy, then task, to the items it has right. ``None`` for an item number is an error.
        n: Items of each task.
        roles: Role of each task, by default target.
        keys: ``uses`` (strategy to id or entry), ``weights`` (the base's digest), ``digests`` (of tasks),
            ``missing`` ((strategy, task) to item numbers without a row), ``failed`` (the same with an error),
            ``malformed`` (the same with an answer that is not as the task wants it),
            ``trained`` (strategies with trained tokens), ``costs`` (strategy to what preparing took),
            ``tokens`` (strategy to prompt tokens, or to a function of task and item number), ``latency``
            (such a function, in seconds), ``leaks``,
            ``recall`` (task to the share of items shown a right document by rag strategies), ``name`` and
            ``created`` (of the run), ``copies`` (how often each question stands in a task),
            ``experiment`` (what stands otherwise in its experiment), ``items`` (task and number to what is
            otherwise in an item), ``scores`` (strategy, task and number to a score), ``models`` (strategy to
            the name of its model, of which each has ten times as many weights as the one before).
    """
    folder.mkdir(parents=True, exist_ok=True)
    tasks = {
        name: task_named(name, (roles or {}).get(name, "target"), **keys.get("tasks", {}).get(name, {}))
        for name in n
    }
    entries = {
        name: use if isinstance(use, dict) else {"use": use, "options": {}}
        for name, use in ({s: s for s in rules} | keys.get("uses", {})).items()
    }
    answered_by = {strategy: keys.get("models", {}).get(strategy, "model") for strategy in rules}
    models = list(dict.fromkeys(answered_by.values()))
    manifest = RunManifest(
        trilemma_version="0",
        name=keys.get("name", folder.name),
        experiment={
            "name": folder.name, "strategies": entries,
            "models": {name: {"use": "transformers", "options": {}} for name in models},
            "incumbent": next(iter(rules)), "seeds": [0], "limit": None,
            "temperature": 0.0, "repeats": 1, "on_long_prompt": "cut",
        } | keys.get("experiment", {}),
        experiment_digest="d",
        place="made.yaml",
        tasks=tasks,
        metrics=dict.fromkeys(tasks, ("exact_match",)),
        shown=dict.fromkeys(keys.get("recall", {}), ("recall", "mrr")),
        recipes={strategy: {task: f"{strategy}/{task}" for task in tasks} for strategy in rules},
        preparations={strategy: f"prepare {strategy}" for strategy in rules},
        traits={each: _traits(each, entries, each in keys.get("trained", ())) for each in rules},
        models={name: _model(name, place, keys) for place, name in enumerate(models)},
        answered_by=answered_by,
        embedder="builtin:minilm",
        leaks=keys.get("leaks", {}),
        asked=dict(n),
        packages={},
        git_revision="",
        hardware={},
        created=keys.get("created", "2026-01-01T00:00:00+00:00"),
    )  # fmt: skip
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    with Store.open(folder) as store:
        store.write_manifest_digest((folder / "manifest.json").read_text())
        for name, task in tasks.items():
            store.write_items(task.digest, [_item(name, number, keys) for number in range(n[name])])
        for strategy, by_task in rules.items():
            trained = 1000 if strategy in keys.get("trained", ()) else 0
            cost = PrepareCost(trained_tokens=trained, device_s=10.0 if trained else 0.0)
            cost = keys.get("costs", {}).get(strategy, cost)
            store.write_preparation(f"prepare {strategy}", Preparation(strategy, 0, cost, {}))
            for name, rule in by_task.items():
                absent = keys.get("missing", {}).get((strategy, name), ())
                rows = [
                    _row(strategy, name, number, rule(number), keys)
                    for number in range(n[name])
                    if number not in absent
                ]
                generations = {row.key: (generation_of(row.answer),) for row in rows if row.answer}
                store.write_batch(f"{strategy}/{name}", generations, rows)
    return folder


def _model(name: str, place: int, keys: Mapping[str, Any]) -> ModelRecord:
    weights = keys.get("weights", "w" * 64) if place == 0 else f"weights of {name}"
    path = "builtin:smollm2" if place == 0 else f"org/{name}"
    identity = ModelIdentity(name=path, weights_digest=weights, parameters=1000 * 10**place)
    return ModelRecord(identity=identity).model_copy(update=keys.get("model", {}))


def generation_of(answer: Answer) -> Generation:
    """Return the generation that a plain answer is."""
    return Generation.model_validate(answer.model_dump(exclude={"evidence"}))


def _traits(name: str, entries: Mapping[str, Any], trained: bool) -> Traits:
    """What a strategy states of itself; one that there is not only prompts, unless it is trained."""
    try:
        return chain_of(name, {n: StrategyOptions.model_validate(e) for n, e in entries.items()}, "").traits
    except InputError:
        return Traits(kind="prompt", adapts=trained)


def _item(task: str, number: int, keys: Mapping[str, Any]) -> TaskItem:
    tags = ("critical",) if number == 0 else ()
    asked = f"question {number // keys.get('copies', 1)}?" + " " * (number % keys.get("copies", 1))
    made = TaskItem(
        id=f"{task}-{number:04}", input=asked, targets=("yes",), split="test", tags=tags,
        documents=(f"doc-{number // 4}",), metadata={"customer": f"c{number // 4}"},
    )  # fmt: skip
    return made.model_copy(update=keys["items"](task, number)) if "items" in keys else made


def _row(strategy: str, task: str, number: int, right: bool, keys: Mapping[str, Any]) -> ItemResult:
    item = _item(task, number, keys)
    failed = number in keys.get("failed", {}).get((strategy, task), ())
    share = keys.get("recall", {}).get(task) if "rag" in strategy else None
    passages: tuple[Passage, ...] = ()
    scores = {"exact_match": float(right)}
    if "scores" in keys:
        scores = {"exact_match": keys["scores"](strategy, task, number)}
    if share is not None:
        scores["recall"] = float(number % 100 < 100 * share)
        passages = (Passage(number=1, chunk_id="c", document_id="d", title="", text="t", score=1.0),)
    asked = Request(
        task=task,
        item_id=item.id,
        messages=(
            Message(role="system", content="Answer with yes."),
            Message(role="user", content=item.input),
        ),
        passages=passages,
    )
    tokens = keys.get("tokens", {}).get(strategy, 20)
    answer = Answer(
        text="yes" if right else "no",
        usage=TokenUsage(prompt=tokens(task, number) if callable(tokens) else tokens, completion=2),
        latency_s=keys["latency"](task, number) if "latency" in keys else 0.01,
    )
    return ItemResult(
        strategy=strategy, seed=0, task=task, item_id=item.id, key=f"{strategy}/{task}/{number}",
        request=asked, answer=None if failed else answer, scores={} if failed else scores,
        error=Failure(kind="broken", message="it broke") if failed else None,
        extracted=Extracted(text="", malformed=True)
        if number in keys.get("malformed", {}).get((strategy, task), ())
        else None,
    )  # fmt: skip


def resealed(folder: Path) -> Path:
    """Make the digests of a run anew, as anybody can who may write its folder."""
    with closing(sqlite3.connect(folder / "results.sqlite", isolation_level=None)) as db:
        seals = Seals(db)
        db.execute("DELETE FROM seals")
        for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE name != 'seals'").fetchall():
            db.execute(f"CREATE TEMP TABLE kept AS SELECT * FROM main.{table}")
            db.execute(f"DELETE FROM main.{table}")
            seals.forget()
            db.execute(f"INSERT INTO main.{table} SELECT * FROM kept")
            seals.write()
            db.execute("DROP TABLE kept")
        seals.put_manifest((folder / "manifest.json").read_text())
    return folder


def rows_of(folder: Path) -> RunRows:
    """Read a run folder."""
    return read_rows(folder)
