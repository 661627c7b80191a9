"""What `trilemma run` does around the run itself."""

from __future__ import annotations

import weakref
from types import SimpleNamespace

from harness.cli import run as command
from harness.store import Store


class _Rows:
    """Stands for the rows of a run, which may be many."""


def test_rows_are_gone_before_the_report_reads_its_own(tmp_path, monkeypatch):
    from harness.analysis.rows import RunRows
    from harness.deciding import choosing

    summary = SimpleNamespace(errors=0, failures=(), model_dump_json=lambda indent: "{}")
    alive: list[weakref.ref[_Rows]] = []
    left: list[_Rows | None] = []

    def load(manifest, store):
        rows = _Rows()
        alive.append(weakref.ref(rows))
        return rows

    Store.open(tmp_path)._db.close()
    monkeypatch.setattr(command, "complete", lambda *arguments: None)
    monkeypatch.setattr(RunRows, "load", load)
    monkeypatch.setattr(choosing, "conclude", lambda rows: (summary, None))
    monkeypatch.setattr(command, "_finish", lambda *arguments: left.extend(ref() for ref in alive))
    assert command._run(None, tmp_path / "a.yaml", (), tmp_path, None) == 0  # type: ignore[arg-type]
    assert left == [None]
