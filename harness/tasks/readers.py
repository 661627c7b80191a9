"""Rows with their place in the file, and how text is read within limits: whole, by lines, or as CSV."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import itertools
import os
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from harness.errors import InputError, nearest, shorten
from harness.files import (
    LARGEST_DATA,
    LARGEST_TEXT,
    decoded,
    encoding_of,
    open_input,
    undecodable,
    with_nul,
)

SUFFIXES = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".arrow": "arrow",
}
LONGEST_LINE = 16 << 20
"""Characters of a line, and of one record of CSV over all of its lines."""
MOST_COLUMNS = 10_000
_GZIP = b"\x1f\x8b"
_SPREADSHEET = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
SPREADSHEETS = frozenset([".xls", ".xlsx", ".xlsm", ".xlsb", ".ods"])
_MARKS = {
    ";": "its columns are separated by semicolons: save it with commas",
    "\t": "its columns are separated by tabs: name it *.tsv",
    ",": "its columns are separated by commas: name it *.csv",
}
_LEAST_UNPACKED, _MOST_TIMES = 64 << 20, 100
_PART_BYTES = 1 << 20
HEADERLESS = "if line 1 is no header, name the columns: `{path: FILE, columns: [input, target]}`"


@dataclass(frozen=True)
class Row:
    """One record of a file: ``file`` and ``where`` ("line 3") say in an error where it is.

    ``remarks`` say what reading has changed or skipped, in the same words for all such rows.
    """

    file: str
    where: str
    values: dict[str, Any]
    remarks: tuple[str, ...] = ()

    def having(self, values: dict[str, Any], *remarks: str) -> Row:
        """Return the row with other values and more remarks."""
        return replace(self, values=values, remarks=(*self.remarks, *remarks))

    def fault(self, field: str, problem: str, remedy: str, value: Any = None) -> InputError:
        """Return the error that names this row and one of its fields."""
        key = f"{self.where}, field {shorten(field, 60)}" if field else self.where
        return InputError(self.file, key, problem, remedy, value)

    def column(self, name: str) -> Any:
        """Return the value of a column that must be there.

        Raises:
            InputError: There is no such column, with the nearest name.
        """
        if name not in self.values:
            remedy = nearest(name, [shorten(known, 40) for known in self.values])
            if SUFFIXES.get(suffix_of(Path(self.file))) == "csv":
                remedy += f"; {_other_marks(self.values) or HEADERLESS}"
            raise self.fault(name, "is not there", remedy)
        return self.values[name]


def _other_marks(columns: Collection[str]) -> str:
    """Return the remedy for a table of one column with another separator in it; "" for several columns."""
    line = "".join(columns) if len(columns) == 1 else ""
    return next((remedy for mark, remedy in _MARKS.items() if mark in line), "")


def spreadsheet(path: Path) -> InputError:
    """Return the error of a workbook in place of a text file."""
    return InputError(path, "", "is a spreadsheet", "save its sheet as CSV, and name that file")


def most_unpacked(size: int) -> int:
    """Return how many bytes a packed file of ``size`` bytes may hold: more is a decompression bomb."""
    return max(_LEAST_UNPACKED, _MOST_TIMES * size)


def suffix_of(path: Path) -> str:
    """Return the suffix that tells what is in a file, in lower case; gzip's own is ignored."""
    plain = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return plain.suffix.lower()


