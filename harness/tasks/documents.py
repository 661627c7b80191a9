"""The text of a document from its file: plain text, Markdown, reStructuredText, HTML, Word, PDF."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

from harness.errors import InputError, MissingDependencyError
from harness.files import read_input
from harness.tasks.apart import read_apart
from harness.tasks.readers import most_unpacked, read_text
from harness.types import Document

_CHARSET = re.compile(rb"""<meta[^>]+charset=["']?([\w-]+)""", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""^\s*<\?xml[^>]+encoding=["']([\w-]+)""")
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LARGEST_PLAIN, _LARGEST_RICH = 32 << 20, 256 << 20
_MOST_PAGES = 10_000
_UNDERLINE = re.compile(r"^([=\-`:'\"~^_*+#<>.])\1{2,}\s*$")
_BLOCKS = frozenset(
    (
        "address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "figcaption",
        "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav",
        "ol", "option", "p", "pre", "section", "table", "tbody", "tfoot", "thead", "title", "tr", "ul",
    )
)  # fmt: skip
_CELLS = frozenset(("td", "th"))
_UNSHOWN = frozenset(("script", "style", "template", "noscript", "svg"))
_HEADINGS = frozenset(("h1", "title"))

PlainReader = Callable[[Path], tuple[str, str]]
"""Returns the title, "" where the file has none, and the text."""
RichReader = Callable[[Path], Iterator[str]]
"""Yields the title and then the text, in one part or several."""


def read_document(path: Path, document_id: str) -> Document:
    """Read one document by its suffix; a file of unknown suffix is read as plain text.

    The title is the first heading, or else the file's name. In Markdown a heading that opens the document is
    its title alone; the text begins after it.

    Raises:
        InputError: The file is missing, holds no text, or is not what its suffix says.
        MissingDependencyError: A PDF, and pypdf is not installed.
    """
    if (reading := RICH.get(path.suffix.lower())) is not None:
        title, *parts = read_apart(reading, path, _LARGEST_RICH)
        text = "\n\n".join(parts)
    else:
        title, text = PLAIN.get(path.suffix.lower(), _markdown)(path)
    if not text.strip():
        raise InputError(path, "", "the document is empty", "write something in it, or remove the file")
    return Document(id=document_id, text=text, title=title or path.stem)


def _markdown(path: Path) -> tuple[str, str]:
    text = read_text(path, _LARGEST_PLAIN).replace("\r\n", "\n")
    heading = next((line for line in text.split("\n") if line.startswith("# ")), "")
    body = text.lstrip().removeprefix(heading).lstrip("\n") if heading else text
    return heading.removeprefix("# ").strip(), body if body.strip() else text


def _restructured(path: Path) -> tuple[str, str]:
    """Return the first line that is underlined as the title."""
    text = read_text(path, _LARGEST_PLAIN).replace("\r\n", "\n")
    lines = text.split("\n")
    underlined = (a.strip() for a, b in pairwise(lines) if _UNDERLINE.match(b) and not _UNDERLINE.match(a))
    return next(filter(None, underlined), ""), text


class _Page(HTMLParser):
    """Collects what a page shows, one line for each block, and its first heading."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines, self.titles = list[list[str]]([[]]), dict[str, list[str]]()
        self._unshown, self._heading = 0, ""

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        if tag in _UNSHOWN:
            self._unshown += 1
        if tag in _BLOCKS:
            self.lines.append([])
        elif tag in _CELLS:
            self.lines[-1].append(" ")
        if tag in _HEADINGS and tag not in self.titles:
            self._heading, self.titles[tag] = tag, []

    def handle_startendtag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        if tag in _BLOCKS:
            self.lines.append([])

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSHOWN:
            self._unshown = max(0, self._unshown - 1)
        if tag in _BLOCKS:
            self.lines.append([])
        if tag == self._heading:
            self._heading = ""

    def handle_data(self, data: str) -> None:
        if self._heading:
            self.titles[self._heading].append(data)
        if self._heading != "title" and (not self._unshown):
            self.lines[-1].append(data)


def html_text(path: Path) -> Iterator[str]:
    """Yield the title and the text of a page, without limits."""
    page = _Page()
    page.feed(_decoded(path))
    page.close()
    lines = [text for line in page.lines if (text := " ".join("".join(line).split()))]
    titles = {tag: " ".join("".join(text).split()) for tag, text in page.titles.items()}
    title = titles.get("h1") or titles.get("title") or ""
    yield title
    yield "\n".join(lines[1:] if lines[:1] == [title] and len(lines) > 1 else lines)


def _decoded(path: Path) -> str:
    """Return the text of a page in the encoding that it names, or else in UTF-8."""
    data = read_input(path, _LARGEST_PLAIN)
    start = data[:2048]
    found = _CHARSET.search(start) or _XML_ENCODING.match(start)
    name = found[1].decode("ascii") if found else "utf-8"
    if name.lower() in ("utf-8", "utf8", "ascii", "us-ascii"):
        return read_text(path, _LARGEST_PLAIN)
    try:
        return data.decode(name)
    except (LookupError, ValueError):
        problem = "is not in the encoding that it names"
        raise InputError(path, "", problem, "save the file as UTF-8", name) from None


def word_text(path: Path) -> Iterator[str]:
    """Yield the title and the paragraphs of a .docx file, table cells divided by tabs; without limits."""
    try:
        with zipfile.ZipFile(path) as archive:
            part = archive.getinfo("word/document.xml")
            if part.file_size > (most := most_unpacked(path.stat().st_size)):
                raise ValueError(f"it unpacks to more than {most:,} bytes")
            data = archive.read(part)
        if b"<!DOCTYPE" in data[:1024] or b"<!ENTITY" in data:
            raise ValueError("it declares entities")
        body = ElementTree.fromstring(data).find(f"{_WORD}body")
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, OSError, ValueError, RuntimeError) as error:
        problem = f"is not a Word document: {error}"
        raise InputError(path, "", problem, "save it as .docx again, or as text") from None
    blocks = list(body) if body is not None else []
    lines = [_block(block) for block in blocks]
    title = next((_words(block) for block in blocks if _is_title(block) and _words(block)), "")
    yield title
    yield "\n".join(line for line in lines if line.strip())


def _block(block: ElementTree.Element) -> str:
    if block.tag != f"{_WORD}tbl":
        return _words(block)
    rows = [[_words(cell) for cell in row.iter(f"{_WORD}tc")] for row in block.iter(f"{_WORD}tr")]
    return "\n".join("\t".join(cells) for cells in rows)


def _words(block: ElementTree.Element) -> str:
    marks = {f"{_WORD}tab": "\t", f"{_WORD}br": "\n", f"{_WORD}cr": "\n"}
    parts = [
        (part.text or "") if part.tag == f"{_WORD}t" else marks.get(part.tag, "") for part in block.iter()
    ]
    return "".join(parts).strip()


def _is_title(block: ElementTree.Element) -> bool:
    style = block.find(f"{_WORD}pPr/{_WORD}pStyle")
    return style is not None and style.get(f"{_WORD}val", "") in ("Title", "Heading1")


def pdf_text(path: Path) -> Iterator[str]:
    """Yield "" and the text of each page of a PDF, without limits."""
    try:
        import pypdf
    except ModuleNotFoundError:
        raise MissingDependencyError(str(path), "pypdf", "documents") from None
    yield ""
    try:
        pages = pypdf.PdfReader(path).pages
        if len(pages) > _MOST_PAGES:
            raise ValueError(f"it has more than {_MOST_PAGES:,} pages")
        texts = (page.extract_text().strip() for page in pages)
        shown = 0
        for text in filter(None, texts):
            shown += 1
            yield text
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged PDF fails in many ways, each of which means the same
        raise InputError(path, "", f"cannot be read as PDF: {error}", "save it as text") from None
    if not shown:
        raise InputError(path, "", "holds no text, as a scanned PDF", "put it through text recognition")


PLAIN: dict[str, PlainReader] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".txt": _markdown,
    ".text": _markdown,
    ".rst": _restructured,
}
RICH: dict[str, RichReader] = {
    ".html": html_text,
    ".htm": html_text,
    ".xhtml": html_text,
    ".docx": word_text,
    ".pdf": pdf_text,
}
"""Suffix to the reader of a file that is one document; `read_apart` limits the rich ones."""
READABLE = frozenset({*PLAIN, *RICH})
