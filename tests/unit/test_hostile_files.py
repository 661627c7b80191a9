# ruff: noqa: E501 - the content of a file stands in one line
"""Files made to take all memory, disk or time are one line within seconds, in bounded memory."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from harness.analysis.rows import load_rows
from harness.config import load_experiment
from harness.errors import InputError
from harness.gate.baseline import load_baseline
from harness.gate.spec import load_gate
from harness.runs.manifest import read_manifest
from harness.tasks.corpus import read_corpus
from harness.tasks.fields import FieldNames
from harness.tasks.items import read_split
from harness.tasks.loading import load_task
from harness.tasks.spec import CorpusSource, Source
from reports.history.reading import stored_verdict
from reports.server.folders import Entry
from reports.server.status import status_of
from strategies.retrieval.index_files import META, read_meta, save_files
from tests.unit._gate import first, made

MOST_S = 12.0
KILO = b"0" * 1000


def refused(read: Callable[..., Any], *arguments: Any) -> str:
    start = time.process_time()
    with pytest.raises(InputError) as caught:
        read(*arguments)
    assert time.process_time() - start < MOST_S
    assert "\n" not in str(caught.value)
    return str(caught.value)


def rows(path: Path) -> list[Any]:
    return list(read_split(Source(path=path.name), "test", FieldNames(), path.parent))


# --- YAML ---

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
MERGES = "a0: &a0 {k: v}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)
)
YAML = {
    "anchors": (LAUGHS, "more than 100,000 values"),
    "merges": (MERGES, "more than 100,000 values"),
    "itself": ("a: &a [*a]", "referred to within itself"),
    "deep flow": ("[" * 20_000, "nested too deeply"),
    "deep blocks": ("- " * 5_000 + "x", "nested too deeply"),
    "deep anchors": ("- &a0 [x]\n" + "".join(f"- &a{n} [*a{n - 1}]\n" for n in range(1, 400)), "nested too"),
    "a long list": ("a: [" + "x, " * 300_000 + "]", "more than 100,000 values"),
    "a decimal number": ("limit: " + "9" * 100_000, "100,000 digits"),
    "a hexadecimal number": ("limit: 0x" + "f" * 100_000, "100,002 digits"),
    "a number of base 60": ("limit: 1" + ":59" * 100_000, "digits"),
    "a float of base 60": ("limit: 1" + ":59" * 100_000 + ".5", "digits"),
    "too large": ("# " + "x" * (1 << 20), "more than the 1,048,576 that such a file may have"),
}


@pytest.mark.parametrize("name", YAML)
@pytest.mark.parametrize("read", [load_experiment, load_task, load_gate])
def test_yaml_is_bounded(tmp_path: Path, name: str, read: Callable[[Path], Any]) -> None:
    text, part = YAML[name]
    (tmp_path / "a.yaml").write_text(text)
    assert part in refused(read, tmp_path / "a.yaml")


# --- Rows ---


def _json_bomb(value: str) -> bytes:
    return b'{"input": "x", "target": ' + value.encode() + b"}\n"


ROWS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "deep": ("a.jsonl", lambda: _json_bomb("[" * 100_000 + "]" * 100_000), "nested too deeply"),
    "less deep": ("a.jsonl", lambda: _json_bomb("[" * 150 + "]" * 150), "nested too deeply"),
    "deep list": ("a.json", lambda: b"[" * 100_000, "nested too deeply"),
    "integer": ("a.jsonl", lambda: _json_bomb("9" * 100_000), "a number has 100,000 digits"),
    "integer of 1,000 digits": ("a.jsonl", lambda: _json_bomb("9" * 1000), "a number has 1,000 digits"),
    "float": ("a.jsonl", lambda: _json_bomb("1e999"), "is not a finite number"),
    "many lists": ("a.json", lambda: b"[" + b"[]," * 5_000_000 + b"[]]", "more than 4,000,000 objects"),
    "a line": ("a.jsonl", lambda: _json_bomb('"' + "x" * (17 << 20) + '"'), "longer than 16,777,216"),
    "columns": ("a.csv", lambda: b",".join(b"c%d" % n for n in range(100_000)) + b"\n", "100,000 columns"),
    "equal columns": ("a.csv", lambda: b"c," * 9_000 + b"c\n", "stands twice"),
    "a field": ("a.csv", lambda: b'input,target\n"' + KILO * 100_000 + b'",1\n', "longer than 16,777,216"),
    "a field of lines": ("a.csv", lambda: b'input,target\n"' + b"x\n" * 9_000_000, "longer than 16,777,216"),
    "gzip": ("a.jsonl", lambda: gzip.compress(b'{"input": "x", "target": "y"}\n' * 3_000_000), "unpacks to more"),
    "gzip of a line": ("a.csv", lambda: gzip.compress(b"input,target\n" + KILO * 50_000), "longer than"),
    "nul bytes": ("a.jsonl", lambda: b"\x00" * (40 << 20), "holds a NUL byte"),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_rows_are_bounded(tmp_path: Path, name: str) -> None:
    file, content, part = ROWS[name]
    (tmp_path / file).write_bytes(content())
    assert part in refused(rows, tmp_path / file)


def test_a_small_parquet_file_of_three_gigabytes_is_refused(tmp_path: Path) -> None:
    text = pyarrow.array(["x" * 3_000_000]).dictionary_encode()
    column = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * 1000, pyarrow.int32()), text.dictionary)
    table = pyarrow.table({"input": column, "target": column})
    parquet.write_table(table, tmp_path / "a.parquet", compression="zstd", store_schema=False)
    assert (tmp_path / "a.parquet").stat().st_size < 5000
    assert "holds more than 67,108,864 bytes" in refused(rows, tmp_path / "a.parquet")


def test_a_packed_arrow_file_is_refused(tmp_path: Path) -> None:
    table = pyarrow.table({"input": ["x" * 100_000_000], "target": ["y"]})
    options = pyarrow.ipc.IpcWriteOptions(compression="zstd")
    with pyarrow.ipc.new_file(str(tmp_path / "a.arrow"), table.schema, options=options) as writer:
        writer.write_table(table)
    assert "holds more than" in refused(rows, tmp_path / "a.arrow")


def test_a_table_of_very_many_columns_is_refused(tmp_path: Path) -> None:
    table = pyarrow.table({f"c{n}": [1] for n in range(20_000)})
    with pyarrow.ipc.new_stream(str(tmp_path / "a.arrow"), table.schema) as writer:
        writer.write_table(table)
    assert "has 20,000 columns" in refused(rows, tmp_path / "a.arrow")


# --- Documents ---


def corpus(folder: Path) -> Any:
    return read_corpus(CorpusSource(path="docs"), folder)


def _docx(text: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("word/document.xml", text)

    return write


DOCUMENTS: dict[str, tuple[str, Callable[[Path], Any], str]] = {
    "docx": ("a.docx", _docx(b"<a>" + KILO * 100_000 + b"</a>"), "unpacks to more than 67,108,864"),
    "entities": ("a.docx", _docx(b"<!DOCTYPE a [<!ENTITY a 'b'>]><a>&a;</a>"), "declares entities"),
    "markup": ("a.html", lambda p: p.write_bytes(b"<![CDATA[" * 1_000_000), "a.html ("),
    "large page": ("a.html", lambda p: p.write_bytes(b"x" * (33 << 20)), "more than the 33,554,432"),
    "punycode": (
        "a.html", lambda p: p.write_bytes(b"<meta charset=punycode>-" + b"a9" * 500_000), "a.html (",
    ),
    "large text": ("a.md", lambda p: p.write_bytes(b"x" * (33 << 20)), "more than the 33,554,432"),
    "pages": (
        "a.pdf",
        lambda p: p.write_bytes(b"%PDF-1.4\n" + b"1 0 obj << /Type /Pages /Kids [1 0 R] /Count 99999999 >> endobj\n"),
        "a.pdf (",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_are_bounded(tmp_path: Path, name: str) -> None:
    file, write, part = DOCUMENTS[name]
    (tmp_path / "docs").mkdir()
    write(tmp_path / "docs" / file)
    assert part in refused(corpus, tmp_path)


@pytest.mark.parametrize("suffix", [".md", ".html", ".pdf", ".jsonl", ".csv", ".parquet", ""])
def test_what_is_no_file_is_left_out_of_a_corpus_and_a_link_out_of_it_is_not_followed(
    tmp_path: Path, suffix: str
) -> None:
    (tmp_path / "docs").mkdir()
    os.mkfifo(tmp_path / "docs" / f"pipe{suffix}")
    (tmp_path / "docs" / f"zero{suffix}").symlink_to("/dev/zero")
    assert f"pipe{suffix} (no plain file)" in refused(corpus, tmp_path)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "docs" / f"link{suffix}").symlink_to(tmp_path / "secret")
    line = refused(corpus, tmp_path)
    assert "a link that leads out of" in line or "is not read" in line or "without a suffix" in line


def test_a_folder_of_a_task_that_is_a_link_elsewhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    (tmp_path / "elsewhere.jsonl").write_text('{"input": "x", "target": "y"}\n')
    (tmp_path / "task" / "a.jsonl").symlink_to(tmp_path / "elsewhere.jsonl")
    (tmp_path / "task" / "docs").symlink_to("/etc")
    assert "a link that leads out of" in refused(rows, tmp_path / "task" / "a.jsonl")
    assert "a link that leads out of" in refused(corpus, tmp_path / "task")
    written = Source(path="../elsewhere.jsonl")
    assert len(list(read_split(written, "test", FieldNames(), tmp_path / "task"))) == 1


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet", "a.arrow", "a.json"])
def test_a_pipe_in_place_of_rows_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    assert "is a named pipe, not a regular file" in refused(rows, tmp_path / name)


# --- Run folders ---


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return made(tmp_path / "run", {"zero_shot": {"t": first(3)}, "lora": {"t": first(5)}}, {"t": 8})


@pytest.mark.parametrize(
    "name", ["manifest.json", "results.sqlite", "summary.json", "run.lock", "results.sqlite-journal", "results.sqlite-wal"]
)  # fmt: skip
def test_view_waits_for_no_pipe(run: Path, name: str) -> None:
    (run / name).unlink(missing_ok=True)
    os.mkfifo(run / name)
    found = status_of(Entry("run", run))
    if name not in ("summary.json", "run.lock"):
        assert "is a named pipe, not a regular file" in found.reason
        assert "is a named pipe" in refused(load_rows, run)
    assert stored_verdict(run) is None


def test_a_huge_manifest_or_baseline_is_not_read(run: Path) -> None:
    for name, read in (("manifest.json", read_manifest), ("baseline.json", load_baseline)):
        with (run / name).open("wb") as file:
            file.truncate(400 << 20)
        assert "has 419,430,400 bytes" in refused(read, run if name == "manifest.json" else run / name)


HOSTILE_SQL = {
    "a view without end": "DROP TABLE answers; CREATE VIEW results AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
    "SELECT i + 1 FROM n) SELECT 'zero_shot/t' recipe, 'zero_shot' strategy, 0 seed, i repeat, 't' task, "
    "'t-0000' item_id, '' key, NULL request, '{}' scores, NULL extracted, NULL error FROM n",
    "another table": "CREATE TABLE other (a)",
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON answers BEGIN DELETE FROM answers; END",
    "other columns": "ALTER TABLE items ADD COLUMN more GENERATED ALWAYS AS (item || item)",
    "no table": "DROP TABLE generations",
    "deep scores": "UPDATE judgements SET scores = '{\"exact_match\":' || replace(hex(zeroblob(50000)), '0', '[') || '}'",
    "no scores": "UPDATE judgements SET scores = 5",
    "bytes": "UPDATE judgements SET scores = X'FFFE'",
    "a huge number": "UPDATE judgements SET scores = '{\"exact_match\": ' || replace(hex(zeroblob(50000)), '0', '9') || '}'",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_SQL)
def test_a_hostile_store_is_one_line(run: Path, name: str) -> None:
    with closing(sqlite3.connect(run / "results.sqlite")) as db:
        db.executescript(HOSTILE_SQL[name])
    assert str(run) in refused(load_rows, run)


def test_a_file_that_is_no_database_is_one_line(run: Path) -> None:
    (run / "results.sqlite").write_bytes(b"SQLite format 3\x00" + b"x" * 5000)
    assert "cannot be opened" in refused(load_rows, run)


@pytest.mark.parametrize(
    "prompt", ["{{ {{ }}", "{% for a in b %}", "{{ input.center(999999999) }}", "{{ ''.__class__ }}"]
)
def test_a_manifest_whose_template_cannot_be_filled_is_one_line(run: Path, prompt: str) -> None:
    raw = json.loads((run / "manifest.json").read_text())
    raw["tasks"]["t"]["prompt"] = prompt
    (run / "manifest.json").write_text(json.dumps(raw))
    assert "template" in refused(load_rows, run) or "cannot be read" in refused(load_rows, run)


def test_an_index_names_no_file_outside_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    index = tmp_path / "index"
    index.mkdir()
    (index / META).write_text('{"format": 1, "files": {"vectors": "../precious"}}')
    assert read_meta(index) is None
    save_files(index, {"vectors": (".faiss", lambda write: write(b"x"))}, {})
    assert (tmp_path / "precious").exists()


# --- Memory ---


@pytest.mark.slow
def test_bombs_take_little_memory(tmp_path: Path) -> None:
    (tmp_path / "laughs.yaml").write_text(LAUGHS)
    packed = gzip.compress(b'{"input": "x", "target": "y"}\n' * 3_000_000)
    (tmp_path / "a.jsonl").write_bytes(packed)
    (tmp_path / "b.csv").write_bytes(b'input,target\n"' + KILO * 100_000)
    program = f"""
from pathlib import Path
from tests.unit.test_hostile_files import load_experiment, refused, rows
for read, name in ((load_experiment, "laughs.yaml"), (rows, "a.jsonl"), (rows, "b.csv")):
    refused(read, Path({str(tmp_path)!r}) / name)
print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))
"""
    root = Path(__file__).parents[2]
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root
    )
    assert int(found.stdout) < 900_000, "kilobytes"
