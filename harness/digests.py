"""Digests: what makes two things the same thing."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def canonical_json(value: Any) -> str:
    """Return ``value`` as JSON with sorted keys and no spare white space, so equal values give equal text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def digest_of(value: Any) -> str:
    """Return the sha256 of the canonical JSON of ``value``, as 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def digest_of_all(values: Iterable[Any]) -> str:
    """Return one digest of many values in their order, one of which is held at a time."""
    digest = hashlib.sha256()
    for value in values:
        digest.update(canonical_json(value).encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()


def digest_of_text(text: str) -> str:
    """Return the sha256 of ``text`` in UTF-8, as 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def digest_of_file(path: Path) -> str:
    """Return the sha256 of the bytes of ``path``, as 64 hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_of_files(paths: Iterable[Path]) -> str:
    """Return one digest of several files: of their names and contents, whatever the order given.

    Files of one name in several folders all count.
    """
    return digest_of(sorted((path.name, digest_of_file(path)) for path in paths))


def code_digest(kind: type) -> str:
    """Return the digest of the file that a class is written in; "" of one that was typed in."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return digest_of_file(Path(file)) if file and Path(file).is_file() else ""
