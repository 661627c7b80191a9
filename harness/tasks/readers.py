"""Rows with the place they stand at, and how text files are read: whole, by lines, or as CSV."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from harness.errors import InputError, nearest, shorten
from harness.files import decoded, encoding_of

SUFFIXES = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".arrow": "arrow",
}
_LARGEST_CELL_CHARS = 2**31 - 1
_MARKS = {
    ";": "its columns are separated by semicolons: save it with commas",
    "\t": "its columns are separated by tabs: name it *.tsv",
    ",": "its columns are separated by commas: name it *.csv",
}
_GZIP = b"\x1f\x8b"
EXCEL = frozenset([".xls", ".xlsx", ".xlsm", ".xlsb", ".ods"])
HEADERLESS = "if line 1 is no header, name the columns: `{path: FILE, columns: [input, target]}`"


@dataclass(frozen=True)
class Row:
    """One record of a file: ``file`` and ``where`` ("line 3") say in an error where it stands.

    ``remarks`` are what reading has changed or passed over, in words that are the same for all such rows.
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


def _other_marks(columns: Iterable[str]) -> str:
    """Return the remedy for a table whose one column is a line with other marks; "" where it has several."""
    only, *others = columns
    if not others:
        for mark, remedy in _MARKS.items():
            if mark in only:
                return remedy
    return ""


@contextmanager
def _opened(path: Path) -> Iterator[None]:
    """Turn a file that cannot be read into one line."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(path, "", "there is no such file", "check the path") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(path, "", f"is not whole gzip: {error}", "pack the file again") from None
    except OSError as error:
        raise InputError(path, "", f"cannot be read: {error.strerror}", "give a readable file") from None


def suffix_of(path: Path) -> str:
    """Return the suffix that tells what is in a file, in small letters; that of gzip does not."""
    plain = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return plain.suffix.lower()


def _stream(path: Path, newline: str) -> IO[str]:
    """Open a text file, or one packed with gzip."""
    with path.open("rb") as stream:
        packed = stream.read(2) == _GZIP
    with gzip.open(path) if packed else path.open("rb") as stream:
        encoding, _ = encoding_of(stream.read(4))
    if packed:
        return gzip.open(path, "rt", encoding=encoding, newline=newline)
    return path.open(encoding=encoding, newline=newline)


def read_lines(path: Path, newline: str) -> Iterator[str]:
    """Yield the lines of a text file with their ends, without a byte order mark; one is held at a time.

    It is UTF-8, or UTF-16 or UTF-32 where its mark says so.

    Args:
        path: The file.
        newline: What ends a line, as `open` takes it.

    Raises:
        InputError: The file is missing, not UTF-8, or holds a NUL byte.
    """
    try:
        with _opened(path), _stream(path, newline) as stream:
            for line in stream:
                if "\x00" in line:
                    break
                yield line
            else:
                return
    except UnicodeDecodeError:
        pass
    read_text(path)  # tells where


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8, or in what its byte order mark says, without that mark.

    Raises:
        InputError: The file is missing, not UTF-8, or holds a NUL byte.
    """
    with _opened(path):
        data = path.read_bytes()
        if data.startswith(_GZIP):
            data = gzip.decompress(data)
    return decoded(data, path)


def read_csv(path: Path, columns: Sequence[str] = ()) -> Iterator[Row]:
    """Yield the rows of a CSV file (TSV when its suffix says so); every cell is text.

    Args:
        path: The file.
        columns: Names of its columns, of a file without a header.

    Raises:
        InputError: The header names a column twice or not at all, a row has more or fewer cells than the
            header, or a quote is not closed.
    """
    records = _csv_records(path, "\t" if suffix_of(path) == ".tsv" else ",")
    header = list(columns) or next(records, (0, list[str]()))[1]
    for name in header:
        if not name or header.count(name) > 1:
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
    reader = csv.reader(read_lines(path, ""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        before = csv.field_size_limit(_LARGEST_CELL_CHARS)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = f"is not CSV: {error}"
            raise InputError(path, f"line {line}", problem, "mend the quotes of that row") from None
        finally:
            csv.field_size_limit(before)
        if cells:
            yield line, cells
        line = reader.line_num + 1
