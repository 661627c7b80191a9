"""The charts of the report: their numbers are the run's, their SVG is harmless and follows the theme."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.cli.report import report
from harness.deciding.records import Decision
from harness.errors import InputError
from reports import charts, drawing, theme
from reports.charts._parts import short_names
from reports.drawing import Figure, themed_svg, write_figures
from reports.run_data import RunData, load_run
from tests.unit._report import Words, made_run

NAMES = ["differences", "cost-of-accuracy", "break-even", "kept"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    return load_run(made_run(tmp_path_factory.mktemp("charts") / "run"))


def figure(run: RunData, name: str) -> Figure:
    found = {each.name: each for each in charts.page_one(run.decision, run.summary.forgetting)}
    assert list(found) == NAMES
    return found[name]


def values(spec: Any) -> list[dict[str, Any]]:
    """All rows of data within a specification."""
    if isinstance(spec, list):
        return [row for each in spec for row in values(each)]
    if not isinstance(spec, dict):
        return []
    own = list(spec["values"]) if isinstance(spec.get("values"), list) and spec.get("values") else []
    rows = [row for row in own if isinstance(row, dict)]
    return rows + [row for each in spec.values() for row in values(each)]


def test_the_forest_plot_shows_every_challenger_and_what_is_proven(run: RunData) -> None:
    found = figure(run, "differences")
    rows = {row["name"]: row for row in values(found.spec) if "low" in row}
    challengers = [c for c in run.decision.candidates if c.strategy != run.decision.incumbent]
    assert list(rows) == [each.strategy for each in challengers]
    for each in challengers:
        shown = rows[each.strategy]
        drawn = (shown["low"], shown["value"], shown["high"])
        assert drawn == pytest.approx((100 * each.ci_low, 100 * each.difference, 100 * each.ci_high))
        assert shown["proven"] == ((each.p_holm or 1.0) < 0.05)
    assert {"from": -2.0, "to": 2.0} in values(found.spec)
    assert [row[0] for row in found.rows] == list(rows)


def test_the_frontier_is_drawn_through_what_is_proven_alone(run: RunData) -> None:
    def steps(decision: Decision) -> list[dict[str, Any]]:
        found = charts.cost_of_accuracy(decision)
        assert found is not None
        return [row for row in values(found.spec) if set(row) == {"cost", "score"}]

    line = run.decision.model_copy(update={"frontier": ("zero_shot", "lora")})
    by_name = {each.strategy: each for each in run.decision.candidates}
    wanted = [{"cost": by_name[n].per_1000, "score": 100 * by_name[n].mean} for n in ("zero_shot", "lora")]
    assert steps(line) == wanted
    alone = run.decision.model_copy(update={"frontier": ("zero_shot",)})
    assert steps(alone) == []


def test_break_even_lines_hold_what_is_paid_once_and_since(run: RunData) -> None:
    each = next(c for c in run.decision.candidates if c.strategy == "lora")
    rows = [row for row in values(figure(run, "break-even").spec) if row.get("name") == "lora"]
    assert len(rows) > 10
    for row in rows:
        assert row["cost"] == pytest.approx(each.once + each.per_1000 / 1000 * row["queries"])


def test_the_heat_map_hatches_what_is_not_proven(run: RunData) -> None:
    found = figure(run, "kept")
    cells = list({(row["x"], row["y"]): row for row in values(found.spec) if "fill" in row}.values())
    assert len(cells) == len(run.summary.forgetting)
    unproven = [each for each in run.summary.forgetting if each.ci_low <= 0 <= each.ci_high]
    lines = [row for row in values(found.spec) if set(row) == {"x", "y", "right", "below"}]
    assert 0 < len(unproven) < len(cells)
    assert len(lines) == len(unproven) * 5
    assert len({cell["fill"] for cell in cells}) > 1


def test_every_chart_has_title_description_and_table(run: RunData) -> None:
    for name in NAMES:
        found = figure(run, name)
        svg = str(themed_svg(found))
        assert found.title
        assert found.text
        assert found.rows
        assert all(len(row) == len(found.columns) for row in found.rows)
        assert f'aria-labelledby="{name}-title {name}-text"' in svg
        assert 'role="img"' in svg


def test_every_chart_is_valid_vega_lite(run: RunData) -> None:
    import altair

    for name in NAMES:
        altair.Chart.from_dict(figure(run, name).spec, validate=True)


def test_charts_take_their_colours_from_the_page(run: RunData) -> None:
    for name in NAMES:
        svg = str(themed_svg(figure(run, name)))
        assert "var(--ink)" in svg
        assert not re.search("#[0-9a-fA-F]{3,6}", svg), name


def test_names_cannot_become_markup(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\"]' onload=x {{7*7}} \u202e"
    bad = load_run(made_run(tmp_path / "run", Words(task=hostile.replace("/", "_"), label=hostile)))
    hostile += "\ud800"
    forgetting = [each.model_copy(update={"task": hostile}) for each in bad.summary.forgetting]
    renamed = [c.model_copy(update={"strategy": f"{c.strategy}{hostile}"}) for c in bad.decision.candidates]
    decision = bad.decision.model_copy(
        update={"candidates": tuple(renamed), "frontier": (), "currency": hostile}
    )
    for found in charts.page_one(decision, forgetting):
        svg = str(themed_svg(found))
        assert "<script" not in svg
        assert "onload=" not in re.sub(">[^<]*<", "><", svg)
        assert "\u202e" not in svg


@pytest.mark.parametrize("name", ["constructor", "hasOwnProperty", "__proto__", "toString", "", "1", "null"])
def test_a_name_that_scripts_know_is_a_name_like_any_other(run: RunData, name: str) -> None:
    candidates = [c.model_copy(update={"strategy": name}) for c in run.decision.candidates[:2]]
    decision = run.decision.model_copy(update={"candidates": tuple(candidates), "frontier": ()})
    forgetting = [each.model_copy(update={"task": name, "strategy": name}) for each in run.summary.forgetting]
    found = charts.page_one(decision, forgetting)
    assert [each.name for each in found] == NAMES
    assert all(f">{name}" in str(themed_svg(each)) for each in found)


def test_an_element_that_is_not_known_is_refused(run: RunData, monkeypatch: pytest.MonkeyPatch) -> None:
    wild = '<svg xmlns="http://www.w3.org/2000/svg"><foreignObject/></svg>'
    monkeypatch.setattr(drawing, "_convert", lambda figure, kind: wild)
    with pytest.raises(ValueError, match="foreignObject"):
        themed_svg(figure(run, "kept"))


def test_long_and_equal_names_stay_apart() -> None:
    found = short_names(["x" * 50 + "a", "x" * 50 + "b", "short"])
    assert len(set(found.values())) == 3
    assert all(len(name) <= 30 for name in found.values())


def test_losses_leave_out_what_is_no_number_and_thin_what_is_long() -> None:
    curve = [(float(step), 1.0 / (step + 1)) for step in range(5000)]
    found = charts.losses("l", {"training loss": [*curve, (5000.0, float("nan"))], "none": []})
    assert found is not None
    rows = [row for row in values(found.spec) if "loss" in row]
    assert len(rows) == 200
    assert (rows[0]["step"], rows[-1]["step"]) == (0.0, 4999.0)
    assert charts.losses("l", {"training loss": [(0.0, float("inf"))]}) is None


def test_charts_are_written_for_slides(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "run")
    done = CliRunner().invoke(report, [str(folder), "--charts", str(tmp_path / "slides")])
    assert done.exit_code == 0, done.output
    begins = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF"}
    for name in NAMES:
        for kind, start in begins.items():
            assert (tmp_path / "slides" / f"{name}.{kind}").read_bytes().startswith(start)
    assert theme.light("ink").encode() in (tmp_path / "slides" / "differences.svg").read_bytes()


def test_a_folder_that_cannot_be_written_is_one_line(run: RunData, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_figures([figure(run, "kept")], tmp_path / "file" / "folder")


def test_a_pdf_without_a_browser_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    folder = made_run(tmp_path / "run")
    done = CliRunner().invoke(report, [str(folder), "--format", "pdf"])
    assert isinstance(done.exception, InputError)
    assert "apt-get install" in str(done.exception)
    assert not (folder / "report.pdf").exists()


def test_the_colours_of_text_stand_out_in_both_themes() -> None:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    def contrast(a: str, b: str) -> float:
        high, low = sorted((light(a), light(b)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    texts = ["ink", "soft", "accent", "good", "bad", *(f"series-{n}" for n in range(1, 7))]
    for side in (0, 1):
        ground = theme.PALETTE["ground"][side]
        for name in texts:
            assert contrast(theme.PALETTE[name][side], ground) >= 4.5, (name, side)
        for name in ("loss-1", "loss-2", "gain-1", "gain-2", "panel", "best"):
            assert contrast(theme.PALETTE["ink"][side], theme.PALETTE[name][side]) >= 4.5, (name, side)