class _Unpacked(io.RawIOBase):
    """The bytes of a gzip stream, up to a bound."""

    def __init__(self, packed: BinaryIO, path: Path) -> None:
        self._stream, self._path = gzip.GzipFile(fileobj=packed), path
        self._most = self._left = most_unpacked(os.fstat(packed.fileno()).st_size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._stream.read(len(buffer))
        self._left -= len(part)
        if self._left < 0:
            problem = f"unpacks to more than {self._most:,} bytes"
            raise InputError(self._path, "", problem, "give the file unpacked, or in parts")
        buffer[: len(part)] = part
        return len(part)


@contextmanager
def _opened(path: Path, largest: int) -> Iterator[io.BufferedReader]:
    """Open a file, unpacked where it is packed with gzip; a damaged file is a one-line error."""
    with open_input(path, largest) as stream:
        try:
            start = stream.read(4)
            if start in _SPREADSHEET:
                raise spreadsheet(path)
            packed = start.startswith(_GZIP)
            stream.seek(0)
            if packed:  # one that holds too much is refused before any row of it is made
                unpacked = _Unpacked(stream, path)
                while unpacked.read(_PART_BYTES):
                    pass
                stream.seek(0)
                yield io.BufferedReader(_Unpacked(stream, path), _PART_BYTES)
            else:
                yield stream
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(path, "", f"is not whole gzip: {error}", "pack the file again") from None
        except OSError as error:
            raise InputError(path, "", f"cannot be read: {error.strerror}", "give a readable file") from None


def read_lines(path: Path, newline: str) -> Iterator[str]:
    """Yield the lines of a text file with their ends, without a byte order mark; one is held at a time.

    It is UTF-8, or UTF-16 or UTF-32 where its mark says so.

    Args:
        path: The file.
        newline: What ends a line, as `open` takes it.

    Raises:
        InputError: The file is missing, not a regular file, too large, not UTF-8, holds a NUL byte, or a line
            that is too long.
    """
    try:
        with _opened(path, LARGEST_DATA) as stream:
            encoding, _ = encoding_of(stream.peek(4)[:4])
            text = io.TextIOWrapper(stream, encoding=encoding, newline=newline)
            for number in itertools.count(1):
                line = text.readline(LONGEST_LINE + 1)
                if "\x00" in line:
                    break
                if len(line) > LONGEST_LINE:
                    raise too_long(path, number)
                if not line:
                    return
                yield line
    except UnicodeDecodeError:
        pass
    _tell_where(path)


def too_long(path: Path, line: int) -> InputError:
    """Return the error of a line, or a record that begins there, that is too long."""
    problem = f"is longer than {LONGEST_LINE:,} characters"
    return InputError(path, f"line {line}", problem, "put less into one row, or look for a missing quote")


def too_many_columns(path: Path, where: str, n_columns: int) -> InputError:
    """Return the error of a table that is too wide."""
    problem = f"has {n_columns:,} columns, more than {MOST_COLUMNS:,}"
    return InputError(path, where, problem, "keep those that a prompt or an answer needs")


def _tell_where(path: Path) -> None:
    """Refuse a file that is not text, naming the first line that is not."""
    with _opened(path, LARGEST_DATA) as stream:
        encoding, name = encoding_of(stream.peek(4)[:4])
        decoder, line = codecs.getincrementaldecoder(encoding)(), 1
        while part := stream.read(_PART_BYTES):
            try:
                text = decoder.decode(part)
            except UnicodeDecodeError as error:
                raise undecodable(error, name, path, line) from None
            if "\x00" in text:
                raise with_nul(text, path, line)
            line += text.count("\n")
    raise InputError(path, f"line {line}", f"ends within a character of {name}", "save the file as UTF-8")


def read_text(path: Path, largest: int = LARGEST_TEXT) -> str:
    """Return the text of a file in UTF-8, or in what its byte order mark says, without that mark.

    Raises:
        InputError: The file is missing, not a regular file, too large, not UTF-8, or holds a NUL byte.
    """
    with _opened(path, largest) as stream:
        data = stream.read(largest + 1)
    if len(data) > largest:
        raise InputError(path, "", f"unpacks to more than {largest:,} bytes", "divide the file")
    return decoded(data, path)


def read_csv(path: Path, columns: Sequence[str] = ()) -> Iterator[Row]:
    """Yield the rows of a CSV file (TSV when its suffix says so); every cell is text.

    Args:
        path: The file.
        columns: Names of its columns, of a file without a header.

    Raises:
        InputError: The header names a column twice or not at all, or too many of them, a row has more or
            fewer cells than the header or is too long, or a quote is not closed.
    """
    records = _csv_records(path, "\t" if suffix_of(path) == ".tsv" else ",")
    header = list(columns) or next(records, (0, list[str]()))[1]
    if len(header) > MOST_COLUMNS:
        raise too_many_columns(path, "line 1", len(header))
    for name, times in Counter(header).items():
        if not name or times > 1:
            problem = "a column has no name" if not name else "a column name stands twice"
            remedy = f"give every column its own name; {HEADERLESS}"
            raise InputError(path, "line 1", problem, remedy, name or None)
    for line, cells in records:
        if len(cells) != len(header):
            problem = f"has {len(cells)} cells where {'`columns` names' if columns else 'the header has'}"
            problem += f" {len(header)}"
            raise InputError(path, f"line {line}", problem, "quote cells that hold commas or line breaks")
        yield Row(str(path), f"line {line}", dict(zip(header, cells, strict=True)))


def _csv_records(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line a record begins at and its cells; lines with nothing on them are skipped."""
    line, length = 1, 0

    def lines() -> Iterator[str]:
        nonlocal length
        for text in read_lines(path, ""):
            length += len(text)
            if length > LONGEST_LINE:
                raise too_long(path, line)
            yield text

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    while True:
        before, length = csv.field_size_limit(LONGEST_LINE), 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = f"is not CSV: {error}"
            raise InputError(path, f"line {line}", problem, "fix the quotes of that row") from None
        finally:
            csv.field_size_limit(before)
        if cells:
            yield line, cells
        line = reader.line_num + 1
