"""Several runs as one page: what became worse or better from one run to the next on the same items."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from harness import cli
from harness.analysis.across_runs import compared
from harness.errors import InputError
from harness.runs.comparing import other_settings, other_task
from harness.runs.manifest import RunManifest
from harness.runs.store import Store
from harness.stats import holm
from reports.history.changes import load_history
from reports.history.markdown import history_markdown
from reports.history.page import render_history
from reports.history.records import Change, History, Obstacle, Point
from reports.tables.sparkline import HEIGHT, WIDTH, Value, sparkline
from tests.unit._gate import Rule, first, made, rows_of
from tests.unit.test_report_hostile import FORBIDDEN_TAGS, INJECTIONS, read

N = 200


def run_on(day: int, folder: Path, right: int, **keys: Any) -> Path:
    """A run of a day in May: ``tuned`` has ``right`` items of task ``a``, everything else stays as it is."""
    rules: dict[str, dict[str, Rule]] = {
        "zero_shot": {"a": first(60), "kept": first(150)},
        "tuned": {"a": first(right), "kept": first(150)},
    }
    created = f"2026-05-{day:02}T10:00:00+00:00"
    return made(folder, rules, {"a": N, "kept": N}, {"kept": "retention"}, **({"created": created} | keys))


def points(history: History, strategy: str, task: str) -> tuple[Point, ...]:
    of_task = next(each for each in history.tasks if each.task == task)
    return next(series.points for series in of_task.series if series.strategy == strategy)


def differing(manifest: RunManifest, **changed: Any) -> RunManifest:
    """Return a manifest whose model, or else what is its own, is another one."""
    record = manifest.models["model"]
    identity = {key: value for key, value in changed.items() if key in type(record.identity).model_fields}
    own = {key: value for key, value in changed.items() if key in type(record).model_fields}
    rest = {key: value for key, value in changed.items() if key not in identity | own}
    other = record.model_copy(update=own | {"identity": record.identity.model_copy(update=identity)})
    return manifest.model_copy(update=rest | {"models": {"model": other}})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"weights_digest": "another"}, "base model"),
        ({"settings_digest": "another", "weights_digest": "another"}, "base model"),
        ({"dtype": "float16"}, "dtype setting"),
        ({"quantization": "nf4"}, "quantization setting"),
        ({"context_length": 77}, "context length setting"),
        ({"asked_with": {"template_options": {"enable_thinking": False}}}, "model option"),
        ({"template_date": "2026-05-09"}, "template date"),
        ({"embedder": "mine"}, "embedder"),
        ({"embedder_digest": "another"}, "embedder"),
        ({"name": "another"}, None),
    ],
    ids=str,
)
def test_every_condition_that_may_explain_a_difference_is_named(
    tmp_path: Path, changed: dict[str, Any], said: str | None
) -> None:
    manifest = rows_of(run_on(1, tmp_path / "one", 100)).manifest
    assert other_settings(manifest, differing(manifest, **changed)) == ((said,) if said else ())


def test_scores_of_a_metric_that_reads_other_files_are_not_compared(tmp_path: Path) -> None:
    manifest = rows_of(run_on(1, tmp_path / "one", 100)).manifest
    other = manifest.model_copy(update={"judges": {"a": ("another",)}})
    assert other_task(manifest, other, "a") == ("files of metrics",)
    assert other_task(manifest, other, "kept") == ()


# --- What is found ---


def test_a_loss_is_a_regression_and_a_gain_an_improvement_oldest_run_first(tmp_path: Path) -> None:
    runs = [
        run_on(day, tmp_path / name, right)
        for day, name, right in ((3, "third", 90), (1, "one", 100), (2, "two", 160))
    ]
    history = load_history(runs)
    assert [run.name for run in history.runs] == ["one", "two", "third"]
    (lost,), (gained,) = history.regressions, history.improvements
    assert (lost.task, lost.strategy, lost.run, lost.change.earlier) == ("a", "tuned", 2, 1)
    assert lost.change.difference == pytest.approx(-0.35)
    assert (gained.run, gained.change.reading) == (1, "better")
    assert gained.change.difference == pytest.approx(0.30)
    assert [point.mean for point in points(history, "tuned", "a")] == pytest.approx([0.5, 0.8, 0.45])
    assert history.n_compared == 2 * 4


def test_a_small_change_is_not_proven_and_nothing_regressed(tmp_path: Path) -> None:
    history = load_history([run_on(1, tmp_path / "one", 100), run_on(2, tmp_path / "two", 99)])
    change = points(history, "tuned", "a")[1].change
    assert change is not None
    assert change.reading == "not proven"
    assert (history.regressions, history.improvements) == ((), ())
    assert "Nothing regressed" in render_history(history)
    assert "Nothing regressed" in history_markdown(history)


def test_differences_are_those_of_compare_corrected_over_the_whole_page(tmp_path: Path) -> None:
    runs = [run_on(day, tmp_path / f"r{day}", right) for day, right in ((1, 100), (2, 108), (3, 120))]
    history = load_history(runs)
    changes = [p.change for task in history.tasks for s in task.series for p in s.points if p.change]
    assert [change.p_holm for change in changes] == pytest.approx(holm([c.p_value for c in changes]))
    last = {(row.strategy, row.task): row for row in compared(rows_of(runs[1]), rows_of(runs[2]))[0]}
    change = points(history, "tuned", "a")[2].change
    assert change is not None
    found = last["tuned", "a"]
    assert (change.difference, change.n) == (found.found.estimate, found.found.n)
    assert (change.ci_low, change.ci_high) == found.found.interval()
    assert change.p_holm > found.p_holm  # twice as many differences stand on the page


def test_another_task_is_not_compared_and_says_what_differs(tmp_path: Path) -> None:
    other = {"a": {"digest": "another", "instruction": "Be brief."}}
    before = run_on(1, tmp_path / "one", 100)
    history = load_history([before, run_on(2, tmp_path / "two", 20, tasks=other)])
    point = points(history, "tuned", "a")[1]
    assert point.change is None
    assert point.obstacle == Obstacle(earlier=0, settings=("instruction",))
    assert history.regressions == ()
    assert (history.n_compared, history.n_not_comparable) == (2, 2)
    page = render_history(history)
    assert "≠ not comparable" in page
    assert "other instruction than before" in page
    items = {"a": {"digest": "third"}}
    history = load_history([before, run_on(2, tmp_path / "items", 20, tasks=items)])
    assert points(history, "tuned", "a")[1].obstacle == Obstacle(earlier=0, settings=("items or documents",))


def test_a_run_that_is_not_finished_is_not_compared(tmp_path: Path) -> None:
    rules = {"tuned": {"a": first(5)}}
    early = made(tmp_path / "early", rules, {"a": 20}, missing={("tuned", "a"): range(10)})
    late = made(
        tmp_path / "late", rules, {"a": 20}, missing={("tuned", "a"): range(10, 20)}, created="2026-02-01"
    )
    history = load_history([early, late])
    assert points(history, "tuned", "a")[1].obstacle == Obstacle(earlier=0, settings=(), unfinished=True)
    page = render_history(history)
    assert "one of the two runs is not finished" in page
    assert "Nothing could be compared" in page


def test_a_run_without_the_task_is_passed_over(tmp_path: Path) -> None:
    between = made(
        tmp_path / "between", {"zero_shot": {"b": first(3)}}, {"b": 5}, created="2026-05-02T00:00:00+00:00"
    )
    history = load_history([run_on(1, tmp_path / "one", 160), between, run_on(3, tmp_path / "three", 90)])
    assert [point.run for point in points(history, "tuned", "a")] == [0, 2]
    change = points(history, "tuned", "a")[1].change
    assert isinstance(change, Change)
    assert (change.earlier, change.reading) == (0, "worse")
    assert "not run" in render_history(history)


def test_another_base_model_or_temperature_is_said_beside_the_run(tmp_path: Path) -> None:
    before, after = run_on(1, tmp_path / "one", 100), run_on(2, tmp_path / "two", 100, weights="v" * 64)
    edit(after, lambda manifest: manifest["experiment"].update(temperature=0.7))
    history = load_history([before, after])
    assert history.runs[0].changed == ()
    assert history.runs[1].changed == ("base model", "temperature setting")
    assert "changed: base model, temperature setting" in render_history(history)


def test_the_verdict_is_the_one_that_the_run_ended_with(tmp_path: Path) -> None:
    before, after = run_on(1, tmp_path / "one", 100), run_on(2, tmp_path / "two", 100)
    (before / "summary.json").write_text(json.dumps({"verdict": {"line": "Take tuned.", "winner": "tuned"}}))
    (after / "summary.json").write_text("{damaged")
    history = load_history([before, after])
    assert [run.verdict for run in history.runs] == ["Take tuned.", None]


# --- Names ---


def test_runs_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    before = run_on(1, tmp_path / "a" / "run", 160, name="nightly")
    after = run_on(2, tmp_path / "b" / "run", 60, name="nightly")
    alone = run_on(3, tmp_path / "c", 60, name="other")
    history = load_history([before, after, alone])
    assert [run.label for run in history.runs] == [f"nightly ({before})", f"nightly ({after})", "other"]
    text = read(render_history(history)).text
    assert f"nightly ({after}) against nightly ({before})" in text


def test_a_run_named_twice_is_refused(tmp_path: Path) -> None:
    run = run_on(1, tmp_path / "one", 100)
    with pytest.raises(InputError, match="is named twice"):
        load_history([run, tmp_path / "." / "one"])


@pytest.mark.parametrize("text", INJECTIONS)
def test_hostile_names_are_shown_and_change_no_tag(tmp_path: Path, text: str) -> None:
    def page_of(word: str, folder: Path) -> str:
        rules = {word: {word: first(15)}}
        worse = {word: {word: first(0)}}
        one = made(folder / "one", rules, {word: 20}, name=word)
        two = made(folder / "two", worse, {word: 20}, name=word, created="2026-02-01T00:00:00+00:00")
        for run in (one, two):
            edit(run, lambda manifest: manifest.update(git_revision=word))
            (run / "summary.json").write_text(json.dumps({"verdict": {"line": word, "winner": word}}))
        history = load_history([one, two])
        assert history_markdown(history).count("\n| ") == 5  # no name opens a row of its own
        return render_history(history)

    page, peaceful = page_of(text, tmp_path / "hostile"), page_of("peace", tmp_path / "peace")
    found, expected = read(page), read(peaceful)
    assert "▼" in page
    assert found.tags == expected.tags
    assert not FORBIDDEN_TAGS & set(found.tags)
    assert found.attributes == expected.attributes
    page.encode("utf-8")


# --- The page ---


def test_the_page_has_no_script_asks_for_nothing_and_is_the_same_every_time(tmp_path: Path) -> None:
    runs = [run_on(1, tmp_path / "one", 160), run_on(2, tmp_path / "two", 90)]
    page = render_history(load_history(runs))
    assert page == render_history(load_history(runs[::-1]))
    found = read(page)
    assert not FORBIDDEN_TAGS & set(found.tags)
    assert found.links == {"data:,"}
    assert "default-src 'none'; style-src 'unsafe-inline'" in page
    assert "script-src" not in page


def test_a_regression_is_marked_by_word_and_sign_in_the_list_and_in_the_table(tmp_path: Path) -> None:
    page = render_history(load_history([run_on(1, tmp_path / "one", 160), run_on(2, tmp_path / "two", 90)]))
    assert page.count("▼ regression") == 4  # the list, the table, the legend of two sections
    text = " ".join(read(page).text.split())
    assert "1 regression ▼ regression tuned on a: −35.0 points" in text
    assert 'aria-label="tuned on a, oldest first: 80.0, 45.0 %"' in page


def test_failed_answers_stand_beside_the_score(tmp_path: Path) -> None:
    failed = {("tuned", "a"): (0, 1, 2)}
    history = load_history(
        [run_on(1, tmp_path / "one", 100, failed=failed), run_on(2, tmp_path / "two", 100)]
    )
    assert points(history, "tuned", "a")[0].errors == 3
    assert "3 answers failed" in render_history(history)


def test_lines_break_where_runs_cannot_be_compared() -> None:
    values = [Value(run, 0.2 * run, 0.0, 1.0, joined=run not in (0, 2)) for run in range(4)]
    before, after = sparkline(values, 4, 0.0, 1.0)
    assert [len(before.dots), len(after.dots)] == [2, 2]
    xs = [dot.x for dot in (*before.dots, *after.dots)]
    ys = [dot.y for dot in (*before.dots, *after.dots)]
    assert xs == sorted(xs)
    assert ys == sorted(ys, reverse=True)  # higher is better, and up
    assert 0 < min(xs) < max(xs) < WIDTH
    assert 0 < min(ys) < max(ys) < HEIGHT
    ((alone,),) = (stretch.dots for stretch in sparkline(values[:1], 1, 0.0, 0.0))
    assert (alone.x, alone.y) == (WIDTH / 2, HEIGHT / 2)


# --- The command ---


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """Return a function that calls `trilemma report` and returns exit code, output and error lines."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[object, str, list[str]]:
        monkeypatch.setattr(sys, "argv", ["trilemma", "report", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        out, err = capsys.readouterr()
        return caught.value.code, out, err.splitlines()

    return call


def test_the_page_is_written_here_and_one_run_still_into_its_folder(tmp_path: Path, report) -> None:
    one, two = run_on(1, tmp_path / "one", 160), run_on(2, tmp_path / "two", 90)
    assert report(one, two)[:2] == (0, "history.html\n")
    assert "▼ regression" in (tmp_path / "history.html").read_text()
    assert report(one, two, "--out", "there.html")[:2] == (0, "there.html\n")
    assert (tmp_path / "there.html").read_bytes() == (tmp_path / "history.html").read_bytes()
    assert report(one)[:2] == (0, f"{one / 'report.html'}\n")


def test_markdown_and_json_say_the_same(tmp_path: Path, report) -> None:
    one, two = run_on(1, tmp_path / "one", 160), run_on(2, tmp_path / "two", 90)
    assert report(one, two, "--format", "md")[0] == 0
    text = (tmp_path / "history.md").read_text()
    assert "- ▼ regression: tuned on a: −35.0 points" in text
    assert "| tuned | 80.0 (" in text
    assert "▼ regression |" in text
    assert report(one, two, "--format", "json")[0] == 0
    history = History.model_validate_json((tmp_path / "history.json").read_text())
    assert history == load_history([one, two])


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--format", "csv"], ["--format", "one run only", "html, md or json"]),
        (["--format", "parquet"], ["--format", "one run only"]),
        (["--prices", "builtin:cpu"], ["--prices", "is for one run"]),
        (["--queries-per-month", "5"], ["--queries-per-month", "is for one run"]),
        (["--charts", "slides"], ["--charts", "is for one run"]),
        (["--format", "pdf"], ["--format", "one run only"]),
        (["--out", "nowhere/x.html"], ["nowhere/x.html", "cannot be written", "--out"]),
    ],
)
def test_what_is_for_one_run_is_refused_for_several(
    tmp_path: Path, report, arguments: list[str], parts: list[str]
) -> None:
    one, two = run_on(1, tmp_path / "one", 100), run_on(2, tmp_path / "two", 100)
    code, _, lines = report(one, two, *arguments)
    assert (code, len(lines)) == (2, 1)
    assert all(part in lines[0] for part in parts)


