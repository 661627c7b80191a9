"""Digests of a run's rows: kept through kills and retries, and no edit of a row, an item or the manifest."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.analysis.rows import load_rows
from harness.cli import cli
from harness.errors import InputError
from harness.runs.reading import Preparation
from harness.runs.schema import FILE_NAME
from harness.runs.store import Store
from harness.types import Failure, PrepareCost
from tests.unit._gate import resealed
from tests.unit._odd_runs import whole
from tests.unit.test_store import result

GROUPS = [
    ("answers", "r"),
    ("judgements", "r"),
    ("generations", ""),
    ("items", "t"),
    ("preparations", "p"),
    ("probes", "p"),
]


def test_whatever_a_store_writes_is_digested(tmp_path: Path) -> None:
    """Batches, what is there already, tries again and replacements: the digests are those of the rows."""
    broken = result("b", "", Failure(kind="x", message="y"))
    with Store.open(tmp_path) as store:
        store.write_batch("r", {}, [result("a"), broken])
        store.write_batch("r", {}, [result("a")])
        store.forget_errors("r", 0)
        store.write_batch("r", {}, [result("b", "k")])
        store.write_preparation("p", Preparation("s", 0, PrepareCost(), {}, Failure(kind="x", message="y")))
        store.write_preparation("p", Preparation("s", 0, PrepareCost(wall_s=1.0), {}))
        store.write_preparation("p", Preparation("s", 0, PrepareCost(wall_s=2.0), {}))
        store.write_probes("p", 0, "1")
        store.write_probes("p", 0, "2")
        with pytest.raises(AttributeError):
            store.write_batch("r", {}, [result("c"), None])  # type: ignore[list-item]
        store.write_batch("r", {}, [result("d")])
    with Store.open(tmp_path) as store:  # as after a kill
        store.write_batch("r", {}, [result("e")])
    with Store.open(tmp_path, read_only=True) as store:
        assert store.changed(GROUPS) == []
        assert store.counts("r") == (4, 0)


def test_two_stores_with_the_same_rows_have_the_same_digests(tmp_path: Path) -> None:
    kept = []
    for name, order in (("one", "abc"), ("two", "cab")):
        (tmp_path / name).mkdir()
        with Store.open(tmp_path / name) as store:
            for item in order:
                store.write_batch("r", {}, [result(item)])
        with closing(sqlite3.connect(tmp_path / name / FILE_NAME)) as db:
            kept.append(db.execute("SELECT * FROM seals").fetchall())
    assert kept[0] == kept[1]


def sql(statement: str) -> Callable[[Path], object]:
    def change(run: Path) -> None:
        with closing(sqlite3.connect(run / FILE_NAME)) as db, db:
            db.execute(statement)

    return change


def manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    def edit(run: Path) -> None:
        raw = json.loads((run / "manifest.json").read_text())
        change(raw)
        (run / "manifest.json").write_text(json.dumps(raw))

    return edit


_COPY = (
    "INSERT INTO answers SELECT recipe, strategy, 1, repeat, task, item_id, key, request, exchanges, answer, "
    "prior, error FROM answers WHERE recipe = 'lora/faq' AND item_id < 'faq-0005'"
)
CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a score": (
        sql("""UPDATE judgements SET scores = '{"exact_match": 1.0}' WHERE recipe = 'lora/faq'"""),
        "lora on faq: judgements: rows are not as they were written",
    ),
    "one score": (
        sql("""UPDATE judgements SET scores = '{"exact_match": 0.0}' WHERE item_id = 'faq-0001'"""),
        " on faq: judgements: rows are not as they were written",
    ),
    "an error taken away": (sql("UPDATE answers SET error = 'null' WHERE item_id = 'faq-0003'"), "on faq"),
    "a row less": (
        sql("DELETE FROM answers WHERE recipe = 'lora/general' AND item_id = 'general-0019'"),
        "lora on general: answers: rows were deleted (20 were written, 19 are there)",
    ),
    "a row less and one more": (
        sql("UPDATE answers SET item_id = 'other' WHERE recipe = 'lora/faq' AND item_id = 'faq-0019'"),
        "lora on faq: answers: rows are not as they were written",
    ),
    "rows more": (sql(_COPY), "lora on faq: answers: rows were added (20 were written, 25 are there)"),
    "rows of another strategy": (
        sql("UPDATE answers SET recipe = 'lora/faq' || recipe WHERE recipe = 'lora/faq'"),
        "lora on faq: answers: rows were deleted (20 were written, 0 are there)",
    ),
    "an answer": (
        sql("UPDATE generations SET generations = replace(generations, 'no', 'yes')"), "what the model wrote",
    ),
    "an item": (sql("UPDATE items SET item = replace(item, 'yes', 'no')"), "faq: items: rows are not"),
    "an item less": (sql("DELETE FROM items WHERE item_id = 'faq-0001'"), "faq: items: rows were deleted"),
    "a cost": (
        sql("""UPDATE preparations SET cost = replace(cost, '"device_s":10.0', '"device_s":0.0')"""),
        "lora: preparations: rows are not",
    ),
    "a probe": (sql("INSERT INTO probes VALUES ('prepare lora', 0, '{}')"), "lora: probes: rows were added"),
    "the digests": (sql("DELETE FROM seals WHERE kind = 'answers'"), "answers: rows were added (0 were"),
    "no digests": (sql("DROP TABLE seals"), "no such table: seals"),
    "an older version": (sql("PRAGMA user_version = 4"), "has schema version 4, not 5"),
    "the manifest": (manifest(lambda raw: raw.update(leaks={})), "manifest.json: is not the manifest"),
    "the model": (
        manifest(lambda raw: raw["models"]["model"].update(context_length=1)), "is not the manifest",
    ),
    "the recipes": (
        manifest(lambda raw: raw["recipes"].update(lora=raw["recipes"]["zero_shot"])), "is not the manifest",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_run_that_was_changed_decides_nothing(change: str, tmp_path: Path) -> None:
    run = whole(tmp_path / "run", leaks={"faq": 1})
    load_rows(run, unchanged=True)
    edit, told = CHANGES[change]
    edit(run)
    with pytest.raises(InputError) as caught:
        load_rows(run, unchanged=True)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "command", ["decide {run}", "baseline promote {run} --strategy lora --reason r --out {run}/b.json"]
)
def test_the_commands_that_decide_by_a_run_look(command: str, tmp_path: Path) -> None:
    run = whole(tmp_path / "run")
    words = command.format(run=run).split()
    assert CliRunner().invoke(cli, words, standalone_mode=False).exception is None
    sql("""UPDATE judgements SET scores = '{"exact_match": 1.0}'""")(run)
    found = CliRunner().invoke(cli, words, standalone_mode=False).exception
    assert isinstance(found, InputError)
    assert "rows are not as they were written" in str(found)
    resealed(run)  # what it cannot see: who writes the folder can write the digests
    assert CliRunner().invoke(cli, words, standalone_mode=False).exception is None
