"""Every file of a corpus folder is read, or named with the reason why not."""

from __future__ import annotations

import gzip
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError
from harness.tasks.apart import stop_idle
from harness.tasks.corpus import read_corpus
from harness.tasks.documents import read_document
from harness.tasks.loading import load_task
from harness.tasks.remarks import Remarks
from harness.tasks.spec import CorpusSource
from harness.types import Document


def read(folder: Path, **keys: Any) -> tuple[dict[str, Document], str]:
    """Return the documents of a folder by id, and what was remarked."""
    remarks = Remarks()
    found = read_corpus(CorpusSource(path=str(folder), **keys), Path(), remarks)
    return {document.id: document for document in found}, "\n".join(remarks.lines())


def pdf(text: str) -> bytes:
    """Return a PDF of one page with one line."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode() if text else b""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return data + head + b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(data)


def word(path: Path, *blocks: str) -> None:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "word/document.xml", f"<w:document {space}><w:body>{''.join(blocks)}</w:body></w:document>"
        )


def paragraph(text: str, style: str = "") -> str:
    look = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{look}<w:r><w:t>{text}</w:t></w:r></w:p>"


HTML = """<!DOCTYPE html><html><head><title>Site | Fees</title><style>p {color: red}</style></head>
<body><h1>Fees &amp; <em>costs</em></h1><script>var hidden = 1;</script><p>A transfer costs
two&nbsp;euros.</p><ul><li>One</li><li>Two</li></ul><table><tr><td>a</td><td>b</td></tr></table>line<br>break</body></html>"""


def test_a_folder_of_every_kind_is_read_and_the_rest_is_named(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / "sub" / ".git").mkdir(parents=True)
    (docs / "a.md").write_text("# Leave\n\nTen days.")
    (docs / "b.markdown").write_text("# Lunch\n\nAt noon.")
    (docs / "c.rst").write_text("=====\nRooms\n=====\n\nRoom 1 is green.\n")
    (docs / "d.html").write_text(HTML)
    (docs / "sub" / "e.txt").write_text("Plain text.")
    (docs / "sub" / ".git" / "no.md").write_text("no")
    word(docs / "f.docx", paragraph("Travel", "Title"), paragraph("By train."))
    (docs / "g.pdf").write_bytes(pdf("Invoices are paid on Friday."))
    (docs / "h.jsonl").write_text(json.dumps({"id": "row-1", "title": "T", "text": "A row."}) + "\n")
    (docs / "i.csv").write_text("id,text\nrow-2,Another row.\n")
    (docs / "picture.PNG").write_bytes(b"\x89PNG\x00" * 9)
    (docs / "sheet.xlsx").write_bytes(b"PK")
    (docs / "LICENSE").write_text("Do.")
    (docs / "scan.pdf").write_bytes(pdf(""))
    (docs / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    (docs / "broken.docx").write_bytes(b"PK no")
    (docs / "settings.json").write_text('{"a": 1}')
    (docs / "link").symlink_to(docs / "sub", target_is_directory=True)
    (docs / "dead.md").symlink_to(docs / "nowhere.md")
    (docs / "good.md").symlink_to(docs / "sub" / "e.txt")
    os.mkfifo(docs / "pipe.md")
    found, said = read(docs)
    assert {name: (each.title, each.text) for name, each in found.items()} == {
        "a": ("Leave", "Ten days."),
        "b": ("Lunch", "At noon."),
        "c": ("Rooms", "=====\nRooms\n=====\n\nRoom 1 is green.\n"),
        "d": ("Fees & costs", "A transfer costs two euros.\nOne\nTwo\na b\nline\nbreak"),
        "f": ("Travel", "Travel\nBy train."),
        "g": ("g", "Invoices are paid on Friday."),
        "good": ("good", "Plain text."),
        "row-1": ("T", "A row."),
        "row-2": ("", "Another row."),
        "sub/e": ("e", "Plain text."),
    }
    assert said.startswith("corpus: 10 documents read; left out: ")
    for part in (
        "LICENSE (a file without a suffix is not read)",
        "broken.docx (is not a Word document:",
        "broken.pdf (cannot be read as PDF:",
        "dead.md (a link to nothing)",
        "link (a link to a folder, which is not followed)",
        "picture.PNG (.PNG is not read)",
        "pipe.md (no plain file)",
        "scan.pdf (holds no text, as a scanned PDF)",
        "settings.json (has no columns id and text)",
        "sheet.xlsx (.xlsx is not read)",
    ):
        assert part in said
    assert "\n" not in said


def test_the_task_says_what_was_left_out(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("text")
    (tmp_path / "docs" / "b.xyz").write_text("text")
    (tmp_path / "rows.jsonl").write_text('{"input": "q", "target": "a"}\n')
    spec = {"name": "t", "kind": "generate", "metrics": ["exact_match"], "items": {"test": "rows.jsonl"}}
    (tmp_path / "task.yaml").write_text(json.dumps(spec | {"corpus": "docs"}))
    assert load_task(tmp_path).remarks == ("corpus: 1 document read; left out: b.xyz (.xyz is not read)",)


def test_a_folder_of_nothing_that_can_be_read_is_refused_with_the_names(tmp_path: Path) -> None:
    for number in range(25):
        (tmp_path / f"{number:02}.bin").write_bytes(b"\x00" * 9)
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    line = str(caught.value)
    assert "holds no document that can be read: 00.bin (.bin is not read), 01.bin" in line
    assert "and 5 more files" in line


def test_two_forms_of_one_document_both_stand(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("text")
    (tmp_path / "a.html").write_text("<p>page</p>")
    (tmp_path / "a.rst").write_text("more")
    found, _ = read(tmp_path)
    assert {name: each.text for name, each in found.items()} == {
        "a": "text",
        "a.html": "page",
        "a.rst": "more",
    }


@pytest.mark.parametrize("name", ["docs.jsonl", "docs.json", "docs.csv", "docs.jsonl.gz", "one.html"])
def test_one_file_may_be_the_corpus(tmp_path: Path, name: str) -> None:
    rows = '[{"id": "a", "text": "x"}]' if name != "docs.csv" else "id,text\na,x\n"
    data = b"<p>x</p>" if name == "one.html" else rows.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    found, said = read(tmp_path / name)
    assert [each.text for each in found.values()] == ["x"]
    assert said == ""


def test_a_page_is_read_in_the_encoding_that_it_names(tmp_path: Path) -> None:
    page = '<html><meta charset="iso-8859-1"><p>Straße</p></html>'
    (tmp_path / "a.html").write_bytes(page.encode("latin-1"))
    assert read_document(tmp_path / "a.html", "a").text == "Straße"
    (tmp_path / "a.html").write_bytes(page.replace("iso-8859-1", "none-such").encode("latin-1"))
    with pytest.raises(InputError, match="is not in the encoding that it names"):
        read_document(tmp_path / "a.html", "a")


def test_a_word_document_has_its_tables_and_no_entities(tmp_path: Path) -> None:
    cell = "<w:tc>{}</w:tc>"
    row = "<w:tr>" + cell.format(paragraph("a")) + cell.format(paragraph("b")) + "</w:tr>"
    word(tmp_path / "a.docx", paragraph("First."), f"<w:tbl>{row}</w:tbl>", paragraph(""))
    document = read_document(tmp_path / "a.docx", "a")
    assert (document.title, document.text) == ("a", "First.\na\tb")
    with zipfile.ZipFile(tmp_path / "b.docx", "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    with pytest.raises(InputError, match="it declares entities"):
        read_document(tmp_path / "b.docx", "b")


def test_without_pypdf_the_package_is_named(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    hiding, tmp_path = tmp_path_factory.mktemp("hiding"), tmp_path_factory.mktemp("documents")
    (hiding / "pypdf.py").write_text("raise ModuleNotFoundError(name='pypdf')")
    monkeypatch.syspath_prepend(hiding)
    stop_idle()  # what reads documents next finds modules where this program does
    (tmp_path / "a.md").write_text("text")
    (tmp_path / "b.pdf").write_bytes(pdf("x"))
    _, said = read(tmp_path)
    stop_idle()
    assert "b.pdf (needs the package pypdf, which is not installed)" in said
