"""Where the user's cache is, and who keeps what there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.user_cache import cache_folder


def test_the_variables_in_their_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TRILEMMA_CACHE", "~/own")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "own"
    monkeypatch.setenv("TRILEMMA_CACHE", "")
    assert cache_folder() == tmp_path / "xdg" / "trilemma"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == tmp_path / ".cache" / "trilemma"


def test_without_a_home_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("TRILEMMA_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "expanduser", homeless)
    assert cache_folder() is None


def test_tests_stay_away_from_the_real_home() -> None:
    found = cache_folder()
    assert found
    assert not found.is_relative_to(Path.home() / ".cache")


def test_the_index_command_embeds_into_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from harness.cli.index import index
    from tests.unit._retrieval import WordEmbedder

    folders: list[Any] = []

    def load(name: str, folder: Path | None) -> WordEmbedder:
        folders.append(folder)
        return WordEmbedder()

    monkeypatch.setattr("harness.embedders.embedder.load_embedder", load)
    (tmp_path / "a.txt").write_text("Lunch is at noon.")
    for arguments in (["build", str(tmp_path / "a.txt"), "--out"], ["search"]):
        tail = ["lunch"] if arguments == ["search"] else []
        done = CliRunner().invoke(index, [*arguments, str(tmp_path / "index"), *tail])
        assert done.exit_code == 0, done.output
    assert folders == [cache_folder()] * 2
