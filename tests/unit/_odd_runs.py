"""Run folders as no run should leave them, but kills, copies, other versions and people do."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from harness.runs.schema import FILE_NAME
from harness.runs.store import Store
from tests.unit._gate import first, made, resealed

MANIFEST = "manifest.json"
Make = Callable[[Path], Path]
_ENV = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}


def whole(folder: Path, **keys: Any) -> Path:
    """A run as it should be: three strategies, two target tasks, one retention task."""
    n = {"faq": 20, "routing": 20, "general": 20}
    rules = {
        "zero_shot": dict.fromkeys(n, first(8)),
        "few_shot": dict.fromkeys(n, first(11)),
        "lora": {"faq": first(18), "routing": first(17), "general": first(7)},
    }
    roles = {"general": "retention"}
    return made(folder, rules, n, roles, **({"trained": ("lora",)} | keys))


def _of(rules: Mapping[str, Any], n: Mapping[str, int], roles: Any = None, **keys: Any) -> Make:
    return lambda folder: made(folder, rules, n, roles, **keys)


def _sql(*statements: str) -> Make:
    def make(folder: Path) -> Path:
        whole(folder)
        with closing(sqlite3.connect(folder / FILE_NAME)) as db, db:
            for statement in statements:
                db.execute(statement)
        with suppress(sqlite3.Error):
            resealed(folder)
        return folder

    return make


def _manifest(change: Callable[[dict[str, Any]], Any]) -> Make:
    def make(folder: Path) -> Path:
        path = whole(folder) / MANIFEST
        raw = json.loads(path.read_text())
        changed = change(raw)
        path.write_text(json.dumps(raw if changed is None else changed))
        return resealed(folder)

    return make


def _file(name: str, content: bytes | None) -> Make:
    """A file with other content, or missing for None."""

    def make(folder: Path) -> Path:
        path = whole(folder) / name
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
        return folder

    return make


def _a_file(folder: Path) -> Path:
    (folder / "f").write_text("x")
    return folder / "f"


def _store_is_a_folder(folder: Path) -> Path:
    (whole(folder) / FILE_NAME).unlink()
    (folder / FILE_NAME).mkdir()
    return folder


def _truncated(folder: Path) -> Path:
    path = whole(folder) / FILE_NAME
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return folder


_SLOW_WRITER = """
import sys, time
from pathlib import Path
from harness.runs.store import Store
from tests.unit._gate import generation_of, rows_of
before, folder = map(Path, sys.argv[1:])
rows = rows_of(before)
with Store.open(before, read_only=True) as old, Store.open(folder) as new:
    new.write_manifest_digest((folder / "manifest.json").read_text())
    for task in rows.manifest.tasks.values():
        new.write_items(task.digest, list(old.items(task.digest)))
    for strategy, by_task in rows.manifest.recipes.items():
        recipe = rows.manifest.preparations[strategy]
        new.write_preparation(recipe, old.preparations([recipe])[0])
        for recipe in by_task.values():
            for row in list(old.results([recipe])):
                new.write_batch(recipe, {row.key: (generation_of(row.answer),)}, [row])
                print(row.item_id, flush=True)
                time.sleep(0.002)
