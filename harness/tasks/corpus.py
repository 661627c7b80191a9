"""The documents of a task: a folder of text and Markdown files, or a JSONL file."""

from __future__ import annotations

from pathlib import Path

from harness.errors import InputError
from harness.tasks.json_rows import read_jsonl
from harness.tasks.readers import Row, read_text
from harness.tasks.spec import CorpusSource
from harness.types import Document

_SUFFIXES = (".md", ".txt")


def read_corpus(source: CorpusSource, folder: Path) -> tuple[Document, ...]:
    """Read the documents, ordered by path or as the JSONL file has them.

    In a folder a document's id is its path without the suffix, and its title the first line that begins with
    "# ", or else the file's name. Files and folders whose name begins with "." are passed over.

    Raises:
        InputError: The corpus is missing, empty, not UTF-8, or has an id twice; the file is named.
    """
    path = folder / Path(source.path).expanduser()
    if path.is_dir():
        documents = _from_folder(path)
    elif path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        documents = [_from_row(row, source) for row in read_jsonl(path)]
    elif path.exists():
        raise InputError(path, "", "is neither a folder nor a .jsonl file", "correct corpus in task.yaml")
    else:
        raise InputError(path, "", "there is no such corpus", "correct corpus in task.yaml")
    if not documents:
        remedy = f"add {' or '.join(_SUFFIXES)} files" if path.is_dir() else "add lines"
        raise InputError(path, "", "the corpus is empty", remedy)
    _check_ids(documents, path)
    return tuple(documents)


def _from_folder(folder: Path) -> list[Document]:
    documents = []
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if hidden or path.suffix.lower() not in _SUFFIXES or not path.is_file():
            continue
        if not _is_text(str(relative)):
            raise InputError(folder, ascii(str(relative)), "the file's name is not UTF-8", "rename the file")
        documents.append(read_document(path, relative.with_suffix("").as_posix()))
    return documents


def read_document(path: Path, document_id: str) -> Document:
    """Read one text or Markdown file; its title is the first line that begins with "# ", or its name.

    A heading that opens the document is its title alone; the text begins after it.

    Raises:
        InputError: The file is missing, empty or not UTF-8.
    """
    text = read_text(path).replace("\r\n", "\n")
    if not text.strip():
        raise InputError(path, "", "the document is empty", "write something in it, or remove the file")
    heading = next((line for line in text.split("\n") if line.startswith("# ")), "")
    title = heading.removeprefix("# ").strip() or path.stem
    body = text.lstrip().removeprefix(heading).lstrip("\n") if heading else text
    return Document(id=document_id, text=body if body.strip() else text, title=title)


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
