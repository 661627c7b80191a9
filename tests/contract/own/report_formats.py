"""A format of reports as somebody else would write one, and one that breaks each contract."""

from __future__ import annotations

import html
import itertools
from collections.abc import Callable
from pathlib import Path

from reports.formats import Reported

_calls = itertools.count()


def good(reported: Reported, path: Path) -> None:
    """Write a page that names the strategies of a run, each with its own words."""
    names = "".join(f"<li>{html.escape(name)}</li>" for name in reported.run.summary.strategies)
    path.write_text(f"<!doctype html><html><body>{names}</body></html>", encoding="utf-8")


def numbered(reported: Reported, path: Path) -> None:
    good(reported, path)
    path.write_text(f"{path.read_text()} {next(_calls)}")


def always_the_same(reported: Reported, path: Path) -> None:
    reported.run  # noqa: B018 - refuses what is no run
    path.write_text("A run.")


def scribbles(reported: Reported, path: Path) -> None:
    good(reported, path)
    (reported.run_dir / "notes.txt").write_text("seen")


def asks_a_model(reported: Reported, path: Path) -> None:
    import torch

    good(reported, path)
    path.write_text(f"{path.read_text()} {torch.__version__}")


def takes_anything(reported: Reported, path: Path) -> None:
    path.write_text(reported.run_dir.name)


def begins_too_early(reported: Reported, path: Path) -> None:
    path.write_text("A run: ")
    good(reported, path)


def as_it_comes(reported: Reported, path: Path) -> None:
    good(reported, path)
    path.write_text(html.unescape(path.read_text(encoding="utf-8")), encoding="utf-8")


BREAKS: dict[str, list[Callable[[Reported, Path], None]]] = {
    "the_same_run_is_the_same_report_and_stays_as_it_is": [numbered, scribbles],
    "another_run_is_another_report": [always_the_same],
    "no_model_is_needed": [asks_a_model],
    "what_is_no_run_is_refused_in_one_line": [takes_anything, begins_too_early],
    "a_page_shows_hostile_words_and_does_nothing_with_them": [as_it_comes],
}