"""


def _terminated(folder: Path) -> Path:
    """A run that SIGTERM ended while it wrote, with what SQLite leaves behind then."""
    before = whole(folder / "other")
    shutil.copy(before / MANIFEST, folder / MANIFEST)
    command = [sys.executable, "-c", _SLOW_WRITER, str(before), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd(), env=_ENV) as writer:
        assert writer.stdout is not None
        for _ in range(70):  # within the second strategy
            writer.stdout.readline()
        writer.send_signal(signal.SIGTERM)
    assert writer.returncode == -signal.SIGTERM
    assert (folder / f"{FILE_NAME}-wal").stat().st_size > 0
    return folder


def _never_begun(folder: Path) -> Path:
    shutil.copy(whole(folder / "other") / MANIFEST, folder / MANIFEST)
    with Store.open(folder):
        return folder


def _another_seed_begun(folder: Path) -> Path:
    return _sql(
        "INSERT INTO answers SELECT recipe, strategy, 1, repeat, task, item_id, key, request, exchanges, "
        "answer, prior, error FROM answers WHERE recipe = 'lora/faq' AND item_id < 'faq-0005'"
    )(folder)


def _renamed(raw: dict[str, Any]) -> None:
    for part in (raw["experiment"]["strategies"], raw["recipes"], raw["preparations"]):
        part["tuned"] = part.pop("lora")


def _other_recipes(raw: dict[str, Any]) -> None:
    raw["recipes"]["lora"] = {task: f"new {task}" for task in raw["tasks"]}


def _without_entry(raw: dict[str, Any]) -> None:
    del raw["experiment"]["strategies"]["lora"]


def _other_incumbent(raw: dict[str, Any]) -> None:
    raw["experiment"]["incumbent"] = "gone"


def _no_strategies(raw: dict[str, Any]) -> None:
    raw["experiment"]["strategies"], raw["recipes"], raw["preparations"] = {}, {}, {}


def _no_tasks(raw: dict[str, Any]) -> None:
    raw["tasks"], raw["metrics"] = {}, {}
    raw["recipes"] = {name: {} for name in raw["recipes"]}


def _read_only(folder: Path) -> Path:
    for path in (*whole(folder).rglob("*"), folder):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


def _read_only_files(folder: Path) -> Path:
    for path in whole(folder).iterdir():
        path.chmod(0o444)
    return folder


_HELD: list[sqlite3.Connection] = []
"""Connections that hold a lock; `release` ends them."""


def release() -> None:
    """End the locks that odd runs hold."""
    while _HELD:
        _HELD.pop().close()


def _locked(folder: Path) -> Path:
    """A store of another journal mode that another program holds wholly."""
    db = sqlite3.connect(whole(folder) / FILE_NAME, isolation_level=None)
    _HELD.append(db)
    db.execute("PRAGMA journal_mode=DELETE")
    db.execute("BEGIN EXCLUSIVE")
    return folder


def _locked_for_writing(folder: Path) -> Path:
    """A store as a run at work holds it: it can be read meanwhile."""
    db = sqlite3.connect(whole(folder) / FILE_NAME, isolation_level=None)
    _HELD.append(db)
    db.execute("BEGIN IMMEDIATE")
    return folder


def _read_only_with_log(folder: Path, *lost: str) -> Path:
    _terminated(folder)
    for name in lost:
        (folder / name).unlink()
    for path in (*folder.rglob("*"), folder):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


_N = {"faq": 20, "routing": 20}
_TWO = {"zero_shot": dict.fromkeys(_N, first(8)), "lora": dict.fromkeys(_N, first(15))}
_ONE = {"zero_shot": {"faq": first(8)}, "lora": {"faq": first(12)}}
_ALL = tuple(range(20))

ODD: dict[str, Make] = {
    "whole": whole,
    "not there": lambda folder: folder / "nowhere",
    "empty folder": lambda folder: folder,
    "a file": _a_file,
    # Not finished.
    "never begun": _never_begun,
    "killed while preparing": _of({"zero_shot": {}, "lora": {}}, _N),
    "ended by SIGTERM": _terminated,
    "killed within a task": _of(
        _TWO, _N, missing={("lora", "faq"): _ALL[5:], ("lora", "routing"): _ALL}, trained=("lora",)
    ),
    "killed before the incumbent": _of(
        _TWO, _N, missing={("zero_shot", name): _ALL for name in _N}, trained=("lora",)
    ),
    "no item in common": _of(
        _ONE, {"faq": 20}, missing={("zero_shot", "faq"): _ALL[:10], ("lora", "faq"): _ALL[10:]}
    ),
    "one seed of two": _another_seed_begun,
    "rows without preparations": _sql("DELETE FROM preparations"),
    "rows without items": _sql("DELETE FROM items"),
    "rows without answers": _sql("DELETE FROM generations"),
    # Where others work on it, or nobody may.
    "read-only": _read_only,
    "read-only after SIGTERM": _read_only_with_log,
    "read-only after SIGTERM, in part": lambda folder: _read_only_with_log(folder, f"{FILE_NAME}-shm"),
    "read-only files": _read_only_files,
    "locked": _locked,
    "locked for writing": _locked_for_writing,
    # Small.
    "one task": _of(_ONE, {"faq": 20}),
    "one strategy": _of({"zero_shot": dict.fromkeys(_N, first(8))}, _N),
    "one item": _of({"zero_shot": {"faq": first(0)}, "lora": {"faq": first(1)}}, {"faq": 1}),
    "no item": _of({"zero_shot": {"faq": first(0)}, "lora": {"faq": first(0)}}, {"faq": 0}),
    "no targets": _of(_TWO, _N, dict.fromkeys(_N, "retention"), trained=("lora",)),
    "no strategies": _manifest(_no_strategies),
    "no tasks": _manifest(_no_tasks),
    "odd names": _of(
        {name: dict.fromkeys(_N, first(9)) for name in ("zero_shot", "rag+lora", "my.module:Class", "a b")}
        | {"lora": dict.fromkeys(_N, first(12))},
        _N,
    ),
    # All of one kind.
    "all failed": _of(_TWO, _N, failed={(s, t): _ALL for s in _TWO for t in _N}),
    "one strategy failed": _of(_TWO, _N, failed={("lora", t): _ALL for t in _N}, trained=("lora",)),
    "the base failed": _of(_TWO, _N, failed={("zero_shot", t): _ALL for t in _N}, trained=("lora",)),
    "all malformed": _sql("""UPDATE judgements SET extracted = '{"text": "", "malformed": true}'"""),
    "all right": _of({"zero_shot": dict.fromkeys(_N, first(20)), "lora": dict.fromkeys(_N, first(20))}, _N),
    "all wrong": _of({"zero_shot": dict.fromkeys(_N, first(0)), "lora": dict.fromkeys(_N, first(0))}, _N),
    "nothing prepared": _sql(
        """UPDATE preparations SET error = '{"kind": "broken", "message": "it broke"}'""",
        "DELETE FROM answers",
    ),
    # Scores that are none.
    "a score that is no number": _sql("""UPDATE judgements SET scores = '{"exact_match": NaN}'"""),
    "a score that is text": _sql("""UPDATE judgements SET scores = '{"exact_match": "x"}'"""),
    "rows without scores": _sql("UPDATE judgements SET scores = '{}'"),
    "scores that are no JSON": _sql("UPDATE judgements SET scores = '{'"),
    # Changed since.
    "a strategy renamed": _manifest(_renamed),
    "a strategy changed": _manifest(_other_recipes),
    "a strategy without entry": _manifest(_without_entry),
    "an incumbent that is gone": _manifest(_other_incumbent),
    # The manifest.
    "no manifest": _file(MANIFEST, None),
    "manifest empty": _file(MANIFEST, b""),
    "manifest no JSON": _file(MANIFEST, b"{,"),
    "manifest not UTF-8": _file(MANIFEST, b"\xff\xfe\x00"),
    "manifest a list": _manifest(lambda raw: [raw]),
    "manifest deep": _file(MANIFEST, b"[" * 100_000),
    "manifest with unknown keys": _manifest(lambda raw: raw | {"novelty": 1}),
    "manifest of another version": _manifest(lambda raw: raw | {"format": 99, "schema_version": 99}),
    "manifest without experiment": _manifest(lambda raw: raw | {"experiment": {}}),
    "manifest without metrics": _manifest(lambda raw: raw | {"metrics": {}}),
    "manifest with other recipes": _manifest(lambda raw: raw | {"recipes": {"lora": {"gone": "x"}}}),
    # The store.
    "no store": _file(FILE_NAME, None),
    "store empty": _file(FILE_NAME, b""),
    "store no database": _file(FILE_NAME, b"not a database at all" * 500),
    "store a folder": _store_is_a_folder,
    "store truncated": _truncated,
    "store of an older schema": _sql("PRAGMA user_version=1"),
    "store of a newer schema": _sql("PRAGMA user_version=999"),
    "store without a table": _sql("DROP TABLE answers"),
    "store with a column less": _sql("ALTER TABLE judgements DROP COLUMN extracted"),
}
