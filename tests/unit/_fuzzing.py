# ruff: noqa: E501 - the data of good files stands in one line each
"""Files as somebody might damage them, by chance or on purpose, and everything of ours that reads them.

Run as ``python -m tests.unit._fuzzing SECONDS [FIRST_SEED]`` to look for long: each fault is printed once.
"""

from __future__ import annotations

import gzip
import io
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import yaml
from pyarrow import parquet

from harness.analysis.rows import load_rows
from harness.config import load_experiment
from harness.deciding.prices import builtin_sheets, load_prices
from harness.errors import InputError
from harness.gate.baseline import baseline_of, load_baseline, write_baseline
from harness.gate.spec import load_gate
from harness.tasks.corpus import read_corpus
from harness.tasks.fields import FieldNames
from harness.tasks.items import read_split
from harness.tasks.loading import load_task
from harness.tasks.spec import CorpusSource, Source
from reports.server.folders import Entry
from reports.server.status import status_of
from strategies.retrieval.index_files import read_meta
from tests.unit._gate import first, made
from tests.unit.test_tasks_documents import HTML, paragraph, pdf, word

SECONDS = 60.0
"""Longest time that reading one small file may take, on a machine that does much else."""

TOKENS = [
    b"&a ", b"*a", b"<<: *a", b"&b [*a, *a, *a]", b"!!python/name:os.system ", b"!!binary ", b"!!omap ",
    b"? ", b"- ", b": ", b"|", b">", b"[" * 200, b"{" * 200, b"]" * 200, b'{"a":' * 150, b"{}", b"[]", b"null",
    b"9" * 400, b"-1", b"1e999", b"NaN", b"-Infinity", b"0x" + b"f" * 500, b"1:" * 300 + b"1", b"2024-13-45",
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b'"\\ud800"', b"\\u0000", b'"', b"'", b"\\", b"\r",
    b"\n", b"\r\n", b",", b",,,,", b"\t", b";", b"#", b"{{ input * 99999999 }}", b"{{ 9 ** 9 ** 9 }}",
    b"{{ ''.__class__.__mro__ }}", b"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    b"{% if %}", b"{{", b"}}", b"<b>" * 300, b"<![CDATA[", b"<!--", b"<script>", b"&#x110000;", b"&amp" * 50,
    b"<meta charset=utf-7>", b"<meta charset=punycode>", b"/Length 99999999", b"stream", b"endobj", b"0 R",
    b"A" * 5000, b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"ARROW1", b"SQLite format 3",
]  # fmt: skip

Target = tuple[Callable[[Path], Any], str, bytes]
"""What reads, the name of the file, and what a good one holds; other files lie in the same folder."""


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return ``data`` changed in a few places."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(found) + 1)
        end = min(len(found), at + chance.choice((1, 2, 4, 16, 64)))
        match chance.randrange(6):
            case 0:
                del found[at:end]
            case 1:
                found[at:at] = chance.choice(TOKENS)
            case 2:
                found[at:end] = chance.choice(TOKENS)
            case 3:
                found[at:at] = found[at:end] * chance.choice((1, 3, 50))
            case 4:
                found[at:end] = chance.randbytes(end - at)
            case _:
                if at < len(found):
                    found[at] ^= 1 << chance.randrange(8)
    return bytes(found)


def _rows(name: str, form: Any = None) -> Callable[[Path], Any]:
    source = Source(path=name, format=form)
    return lambda folder: list(read_split(source, "test", FieldNames(), folder))


def _corpus(folder: Path) -> Any:
    return read_corpus(CorpusSource(path="docs"), folder)


def _run(folder: Path) -> Any:
    status_of(Entry("run", folder / "run"))
    return load_rows(folder / "run")


def _arrow(table: Any) -> bytes:
    sink = io.BytesIO()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def targets(folder: Path) -> dict[str, Target]:
    """Write good files into ``folder`` and return what reads each."""
    (folder / "docs").mkdir()
    rows = b'{"input": "one", "target": ["1", "uno"], "tags": ["n"], "id": 7}\n{"input": "two", "target": 2, "id": 8}\n'
    (folder / "test.jsonl").write_bytes(rows)
    table = pyarrow.table({"input": ["one", "two"], "target": ["1", "2"], "n": [[1.5], [2.5, 3.5]]})
    parquet.write_table(table, folder / "test.parquet", compression="zstd")
    word(folder / "docs" / "a.docx", paragraph("Travel", "Title"), paragraph("By train."))
    task = {
        "name": "t", "kind": "generate", "instruction": "Say {{ tags }}.", "prompt": "{{ input }}?",
        "metrics": ["exact_match", {"use": "contains"}], "items": {"test": "test.jsonl"}, "stop": ["\n"],
        "answer": {"extract": "regex", "pattern": "(a+)+$"}, "fields": {"target": "{{ target }}"},
    }  # fmt: skip
    experiment = {
        "name": "e", "model": {"path": "builtin:smollm2", "template_options": {"date": "2024-05-06"}},
        "tasks": ["task.yaml"], "strategies": {"zero_shot": {}, "rag+few_shot": {"rag": {"top_k": 3}}},
        "seeds": [0, 1], "temperature": 0.5,
    }  # fmt: skip
    gate = {
        "experiment": "e.yaml",
        "checks": [{"tasks": "*", "margin": 0.1, "against": "base"}],
        "alpha": 0.05,
    }
    run = made(folder / "run", {"zero_shot": {"t": first(3)}, "lora": {"t": first(5)}}, {"t": 8})
    write_baseline(baseline_of(load_rows(run), "lora", "why"), folder / "baseline.json")
    sheet = builtin_sheets()["own-cpu"]
    squad = b'{"data": [{"title": "T", "paragraphs": [{"context": "c", "qas": [{"id": "1", "question": "q", "answers": [{"text": "c"}]}]}]}]}'
    turns = b'[{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "weight": 1}]}]'
    shared = b'{"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}\n' * 2
    alpaca = b'[{"instruction": "i", "input": "x", "output": "o", "history": [["a", "b"]]}]'
    return {
        "experiment": (lambda f: load_experiment(f / "e.yaml"), "e.yaml", yaml.safe_dump(experiment).encode()),
        "task": (lambda f: load_task(f / "task.yaml"), "task.yaml", yaml.safe_dump(task).encode()),
        "gate": (lambda f: load_gate(f / "gate.yaml"), "gate.yaml", yaml.safe_dump(gate).encode()),
        "prices": (lambda f: load_prices(str(f / "p.yaml")), "p.yaml", sheet.read_bytes()),
        "jsonl": (_rows("a.jsonl"), "a.jsonl", rows),
        "wrapped": (_rows("a.json"), "a.json", b'{"test": [' + rows.replace(b"\n", b",") + b'{"input": "x", "target": "y"}]}'),
        "gzip": (_rows("a.jsonl"), "a.jsonl", gzip.compress(rows)),
        "csv": (_rows("a.csv"), "a.csv", b'input,target,tags\n"one, ""1""",1,a;b\n"two\nlines",2,"[""c""]"\n'),
        "tsv": (_rows("a.tsv"), "a.tsv", b"input\ttarget\none\t1\ntwo\t2\n"),
        "parquet": (_rows("a.parquet"), "a.parquet", (folder / "test.parquet").read_bytes()),
        "arrow": (_rows("a.arrow"), "a.arrow", _arrow(table)),
        "squad": (_rows("s.json", "squad"), "s.json", squad),
        "openai": (_rows("o.json", "openai"), "o.json", turns),
        "sharegpt": (_rows("g.jsonl", "sharegpt"), "g.jsonl", shared),
        "alpaca": (_rows("l.json", "alpaca"), "l.json", alpaca),
        "page": (_corpus, "docs/a.html", HTML.encode()),
        "word": (_corpus, "docs/a.docx", (folder / "docs" / "a.docx").read_bytes()),
        "pdf": (_corpus, "docs/a.pdf", pdf("Invoices are paid.")),
        "markdown": (_corpus, "docs/a.md", b"# Title\n\nText.\n"),
        "restructured": (_corpus, "docs/a.rst", b"=====\nRooms\n=====\n\nRoom 1.\n"),
        "table of documents": (_corpus, "docs/a.csv", b"id,title,text\n1,T,x\n2,,y\n"),
        "manifest": (_run, "run/manifest.json", (run / "manifest.json").read_bytes()),
        "results": (_run, "run/results.sqlite", (run / "results.sqlite").read_bytes()),
        "summary": (_run, "run/summary.json", b'{"verdict": {"line": "x", "winner": null}}'),
        "baseline": (lambda f: load_baseline(f / "baseline.json"), "baseline.json", (folder / "baseline.json").read_bytes()),
        "index": (lambda f: read_meta(f), "meta.json", b'{"format": 1, "dim": 3, "files": {"v": "v-0.faiss"}}'),
    }  # fmt: skip


def tried(folder: Path, target: Target, seed: int) -> float:
    """Damage one file, read it, put it back; return the seconds. Whatever is no `InputError` passes through."""
    read, name, good = target
    bad = mutated(good, random.Random(seed))
    (folder / name).write_bytes(bad)
    start = time.perf_counter()
    try:
        read(folder)
    except InputError:
        pass
    finally:
        if name.startswith("docs/"):
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(good)
        for left in (folder / "run").glob("results.sqlite-*"):
            left.unlink()
    return time.perf_counter() - start


def search(seconds: float, seed: int) -> None:
    """Look for faults for so long, and print each kind of fault once."""
    folder = Path(tempfile.mkdtemp(prefix="fuzzing-"))
    found, seen, tries = targets(folder), set[str](), dict[str, int]()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, target in found.items():
            seed += 1
            tries[name] = tries.get(name, 0) + 1
            try:
                took = tried(folder, target, seed)
                kind, text = f"{name}: slow", f"{took:.1f} s"
                if took < SECONDS:
                    continue
            except Exception as error:  # noqa: BLE001 - what is looked for
                frames = traceback.extract_tb(error.__traceback__)
                kind = f"{name}: {type(error).__name__} at {frames[-1].filename}:{frames[-1].lineno}"
                text = "".join(traceback.format_exception(error)[-8:])
            if kind not in seen:
                seen.add(kind)
                sys.stdout.write(f"=== {kind} (seed {seed})\n{text}\n")
                sys.stdout.flush()
    sys.stdout.write(
        f"tries: {sum(tries.values())} in {seconds:.0f} s over {len(tries)} kinds of file; {len(seen)} faults\n"
    )
    shutil.rmtree(folder)


if __name__ == "__main__":
    search(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
