"""Files of an index: named by content, written and read in parts, and replaced safely even under a kill."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from harness.errors import InputError
from harness.files import LARGEST_TEXT, open_input, read_input_text
from harness.strict_json import read_json

META = "meta.json"
_FORMAT = 1
_NAMED = re.compile(r"[a-z]+-[0-9a-f]{64}\.[a-z]+")
"""A file's name: its kind and the digest of its content."""
_LARGEST = 1 << 40
_PART_BYTES = 1 << 20

Write = Callable[[bytes], Any]


def save_files(
    folder: Path, contents: Mapping[str, tuple[str, Callable[[Write], None]]], meta: Mapping[str, Any]
) -> int:
    """Write the files of an index and ``meta.json``, and return their bytes on disk.

    Whoever opens the folder finds the old index or the new one, never a mixture: files are named by their
    content and ``meta.json``, replaced last, names them.

    Args:
        folder: Created where it is missing.
        contents: For every kind of file its suffix, and a function that writes it, part by part.
        meta: What ``meta.json`` says besides the names of the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = read_meta(folder) or {}
    files = {kind: _write_named(folder, kind, suffix, fill) for kind, (suffix, fill) in contents.items()}
    _write_meta(folder, {**meta, "format": _FORMAT, "files": files})
    for name in set(before.get("files", {}).values()) - set(files.values()):
        (folder / name).unlink(missing_ok=True)
    return sum((folder / name).stat().st_size for name in (*files.values(), META))


def replace_about(folder: Path, about: Mapping[str, Any]) -> None:
    """Save another ``about`` with the index in ``folder``, whose files stay.

    Raises:
        ValueError: There is no index.
    """
    meta = read_meta(folder)
    if meta is None:
        raise ValueError(f"{folder} holds no index")
    _write_meta(folder, {**meta, "about": about})


def read_meta(folder: Path) -> dict[str, Any] | None:
    """Return what ``meta.json`` holds; None when it is missing, damaged or of another format."""
    try:
        meta = read_json(read_input_text(folder / META, LARGEST_TEXT))
    except (InputError, ValueError):
        return None
    if not isinstance(meta, dict) or meta.get("format") != _FORMAT:
        return None
    files = meta.get("files")
    # The files named here are opened, and deleted when another index replaces this one.
    good = isinstance(files, dict) and all(isinstance(n, str) and _NAMED.fullmatch(n) for n in files.values())
    return meta if good else None


@contextlib.contextmanager
def opened_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file that is named by its content, after reading it once to verify its content.

    Raises:
        InputError: It is missing, or is not a file of this folder.
        ValueError: It is damaged.
    """
    with open_input(path, _LARGEST, within=path.parent) as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if not path.stem.endswith(digest):
            raise ValueError(f"{path.name} is not what was written")
        stream.seek(0)
        yield stream


def write_faiss(index: Any, write: Write) -> None:
    """Write a FAISS index part by part, so that it is not in memory twice."""
    import faiss

    writer = faiss.PyCallbackIOWriter(write, _PART_BYTES)  # type: ignore[attr-defined, unused-ignore]
    faiss.write_index(index, writer)


def read_faiss(stream: BinaryIO) -> Any:
    """Read a FAISS index part by part.

    Raises:
        RuntimeError: It does not hold a FAISS index.
    """
    import faiss

    reader = faiss.PyCallbackIOReader(stream.read, _PART_BYTES)  # type: ignore[attr-defined, unused-ignore]
    return faiss.read_index(reader)


def _write_named(folder: Path, kind: str, suffix: str, fill: Callable[[Write], None]) -> str:
    """Write a file named by its content, and return the name."""
    digest = hashlib.sha256()
    with _draft(folder, kind) as (draft, stream):

        def write(part: bytes) -> None:
            digest.update(part)
            stream.write(part)

        fill(write)
    name = f"{kind}-{digest.hexdigest()}{suffix}"
    draft.replace(folder / name)
    return name


def _write_meta(folder: Path, meta: Mapping[str, Any]) -> None:
    text = json.dumps(meta, ensure_ascii=True, indent=1, sort_keys=True)
    with _draft(folder, META) as (draft, stream):
        stream.write(text.encode("ascii"))
    draft.replace(folder / META)


@contextlib.contextmanager
def _draft(folder: Path, name: str) -> Iterator[tuple[Path, BinaryIO]]:
    """Open a new file that is on disk when the block ends, and deleted when it fails."""
    draft = folder / f".{name}.{os.getpid()}"
    try:
        with draft.open("wb") as stream:
            yield draft, stream
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