def edit(run: Path, change: Any) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    change(manifest)
    (run / "manifest.json").write_text(json.dumps(manifest))


def spoil_scores(run: Path) -> None:
    with Store.open(run) as store:
        store._db.execute("UPDATE judgements SET scores = '{\"exact_match\": 7.0}' WHERE recipe LIKE '%/a'")


def empty(run: Path) -> None:
    with Store.open(run) as store:
        store._db.execute("DELETE FROM answers")


SPOILINGS = {
    "no folder": (lambda run: run.rename(run.with_name("away")), "there is no such run folder"),
    "no manifest": (lambda run: (run / "manifest.json").unlink(), "manifest.json: there is no such file"),
    "no store": (lambda run: (run / "results.sqlite").unlink(), "results.sqlite: there is no such file"),
    "damaged manifest": (lambda run: (run / "manifest.json").write_text("{"), "cannot be read"),
    "damaged store": (lambda run: (run / "results.sqlite").write_bytes(b"x" * 9000), "cannot be opened"),
    "no time": (lambda run: edit(run, lambda manifest: manifest.update(created="long ago")), "is not a time"),
    "no rows": (empty, "holds no results yet"),
    "a score above 1": (spoil_scores, "cannot be read"),
}


@pytest.mark.parametrize("name", SPOILINGS)
def test_a_run_that_is_missing_or_damaged_ends_in_one_line(tmp_path: Path, report, name: str) -> None:
    one, two = run_on(1, tmp_path / "one", 100), run_on(2, tmp_path / "two", 100)
    spoil, part = SPOILINGS[name]
    spoil(two)
    code, _, lines = report(one, two)
    assert (code, len(lines)) == (2, 1)
    assert str(two) in lines[0]
    assert part in lines[0]
    assert not (tmp_path / "history.html").exists()


def test_the_order_of_times_heeds_their_zones(tmp_path: Path) -> None:
    times = {
        "early": "2026-05-01T23:00:00+09:00",
        "late": "2026-05-01T15:00:00",
        "last": "2026-05-01T12:00:00-04:00",
    }
    runs = [run_on(1, tmp_path / name, 100, created=created) for name, created in times.items()]
    for order in itertools.permutations(runs):
        assert [run.name for run in load_history(order).runs] == ["early", "late", "last"]
