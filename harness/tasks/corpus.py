"""The documents of a task: a folder of files, each a document or a table of them, or one such file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.errors import InputError
from harness.files import check_place
from harness.tasks.documents import READABLE, read_document
from harness.tasks.json_rows import read_jsonl
from harness.tasks.readers import SUFFIXES, Row, read_csv, suffix_of
from harness.tasks.remarks import Remarks
from harness.tasks.spec import CorpusSource
from harness.tasks.tables import read_arrow, read_parquet
from harness.types import Document

_MAY_FAIL = (".html", ".htm", ".xhtml", ".docx", ".pdf")
"""Suffixes of files that often hold no readable text: left out and named, where plain text is an error."""
_NAMED = 20


def read_corpus(source: CorpusSource, folder: Path, remarks: Remarks | None = None) -> tuple[Document, ...]:
    """Read the documents, ordered by path or as the file has them.

    In a folder a document's id is its path without the suffix. Files and folders whose name begins with "."
    are skipped. Anything else that is not read is named in a remark.

    Args:
        source: Where the documents are, and the columns of tables.
        folder: What a relative path starts from.
        remarks: Told what was left out.

    Raises:
        InputError: The corpus is missing, empty, not UTF-8, or has an id twice; the file is named.
    """
    path = folder / Path(source.path).expanduser()
    left_out: list[str] = []
    check_place(path, folder)
    if path.is_dir():
        documents = _from_folder(path, source, left_out)
    elif not path.exists():
        raise InputError(path, "", "there is no such corpus", "correct corpus in task.yaml")
    elif suffix_of(path) in SUFFIXES:
        documents = [_from_row(row, source) for row in _rows(path, source.columns)]
    elif path.suffix.lower() in READABLE:
        documents = [read_document(path, path.stem)]
    else:
        problem = "is neither a folder nor a .jsonl file, nor another file of documents"
        raise InputError(path, "", problem, "correct corpus in task.yaml")
    said = _said(left_out)
    if not documents:
        remedy = "add .md or .txt files" if path.is_dir() else "add lines"
        problem = f"holds no document that can be read: {said}" if said else "the corpus is empty"
        raise InputError(path, "", problem, remedy)
    _check_ids(documents, path)
    if said and remarks:
        n = len(documents)
        remarks.add(f"corpus: {n} document{'' if n == 1 else 's'} read; left out: {said}")
    return tuple(documents)


def _said(left_out: list[str]) -> str:
    more = f" and {len(left_out) - _NAMED} more files" if len(left_out) > _NAMED else ""
    return ", ".join(left_out[:_NAMED]) + more


def _from_folder(folder: Path, source: CorpusSource, left_out: list[str]) -> list[Document]:
    """Read the files of a folder; ``left_out`` takes the names of those not read, with the reason."""
    documents: list[Document] = []
    paths = sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix())
    taken = {path.relative_to(folder).with_suffix("").as_posix() for path in paths if _is_usual(path)}
    for path in paths:
        relative = path.relative_to(folder)
        if any(part.startswith(".") for part in relative.parts) or _is_plain_folder(path):
            continue
        if not _is_text(str(relative)):
            raise InputError(folder, ascii(str(relative)), "the file's name is not UTF-8", "rename the file")
        name, suffix = relative.as_posix(), path.suffix.lower()
        document_id = relative.with_suffix("").as_posix()
        if document_id in taken and not _is_usual(path):
            document_id = name  # the same document in two forms, or another of that name
        try:
            found = _from_file(path, folder, document_id, source)
        except InputError as error:
            if suffix not in _MAY_FAIL and suffix_of(path) not in SUFFIXES:
                raise
            left_out.append(f"{name} ({error.problem})")
            continue
        if isinstance(found, str):
            left_out.append(f"{name} ({found})")
        else:
            documents += found
            taken.update(document.id for document in found)
    return documents


def _is_usual(path: Path) -> bool:
    return path.suffix.lower() in (".md", ".txt")


def _is_plain_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _from_file(path: Path, folder: Path, document_id: str, source: CorpusSource) -> list[Document] | str:
    """Return the documents of one file of a folder, or why it is not read."""
    if path.is_dir():
        return "a link to a folder, which is not followed"
    if not path.exists():
        return "a link to nothing"
    if not path.is_file():
        return "no plain file"
    check_place(path, folder)
    if suffix_of(path) in SUFFIXES:
        rows = list(_rows(path, source.columns))
        if not all(source.text in row.values and source.id in row.values for row in rows):
            return f"has no columns {source.id} and {source.text}"
        return [_from_row(row, source) for row in rows]
    if path.suffix.lower() not in READABLE:
        return f"{path.suffix} is not read" if path.suffix else "a file without a suffix is not read"
    return [read_document(path, document_id)]


def _rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Return the rows of a table of documents."""
    if (kind := SUFFIXES[suffix_of(path)]) == "csv":
        return read_csv(path, columns)
    return {"parquet": read_parquet, "arrow": read_arrow, "jsonl": read_jsonl}[kind](path)


def _from_row(row: Row, source: CorpusSource) -> Document:
    identifier = row.column(source.id)
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        identifier = str(identifier)
    title = row.values.get(source.title) or ""
    if source.title != "title":
        title = row.column(source.title) or ""
    values = {source.id: identifier, source.title: title, source.text: row.column(source.text)}
    for name, value in values.items():
        if not isinstance(value, str) or "\x00" in value or not _is_text(value):
            raise row.fault(name, "must be text", "give a string", value)
        if name != source.title and not value.strip():
            raise row.fault(name, "is empty", "give a text, or remove the line")
    return Document(id=identifier, title=title, text=values[source.text])


def _is_text(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _check_ids(documents: list[Document], path: Path) -> None:
    seen = set()
    for document in documents:
        if document.id in seen:
            raise InputError(path, "id", "two documents have the same id", "give each its own", document.id)
        seen.add(document.id)
