"""The report of a run: its figures are the summary's, it is one bounded file, and bad folders are refused."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
import sqlite3
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.analysis.findings import Missing
from harness.cli.report import report
from harness.errors import InputError
from reports import html
from reports.run_data import RunData, load_run
from reports.writing import write_report
from tests.unit._explorer import PACKED, data_in
from tests.unit._report import N_ITEMS, STRATEGIES, Words, made_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    return load_run(made_run(tmp_path_factory.mktemp("report") / "run"))


@pytest.fixture(scope="module")
def page(run: RunData) -> str:
    return html.render(run)


class Sections(HTMLParser):
    """Collects, for each section, the values of its ``data`` elements and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.section = "top"
        self.values: dict[str, list[str]] = {}
        self.texts: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "section":
            self.section = found["id"] or ""
        if tag == "data":
            self.values.setdefault(self.section, []).append(found["value"] or "")

    def handle_data(self, data: str) -> None:
        self.texts[self.section] = self.texts.get(self.section, "") + data


def parsed(page: str) -> Sections:
    sections = Sections()
    sections.feed(page)
    return sections


def test_every_score_of_the_summary_stands_in_its_table(run: RunData, page: str) -> None:
    sections, summary = parsed(page), run.summary
    roles = {task.name: task.role for task in summary.tasks}
    for role, section in (("target", "target"), ("retention", "forgetting")):
        cells = [c for c in summary.cells if c.primary and roles[c.task] == role]
        assert len(cells) == len(STRATEGIES) * (2 if role == "target" else 1)
        for cell in cells:
            assert f"{cell.mean:.6f}" in sections.values[section]
            assert f"{100 * cell.mean:.1f}" in sections.texts[section]
            assert f"{100 * cell.ci_low:.1f} to {100 * cell.ci_high:.1f}" in sections.texts[section]


def test_scores_stand_in_the_order_of_tasks_and_strategies(run: RunData, page: str) -> None:
    means = {(c.task, c.strategy): c.mean for c in run.summary.cells if c.primary}
    wanted = [
        f"{means[task.name, strategy]:.6f}"
        for task in run.summary.tasks
        if task.role == "target"
        for strategy in run.summary.strategies
    ]
    assert parsed(page).values["target"][: len(wanted)] == wanted


def test_every_difference_stands_with_its_interval(run: RunData, page: str) -> None:
    sections = parsed(page)
    for contrasts, section in (
        (run.summary.contrasts, "all-differences"),
        (run.summary.forgetting, "forgetting"),
    ):
        assert contrasts
        for contrast in contrasts:
            assert f"{contrast.difference:.6f}" in sections.values[section]


def test_the_best_of_a_row_is_marked_by_more_than_colour(page: str) -> None:
    rows = [row for row in page.split("<tr>") if ">handbook<" in row and "exact_match" in row]
    best = rows[0].split('class="best"')[1]
    assert "★" in best.split("</td>")[0]
    assert rows[0].count("★") == 1


def test_the_first_page_counts_what_changed_and_links_to_the_items(run: RunData, page: str) -> None:
    overview = page[page.index('<section id="overview">') : page.index("<nav ")]
    flips = [flip for flip in run.summary.flips if flip.strategy == "rag" and flip.role == "target"]
    gained = sum(len(flip.gained) for flip in flips)
    assert gained
    assert f'<a href="#items?role=target&amp;a=zero_shot&amp;b=rag&amp;flip=gained">{gained}</a>' in overview
    row = overview[overview.rindex('<th scope="row">rag</th>') :]
    cells = re.findall(r"<td>(?:<a [^>]*>)?(\d+)", row[: row.index("</tr>")])
    numbers = [int(cell) for cell in cells]
    assert sum(numbers[:4]) == sum(flip.n for flip in flips)


def test_the_three_figures_are_the_winners_or_the_nearest_challengers(run: RunData) -> None:
    assert run.decision.winner is None
    able = [c for c in run.decision.candidates if c.strategy != run.decision.incumbent and not c.excluded]
    best = able[0]
    assert run.decision.candidates[0].excluded
    assert f"{best.strategy} against zero_shot, not proven" in html.render(run)
    won = dataclasses.replace(run, decision=run.decision.model_copy(update={"winner": "rag"}))
    assert "rag against zero_shot</dt>" in html.render(won)


