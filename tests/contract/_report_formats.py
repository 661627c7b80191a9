"""What every format of reports keeps to: of one run, and of the history of several."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from reports.formats import FORMATS, HISTORY_FORMATS, Reported
from tests.contract._contracts import contract, refused
from tests.unit._report import Words, made_run

HOSTILE = "</script><img src=x onerror=alert(1)>"
Write = Callable[[Path, Path], None]


def of_one_run(name: str) -> Write:
    """Return what writes a run folder in a format."""
    return lambda run_dir, path: FORMATS[name](Reported(run_dir), path)


def of_history(name: str) -> Write:
    """Return what writes the history of a run folder with itself in a format."""

    def write(run_dir: Path, path: Path) -> None:
        path.write_text(HISTORY_FORMATS[name]([run_dir]), encoding="utf-8")

    return write


def found() -> dict[str, Write]:
    """Return every format that there is."""
    return {
        **{name: of_one_run(name) for name in FORMATS},
        **{f"history as {name}": of_history(name) for name in HISTORY_FORMATS},
    }


@dataclass
class Tried:
    """A format, and runs that it writes."""

    write: Write
    folder: Path

    def written(self, run_dir: Path, name: str) -> bytes:
        """Write a run folder, and return the bytes."""
        path = self.folder / name
        self.write(run_dir, path)
        return path.read_bytes()

    @cached_property
    def run_dir(self) -> Path:
        """A made run."""
        return made_run(self.folder / "run", Words(strategy="a name 北京"))

    @cached_property
    def first(self) -> bytes:
        """What is written of it."""
        return self.written(self.run_dir, "first")

    @cached_property
    def hostile(self) -> bytes:
        """What is written of a run that has been called names."""
        words = Words(strategy=HOSTILE, answer=HOSTILE, question=HOSTILE)
        return self.written(made_run(self.folder / "hostile", words), "of the hostile")


formats = contract("report formats")


@formats
def the_same_run_is_the_same_report_and_stays_as_it_is(tried: Tried) -> None:
    before = _state(tried.run_dir)
    assert tried.first == tried.written(tried.run_dir, "second")
    assert _state(tried.run_dir) == before


def _state(folder: Path) -> dict[str, bytes]:
    """Return the files of a run, without those that SQLite keeps beside its own."""
    beside = (".sqlite-wal", ".sqlite-shm")
    kept = (path for path in folder.rglob("*") if path.is_file() and path.suffix not in beside)
    return {str(path): path.read_bytes() for path in kept}


@formats
def another_run_is_another_report(tried: Tried) -> None:
    assert tried.first != tried.hostile


@formats
def no_model_is_needed(tried: Tried) -> None:
    run_dir = tried.run_dir
    with pytest.MonkeyPatch.context() as patched:
        for library in ("torch", "transformers", "sentence_transformers", "faiss"):
            patched.setitem(sys.modules, library, None)
        assert tried.written(run_dir, "third")


@formats
def what_is_no_run_is_refused_in_one_line(tried: Tried) -> None:
    (tried.folder / "empty").mkdir(exist_ok=True)
    damaged = made_run(tried.folder / "damaged")
    (damaged / "manifest.json").write_text("{")
    for run_dir in (tried.folder / "empty", tried.folder / "gone", damaged):
        with refused("what is no run", run_dir.name):
            tried.written(run_dir, "nothing")
        assert not (tried.folder / "nothing").exists(), "a file of what was refused"


@formats
def a_page_shows_hostile_words_and_does_nothing_with_them(tried: Tried) -> None:
    page = tried.hostile.decode("utf-8", "replace").lower()
    assert "<html" not in page or HOSTILE not in page
