"""The report in its other formats: Markdown, JSON, CSV and Parquet."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from harness.analysis.findings import Summary
from harness.cli.report import report
from harness.deciding.records import Decision
from harness.errors import InputError
from harness.runs.store import Store
from harness.types import Answer, Exchange, Generation, Message
from tests.unit._report import N_ITEMS, STRATEGIES, Words, made_run


def written(run: Path, kind: str, *arguments: str) -> Path:
    found = CliRunner().invoke(report, [str(run), "--format", kind, *arguments], catch_exceptions=False)
    path = Path(found.output.strip())
    assert path == run / f"report.{kind}"
    return path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return made_run(tmp_path / "run")


def test_markdown_has_the_verdict_every_strategy_and_every_task(run: Path) -> None:
    text = written(run, "md").read_text()
    assert text.startswith("# made\n\nNo decision: 3 of 288 answers failed")
    for name in (*STRATEGIES, "handbook", "routing", "sums"):
        assert name.replace("_", r"\_") in text
    assert "**decides**" in text


def test_json_holds_summary_and_decision(run: Path) -> None:
    found = json.loads(written(run, "json", "--prices", "builtin:hosted-tokens").read_text())
    assert Summary.model_validate(found["summary"]).name == "made"
    assert "Hosted, by the token" in Decision.model_validate(found["decision"]).prices


def test_csv_and_parquet_hold_every_answer(run: Path) -> None:
    n = 3 * N_ITEMS * len(STRATEGIES)
    with written(run, "csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == n
    assert {line["strategy"] for line in lines} == set(STRATEGIES)
    assert sum(bool(line["error"]) for line in lines) == 3
    table = pq.read_table(written(run, "parquet"))
    assert table.num_rows == n
    assert set(table.column_names) == set(lines[0])
    right = table.filter(table["task"].to_numpy(zero_copy_only=False) == "sums")["score: exact_match"]
    assert 0 < sum(score.as_py() or 0 for score in right) < len(right)


def test_csv_tells_what_was_asked_on_and_all_that_came_back(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run")
    with Store.open(run) as store:
        row = next(iter(store.results(["zero_shot/sums"])))
        assert row.request
        then = row.request.model_copy(update={"messages": (Message(role="user", content="So?"),)})
        exchanges = [
            Exchange(request=row.request, generations=(Generation(text="a"), Generation(text="b")), key="k1"),
            Exchange(request=then, generations=(Generation(text="c"),), key="k2"),
        ]
        answered = {"seed": 1, "answer": Answer(text="c"), "exchanges": tuple(exchanges), "key": "k3"}
        kept = {each.key: each.generations for each in exchanges}
        store.write_batch("zero_shot/sums", kept, [row.model_copy(update=answered)])
    with written(run, "csv").open(newline="") as file:
        (line,) = (line for line in csv.DictReader(file) if line["exchanges"])
    assert line["answer"] == "c"
    assert json.loads(line["exchanges"]) == [
        {"asked": None, "came_back": ["a", "b"]}, {"asked": "So?", "came_back": ["c"]},
    ]  # fmt: skip


def test_a_text_that_a_spreadsheet_would_run_is_tamed(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", Words(question='=HYPERLINK("http://evil")', answer="+1"))
    with written(run, "csv").open(newline="") as file:
        inputs = {line["input"] for line in csv.DictReader(file)}
    assert all(text.startswith("'=") for text in inputs)


def test_hostile_markdown_is_shown_as_it_is(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", Words(task="<img src=x>|[a](javascript:b)"))
    text = written(run, "md").read_text()
    assert re.search(r"(?<!\\)[\]<]", text) is None


def test_a_place_that_cannot_be_written_to_is_one_clear_line(run: Path, tmp_path: Path) -> None:
    for kind in ("md", "parquet"):
        with pytest.raises(InputError, match="cannot be written"):
            CliRunner().invoke(
                report,
                [str(run), "--format", kind, "--out", str(tmp_path / "no" / "x")],
                catch_exceptions=False,
            )