@pytest.mark.parametrize(("worst", "told"), [(0.05, "none seen"), (0.0, "none seen"), (-0.05, "−5.0")])
def test_a_gain_is_no_largest_loss(run: RunData, worst: float, told: str) -> None:
    retained = {"state": "ruled out", "difference": worst, "worst_task": "facts", "worst_difference": worst}
    candidates = [
        each.model_copy(update={"retained": each.retained.model_copy(update=retained), "excluded": ()})
        for each in run.decision.candidates
    ]
    decision = run.decision.model_copy(update={"candidates": tuple(candidates)})
    page = html.render(dataclasses.replace(run, decision=decision))
    assert f"largest loss on general tasks</dt><dd>{told}<span" in page


def test_missing_answers_are_counted_on_the_first_page(run: RunData) -> None:
    lack = Missing(strategy="rag", what="answers", task="sums", done=17, wanted=24)
    short = run.summary.model_copy(update={"missing": (lack,), "errors": 0})
    assert "7 items without an answer, 0 failed answers" in html.render(
        dataclasses.replace(run, summary=short)
    )


def test_every_task_has_its_part_with_all_metrics_and_links(run: RunData, page: str) -> None:
    tasks = page[page.index('<section id="tasks">') : page.index('<section id="cost">')]
    for task, metrics in run.manifest.metrics.items():
        part = tasks[tasks.index(f"<summary>{task} ") :]
        part = part[: part.index("</table>")]
        assert all(f'<th scope="row">{metric}</th>' in part for metric in metrics)
        assert f"#items?task={task}&amp;strategy=lora&amp;outcome=wrong" in part


def test_retrieval_says_whose_the_wrong_answers_are(run: RunData, page: str) -> None:
    (found,) = [a for a in run.summary.attribution if a.task == "handbook"]
    assert (found.strategy, found.n) == ("rag", N_ITEMS)
    row = page[page.index('<section id="retrieval">') :]
    row = row[row.index(f'<td class="words">{found.task}</td>') :]
    figures = [int(n) for n in re.findall(r"<td>(\d+)", row)[:5]]
    wanted = (found.retrieval_missed, found.generation_missed, found.found_and_right, found.from_memory)
    assert figures == [found.n, *wanted]


