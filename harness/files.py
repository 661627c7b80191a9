"""Reading files within bounds, and writing them atomically."""

from __future__ import annotations

import codecs
import os
import stat
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

from harness.errors import InputError

LARGEST_SETTINGS = 1 << 20
"""Bytes of what people write by hand: an experiment, a task, a gate file, a price sheet."""
LARGEST_RECORD = 16 << 20
"""Bytes of what programs write of one thing: a manifest, a summary, a configuration."""
LARGEST_TEXT = 128 << 20
"""Bytes of a text that is held whole: a document, a list of rows, a baseline."""
LARGEST_DATA = 4 << 30
"""Bytes of data that is read a row at a time."""

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def open_input(
    path: Path, largest: int, *, within: Path | None = None, missing: str = "check the path"
) -> BufferedReader:
    """Open a regular file for reading bytes; nothing else is opened, so no pipe is waited for.

    Every file that somebody else may have written is read through this or `read_input`; a library that opens
    files by name is given one that `check_input` has passed.

    Args:
        path: The file; links are followed.
        largest: Bytes that it may have at most.
        within: A folder that no link may lead out of, where the path itself stands in it.
        missing: The remedy where there is no such file.

    Raises:
        InputError: It is missing, no regular file, too large, cannot be read, or stands outside ``within``.
    """
    try:
        if within is not None:
            check_place(path, within)
        _check(path, path.stat(), largest)
        stream = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except FileNotFoundError:
        raise InputError(path, "", "there is no such file", missing) from None
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(path, "", f"cannot be read: {_reason(error)}", "give a readable file") from None
    try:
        _check(path, os.fstat(stream.fileno()), largest)
    except BaseException:
        stream.close()
        raise
    return stream


def check_input(
    path: Path, largest: int, *, within: Path | None = None, missing: str = "check the path"
) -> int:
    """Refuse what `open_input` would refuse; return the size of the file in bytes."""
    with open_input(path, largest, within=within, missing=missing) as stream:
        return os.fstat(stream.fileno()).st_size


def read_input(
    path: Path, largest: int, *, within: Path | None = None, missing: str = "check the path"
) -> bytes:
    """Return the bytes of a regular file; see `open_input`."""
    with open_input(path, largest, within=within, missing=missing) as stream:
        try:
            data = stream.read(largest + 1)
        except OSError as error:
            raise InputError(path, "", f"cannot be read: {error.strerror}", "give a readable file") from None
    if len(data) > largest:  # it has grown
        raise _too_large(path, largest)
    return data


def read_input_text(
    path: Path, largest: int, *, within: Path | None = None, missing: str = "check the path"
) -> str:
    """Return the text of a regular UTF-8 file, without a byte order mark; see `open_input` and `decoded`."""
    return decoded(read_input(path, largest, within=within, missing=missing), path)


def encoding_of(start: bytes) -> tuple[str, str]:
    """Return the encoding that a byte order mark names, in Python's words and in people's; else UTF-8."""
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32", "UTF-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "UTF-16"
    return "utf-8-sig", "UTF-8"


def decoded(data: bytes, path: Path) -> str:
    """Return ``data`` as text, without a byte order mark: UTF-8, or what its mark says.

    Raises:
        InputError: It is not in that encoding or holds a NUL byte; the line in ``path`` is named.
    """
    encoding, name = encoding_of(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise undecodable(error, name, path) from None
    if "\x00" in text:
        raise with_nul(text, path)
    return text


def undecodable(error: UnicodeDecodeError, name: str, path: Path, line: int = 1) -> InputError:
    """Return the error of bytes that begin at a line of ``path`` and are not in the encoding ``name``."""
    line += error.object[: error.start].decode(error.encoding, "ignore").count("\n")
    problem = f"byte 0x{error.object[error.start]:02x} is not {name}"
    return InputError(path, f"line {line}", problem, "save the file as UTF-8")


def with_nul(text: str, path: Path, line: int = 1) -> InputError:
    """Return the error of a text that begins at a line of ``path`` and holds a NUL character."""
    line += text.count("\n", 0, text.index("\x00"))
    return InputError(path, f"line {line}", "holds a NUL byte", "give a text file")


def check_place(path: Path, within: Path) -> None:
    """Refuse a path in the folder ``within`` that a link leads out of it; one written as outside may be so.

    Raises:
        InputError: It does, or goes in a circle.
    """
    try:
        leads_out = not path.resolve().is_relative_to(within.resolve())
        with suppress(FileNotFoundError, NotADirectoryError):
            path.lstat()
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(path, "", f"cannot be read: {_reason(error)}", "give a readable file") from None
    if leads_out and _written(path).is_relative_to(_written(within)):
        raise InputError(path, "", f"is a link that leads out of {within}", "put the file itself there")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _written(path: Path) -> Path:
    return Path(os.path.normpath(path.absolute()))


def _check(path: Path, found: os.stat_result, largest: int) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = next((name for is_kind, name in _KINDS if is_kind(found.st_mode)), "no file")
        raise InputError(path, "", f"is {kind}, not a regular file", "give a regular file")
    if found.st_size > largest:
        raise _too_large(path, largest, found.st_size)


def _too_large(path: Path, largest: int, size: int | None = None) -> InputError:
    problem = (
        f"has {size:,} bytes, more than the {largest:,}" if size else f"has more than the {largest:,} bytes"
    )
    return InputError(path, "", f"{problem} that such a file may have", "give a smaller file")


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
