"""Which run folders are shown; a request can only name one of these, by a key that contains no path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from harness.digests import digest_of
from harness.errors import InputError
from harness.runs.lock import LOCK
from harness.runs.manifest import MANIFEST
from harness.runs.schema import FILE_NAME

SUMMARY = "summary.json"
_FILES = (MANIFEST, FILE_NAME, SUMMARY, LOCK)
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Entry:
    """A run folder. ``key`` names it in addresses; ``refusal`` says why it is not read, if so."""

    key: str
    path: Path
    refusal: str = ""


def check_root(root: Path) -> None:
    """Refuse what is not a folder of run folders.

    Raises:
        InputError: It is missing, not a folder, or a run folder itself.
    """
    if not root.is_dir():
        raise InputError(root, "", "there is no such folder", "name the folder that holds your run folders")
    if (root / MANIFEST).exists():
        raise InputError(root, "", "is itself a run folder", "name the folder that holds it", root.name)


def entries(root: Path) -> dict[str, Entry]:
    """Return the run folders of ``root`` by key, in the order of their names."""
    try:
        found = sorted(path for path in root.iterdir() if _looks_like_a_run(path))
    except OSError:
        return {}
    inside = root.resolve()
    return {entry.key: entry for entry in (Entry(_key(p.name), p, _refusal(p, inside)) for p in found)}


def _looks_like_a_run(path: Path) -> bool:
    try:
        return path.is_dir() and any((path / name).exists() for name in _FILES)
    except OSError:
        return False


def _refusal(path: Path, inside: Path) -> str:
    """Say which link points outside the folder of runs; empty if none does."""
    for each in (path, *(path / name for name in _FILES)):
        if not each.resolve().is_relative_to(inside):
            return f"{each.name} is a link that leads out of the folder of runs"
    return ""


def _key(name: str) -> str:
    """Return the name if it is plain, else a digest: no path, markup or special character gets into a key."""
    return name if _PLAIN.fullmatch(name) else f"~{digest_of(ascii(name))[:16]}"