def test_without_the_packages_that_draw_the_page_says_so_and_has_its_tables(
    run: RunData, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("reports.report_page", "reports.preparation"):
        monkeypatch.setattr(f"{module}.has_charts", lambda: False)
    page = html.render(run)
    assert not re.search("<svg [^>]*role=.img.", page)
    assert "pip install" in parsed(page).texts["overview"]
    assert f"{run.summary.contrasts[0].difference:.6f}" in page


def test_cost_training_retrieval_and_provenance_are_there(page: str) -> None:
    texts = parsed(page).texts
    assert "320" in texts["cost"]
    assert "1 min 35 s" in texts["cost"]
    assert "123,456" in texts["preparation"]
    assert "validation loss" in texts["preparation"]
    assert (
        len(re.findall("<svg [^>]*role=.img.", page)) == 5
    )  # four on the first page, and the loss of the one training
    assert "recall" in texts["retrieval"]
    assert "e" * 64 in texts["configuration"]
    assert "incumbent: zero_shot" in texts["configuration"]


def test_failures_are_said_at_the_top_and_beside_the_score(page: str) -> None:
    texts = parsed(page).texts
    assert "3 of 288 answers failed" in texts["top"]
    assert f"1 of {N_ITEMS} failed" in texts["target"]
    assert "PromptTooLong: the answer has no end" in data_in(page).texts()


def test_there_is_one_script_that_the_page_vouches_for_and_nothing_to_fetch(page: str) -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline';" in page
    assert page.count("<script") == 1 + len(PACKED.findall(page))
    lowered = PACKED.sub("", page).lower()
    assert "javascript:" not in lowered
    for attribute in ("src=", "http:", "https:", "@import", "url("):
        assert attribute not in lowered


def test_equal_runs_give_equal_pages(run: RunData, page: str) -> None:
    assert html.render(dataclasses.replace(run)) == page


def test_long_texts_are_cut_and_the_cut_is_counted(tmp_path: Path) -> None:
    words = Words(
        question="long " * 40_000,
        passage="p" * 200_000,
        answer="a" * 100_000,
        label="l" * 100_000,
        error="e" * 100_000,
        description="d" * 100_000,
    )
    page = html.render(load_run(made_run(tmp_path / "run", words)))
    assert len(page) < 1_000_000
    assert any("characters left out ...]" in text for text in data_in(page).texts())


def test_the_command_writes_where_it_is_told(tmp_path: Path) -> None:
    run_dir = made_run(tmp_path / "run")
    CliRunner().invoke(report, [str(run_dir)], catch_exceptions=False)
    CliRunner().invoke(report, [str(run_dir), "--out", str(tmp_path / "page.html")], catch_exceptions=False)
    assert (run_dir / "report.html").read_bytes() == (tmp_path / "page.html").read_bytes()


def changed(folder: Path, *statements: str) -> str:
    """Return the page of a made run whose store was changed by SQL."""
    made_run(folder)
    with sqlite3.connect(folder / "results.sqlite") as db:
        for statement in statements:
            db.execute(statement)
    db.close()
    return html.render(load_run(folder))


def test_an_unfinished_run_has_a_report(tmp_path: Path) -> None:
    page = changed(
        tmp_path / "run",
        "DELETE FROM answers WHERE strategy = 'lora'",
        "DELETE FROM answers WHERE strategy = 'rag' AND task = 'routing'",
        "DELETE FROM preparations WHERE strategy = 'lora'",
    )
    assert page.count("no answers") == 4  # lora on three tasks, rag on one
    assert "not on all" in page


def test_a_run_of_the_incumbent_alone_has_a_report(tmp_path: Path) -> None:
    page = changed(tmp_path / "run", "DELETE FROM answers WHERE strategy != 'zero_shot'")
    assert "There is nothing to compare" in page


def test_a_run_where_everything_failed_has_a_report(tmp_path: Path) -> None:
    failure = '{"kind": "OutOfMemory", "message": "no room"}'
    page = changed(tmp_path / "run", f"UPDATE answers SET error = '{failure}'", "DELETE FROM judgements")
    assert "288 of 288 answers failed" in page
    assert "OutOfMemory: no room" in data_in(page).texts()


def test_a_strategy_that_could_not_be_prepared_is_named(tmp_path: Path) -> None:
    failure = '{"kind": "ValueError", "message": "no adapter"}'
    page = changed(
        tmp_path / "run",
        f"UPDATE preparations SET error = '{failure}' WHERE strategy = 'lora'",
        "DELETE FROM answers WHERE strategy = 'lora'",
    )
    assert "lora (seed 0) could not be prepared" in page
    assert "ValueError: no adapter" in page


def test_nothing_is_best_where_all_are_equal(tmp_path: Path) -> None:
    page = changed(
        tmp_path / "run",
        "UPDATE answers SET error = NULL",
        "INSERT OR REPLACE INTO judgements SELECT recipe, '', seed, repeat, item_id, "
        """CASE task WHEN 'routing' THEN '{"choice_accuracy": 1}' """
        """ELSE '{"exact_match": 1, "token_f1": 1}' END, NULL, NULL, NULL FROM answers""",
    )
    assert "100.0" in page
    assert 'class="best"' not in page


def missing(folder: Path) -> Path:
    return folder / "nothing"


def empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


def without_store(folder: Path) -> Path:
    made_run(folder)
    (folder / "results.sqlite").unlink()
    return folder


def broken_manifest(folder: Path) -> Path:
    made_run(folder)
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    return folder


def old_manifest(folder: Path) -> Path:
    made_run(folder)
    raw = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps(raw | {"schema_version": 1}), encoding="utf-8")
    return folder


def binary_manifest(folder: Path) -> Path:
    made_run(folder)
    (folder / "manifest.json").write_bytes(b"\xff\xfe\x00")
    return folder


def not_a_database(folder: Path) -> Path:
    made_run(folder)
    (folder / "results.sqlite").write_bytes(b"no database at all" * 100)
    return folder


def truncated_database(folder: Path) -> Path:
    made_run(folder)
    content = (folder / "results.sqlite").read_bytes()
    (folder / "results.sqlite").write_bytes(content[: len(content) // 2])
    return folder


def damaged_row(folder: Path) -> Path:
    made_run(folder)
    with sqlite3.connect(folder / "results.sqlite") as db:
        db.execute("UPDATE generations SET generations = '{'")
    db.close()
    return folder


def no_results(folder: Path) -> Path:
    made_run(folder)
    with sqlite3.connect(folder / "results.sqlite") as db:
        db.execute("DELETE FROM answers")
    db.close()
    return folder


@pytest.mark.parametrize(
    "make",
    [
        missing,
        empty,
        without_store,
        broken_manifest,
        old_manifest,
        binary_manifest,
        not_a_database,
        truncated_database,
        damaged_row,
        no_results,
    ],
)
def test_a_bad_run_folder_is_refused_in_one_line(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    run_dir = make(tmp_path / "run")
    with pytest.raises(InputError) as caught:
        write_report(run_dir)
    message = str(caught.value)
    assert "\n" not in message
    assert str(run_dir) in message
    assert "; " in message  # the remedy


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    run_dir = made_run(tmp_path / "run")
    with pytest.raises(InputError, match="cannot be written"):
        write_report(run_dir, tmp_path / "no" / "folder" / "page.html")
