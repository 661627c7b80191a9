"""Files that are either as before or whole."""

from __future__ import annotations

from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Replace a file whole, so that a kill leaves the old one or the new one; text is UTF-8.

    What stands there and is no plain file, such as ``/dev/stdout``, is written to as it is.

    Raises:
        OSError: It cannot be written.
    """
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    if path.is_symlink() or (path.exists() and not path.is_file()):
        path.write_bytes(data)
        return
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(data)
    draft.replace(path)
