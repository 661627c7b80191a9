"""Rows come back as they were written, and a faulty file is refused with file, line and field."""

from __future__ import annotations

import csv
import gzip
import json
import math
import re
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from harness.errors import InputError
from harness.tasks.fields import FieldNames
from harness.tasks.items import read_rows, read_split
from harness.tasks.json_rows import read_jsonl
from harness.tasks.readers import read_csv, read_text
from harness.tasks.spec import Format, Source
from harness.tasks.splits import check_ids
from harness.tasks.tables import read_parquet
from harness.types import TaskItem

STEADY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
ROWS = st.lists(st.fixed_dictionaries({"input": TEXT, "target": TEXT}), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


def refusal(function, *arguments) -> str:
    with pytest.raises(InputError) as caught:
        list(function(*arguments))
    line = str(caught.value)
    assert "\n" not in line
    return line


def items_of(path: Path, **fields) -> list[TaskItem]:
    return list(read_split(Source(path=path.name), "test", FieldNames(**fields), path.parent))


@given(rows=st.lists(st.dictionaries(TEXT, JSON_VALUES, max_size=4), max_size=5))
@settings(STEADY, max_examples=50)
def test_jsonl_round_trip(folder: Path, rows: list[dict[str, Any]]) -> None:
    path = folder / "rows.jsonl"
    path.write_text(
        "\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8", newline=""
    )
    assert [row.values for row in read_jsonl(path)] == rows


@given(rows=ROWS)
@settings(STEADY, max_examples=50)
def test_csv_round_trip(folder: Path, rows: list[dict[str, Any]]) -> None:
    path = folder / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["input", "target"], quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
    assert [row.values for row in read_csv(path)] == rows


@given(rows=ROWS)
@settings(STEADY, max_examples=25)
def test_parquet_round_trip(folder: Path, rows: list[dict[str, Any]]) -> None:
    path = folder / "rows.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    assert [row.values for row in read_parquet(path)] == rows


@given(rows=ROWS)
@settings(STEADY, max_examples=25)
def test_every_kind_of_file_gives_the_same_items(folder: Path, rows: list[dict[str, Any]]) -> None:
    (folder / "same.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "same.parquet")
    with (folder / "same.tsv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["input", "target"], delimiter="\t", quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
    expected = items_of(folder / "same.jsonl")
    assert [(item.input, item.targets) for item in expected] == [(r["input"], (r["target"],)) for r in rows]
    assert items_of(folder / "same.parquet") == expected
    assert items_of(folder / "same.tsv") == expected


@given(data=st.binary(max_size=60) | TEXT.map(str.encode) | JSON_VALUES.map(lambda v: json.dumps(v).encode()))
@settings(STEADY, max_examples=150)
def test_whatever_a_file_holds_it_is_read_or_refused(folder: Path, data: bytes) -> None:
    (folder / "any").write_bytes(data)
    forms: tuple[Format, ...] = ("jsonl", "csv", "parquet", "alpaca", "sharegpt", "openai")
    for form in forms:
        refused = None
        try:
            list(read_split(Source(path="any", format=form), "test", FieldNames(), folder))
        except InputError as error:
            refused = str(error)
        assert refused is None or refused.startswith(str(folder / "any"))


# --- Text files ---


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"\xef\xbb\xbfinput,target\nq,a\n")
    assert list(next(read_csv(path)).values) == ["input", "target"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_is_read_in_the_encoding_of_its_mark(tmp_path: Path, encoding: str, packed: bool) -> None:
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    rows = [{"input": "Wie viel kostet Öl, 1 €?", "target": "zwei\nZeilen"}, {"input": "漢字", "target": "a"}]
    table = f'{mark}input,target\r\n"{rows[0]["input"]}","{rows[0]["target"]}"\r\n漢字,a\r\n'
    lines = mark + "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    for name, text, reader in (("rows.csv", table, read_csv), ("rows.jsonl", lines, read_jsonl)):
        path = tmp_path / (f"{name}.gz" if packed else name)
        data = text.encode(encoding)
        path.write_bytes(gzip.compress(data) if packed else data)
        assert [row.values for row in reader(path)] == rows
        assert read_text(path) == text.removeprefix("\ufeff")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"good\nbad \xe9\n", "line 2: byte 0xe9 is not UTF-8; save the file as UTF-8"),
        ("text".encode("utf-16")[:-1], "line 1: byte 0x74 is not UTF-16"),
        ("text".encode("utf-16")[2:], "line 1: holds a NUL byte"),
        (b"one\ntwo\nthr\x00ee", "line 3: holds a NUL byte"),
    ],
)
def test_text_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(data)
    assert told in refusal(read_text, path)
    assert str(path) in refusal(read_text, path)


def test_missing_files_are_refused(tmp_path: Path) -> None:
    for reader, name in ((read_jsonl, "a.jsonl"), (read_csv, "a.csv"), (read_parquet, "a.parquet")):
        assert "there is no such file" in refusal(reader, tmp_path / name)
    assert "is a folder, not a regular file" in refusal(read_text, tmp_path)


# --- JSONL ---


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": 1}\n{"a": \n', "line 2: is not JSON"),
        ('{"a": 1}\n\n[1]\n', "line 3: must be a JSON object (got [1])"),
        ('{"a": 1}\nnull\n', "line 2: must be a JSON object"),
        ('"text"\n', "line 1: must be a JSON object"),
        ('{"a": NaN}\n', "line 1: is not usable JSON: NaN is not a JSON number"),
        ('{"a": ' + "9" * 5000 + "}\n", "line 1: is not usable JSON"),
        ('{"a": ' + "[" * 100_000 + "\n", "line 1"),
        ('[{"a": 1}, 2]', "entry 2: must be a JSON object"),
        ('[{"a": 1},\n2 3]', "line 2: is not JSON"),
    ],
)
def test_jsonl_faults_name_the_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(text, encoding="utf-8")
    line = refusal(read_jsonl, path)
    assert line.startswith(f"{path}: ")
    assert told in line
    assert len(line) < len(str(path)) + 300


def test_line_separators_inside_a_json_text_do_not_end_the_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"input": "a\u2028b\x85c"}\r\n', encoding="utf-8")
    assert next(read_jsonl(path)).values == {"input": "a\u2028b\x85c"}


def test_a_json_file_may_be_one_list(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text('[\n {"a": 1},\n {"a": 2}\n]', encoding="utf-8")
    assert [(row.where, row.values) for row in read_jsonl(path)] == [
        ("entry 1", {"a": 1}),
        ("entry 2", {"a": 2}),
    ]
    path.write_text('{"data": []}', encoding="utf-8")
    assert "must be a list of objects" in refusal(read_jsonl, path)


def test_a_huge_line_is_read(tmp_path: Path) -> None:
    huge = "x" * 3_000_000
    (tmp_path / "rows.jsonl").write_text(json.dumps({"input": huge}), encoding="utf-8")
    assert next(read_jsonl(tmp_path / "rows.jsonl")).values["input"] == huge
    (tmp_path / "rows.csv").write_text(f"input\n{huge}\n", encoding="utf-8")
    before = csv.field_size_limit()
    assert next(read_csv(tmp_path / "rows.csv")).values["input"] == huge
    assert csv.field_size_limit() == before


# --- CSV ---


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n1,2\n1,2,3\n", "line 3: has 3 cells where the header has 2"),
        ('a,b\n"x\ny",2\n1\n', "line 4: has 1 cells where the header has 2"),
        ("a,a\n1,2\n", "line 1: a column name stands twice (got a)"),
        ("a,\n1,2\n", "line 1: a column has no name"),
        ('a,b\n1,"open\n', "line 2: is not CSV"),
        ('a,b\n1,"x"y\n', "line 2: is not CSV"),
    ],
)
def test_csv_faults_name_the_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text, encoding="utf-8")
    assert told in refusal(read_csv, path)


def test_a_csv_cell_is_text_and_lists_may_be_written_two_ways(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        'id,input,target,tags,choices\n007,1e5,"[""a""]",x; y,"[""p;q"", ""r""]"\n', encoding="utf-8"
    )
    (item,) = items_of(path)
    assert (item.id, item.input, item.targets) == ("007", "1e5", ('["a"]',))
    assert (item.tags, item.choices) == (("x", "y"), ("p;q", "r"))


# --- Parquet ---


def test_what_is_not_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1 and nothing more")
    assert "is not a Parquet file" in refusal(read_parquet, path)


def test_parquet_lists_numbers_and_dates(tmp_path: Path) -> None:
    import datetime

    rows = [{"id": 7, "input": "q", "target": ["a", "b"], "day": datetime.date(2026, 1, 2), "raw": b"\xff"}]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "rows.parquet")
    (item,) = items_of(tmp_path / "rows.parquet")
    assert (item.id, item.targets, item.metadata) == ("7", ("a", "b"), {"day": "2026-01-02"})


# --- Rows to items ---


def jsonl(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    path = tmp_path / "items.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_ids_are_made_where_there_are_none(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"input": "a", "target": "b"}, {"input": "c", "target": "d"})
    assert [item.id for item in items_of(path)] == ["test-1", "test-2"]


def test_ids_are_made_on_request_and_the_column_stays_metadata(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"id": 5, "input": "a", "target": "b"}, {"id": 5, "input": "c", "target": "d"})
    items = items_of(path, id=None)
    assert [item.id for item in items] == ["test-1", "test-2"]
    assert items[0].metadata == {"id": 5}


def test_numbers_as_ids_and_answers_become_text(tmp_path: Path) -> None:
    (item,) = items_of(jsonl(tmp_path, {"id": 12, "input": 3, "target": [4, 4.5, "four"]}))
    assert (item.id, item.input, item.targets) == ("12", "3", ("4", "4.5", "four"))


def test_other_columns_go_to_metadata(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"question": "q", "answer": "a", "topic": {"x": [1, None]}, "input": "unused"})
    (item,) = items_of(path, input="question", target="answer")
    assert (item.input, item.targets) == ("q", ("a",))
    assert item.metadata == {"topic": {"x": [1, None]}, "input": "unused"}


@pytest.mark.parametrize(
    ("row", "fields", "told"),
    [
        ({"input": "q"}, {}, "line 1, field target: is not there"),
        ({"text": "q", "target": "a"}, {"input": "txt"}, "field txt: is not there; did you mean 'text'?"),
        ({"input": "q", "target": None}, {}, "line 1, field target: is null"),
        ({"input": "q", "target": ["a", None]}, {}, "line 1, field target[1]: is null"),
        ({"input": "q", "target": []}, {}, "field target: is an empty list"),
        ({"input": "q", "target": {"a": 1}}, {}, "field target: must be text"),
        ({"input": "q", "target": True}, {}, "field target: must be text (got True)"),
        ({"input": ["q"], "target": "a"}, {}, "field input: must be text"),
        ({"id": " ", "input": "q", "target": "a"}, {}, "field id: is empty"),
        ({"input": "q", "target": "a"}, {"id": "key"}, "field key: is not there"),
        ({"input": "q", "target": "a"}, {"tags": "labels"}, "field labels: is not there"),
        ({"input": "q", "target": "a", "choices": 3}, {}, "field choices: must be a list of texts (got 3)"),
        (
            {"input": "q", "target": "a", "tags": "[a"},
            {},
            "begins like a JSON list and is malformed",
        ),
        ({"input": "q\x00", "target": "a"}, {}, "field input: holds a NUL character"),
        ({"input": "\ud800", "target": "a"}, {}, "field input: holds half a surrogate pair"),
        ({"input": "q", "target": "a", "n": {"x": "\udfff"}}, {}, "field n.x: holds half a surrogate pair"),
    ],
)
def test_a_faulty_item_is_refused_with_line_and_field(tmp_path: Path, row, fields, told) -> None:
    path = jsonl(tmp_path, row)
    line = refusal(lambda: items_of(path, **fields))
    assert line.startswith(f"{path}: line 1")
    assert told in line


def test_numbers_beyond_every_float_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text('{"input": "q", "target": "a", "n": 1e999}\n', encoding="utf-8")
    assert "field n: is not a finite number" in refusal(items_of, path)
    table = pyarrow.Table.from_pylist([{"input": "q", "target": "a", "n": math.nan}])
    parquet.write_table(table, tmp_path / "items.parquet")
    assert "row 1, field n: is not a finite number" in refusal(items_of, tmp_path / "items.parquet")


def test_some_rows_with_an_id_and_some_without_are_refused(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"id": "x", "input": "a", "target": "b"}, {"input": "c", "target": "d"})
    assert "line 2, field id: is not there" in refusal(items_of, path)


@pytest.mark.parametrize(("name", "text"), [("a.jsonl", "\n\n"), ("a.csv", "input,target\n"), ("a.csv", "")])
def test_an_empty_file_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert f"{tmp_path / name}: holds no items, and it is items.test" in refusal(items_of, tmp_path / name)


def test_a_suffix_that_tells_nothing_is_refused(tmp_path: Path) -> None:
    assert "give items.test.format" in refusal(items_of, tmp_path / "items.dat")


def test_an_id_that_stands_twice_is_refused() -> None:
    items = [TaskItem(id="x", input="a", targets=("b",), split=split) for split in ("train", "test")]
    assert "task.yaml: id: stands twice (in train and in test) (got x)" in refusal(
        check_ids, items, "task.yaml"
    )


def test_an_id_that_comes_late_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [{"input": "a", "target": "b"}, {"id": "x", "input": "c", "target": "d"}]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    line = refusal(items_of, path)
    assert "line 2, field id: is there, and rows before have none" in line
    assert [item.id for item in items_of(path, id=None)] == ["test-1", "test-2"]


def test_lines_are_read_as_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"input": "a"}\n' * 3000 + b"\xff\n")
    rows = read_jsonl(path)
    assert [next(rows).where for _ in range(3)] == ["line 1", "line 2", "line 3"]
    with pytest.raises(InputError, match="line 3001: byte 0xff is not UTF-8"):
        list(rows)


LINES = '{"input": "a", "target": "1"}\n\n{"input": "b", "target": "2"}\n'
PRETTY = '{\n "input": "a",\n "target": "1"\n}\n{\n "input": "b",\n "target": "2"\n}\n'
LIST = '[{"input": "a", "target": "1"},\n {"input": "b", "target": "2"}]'
LAYOUTS = {
    "lines": LINES,
    "one after another": PRETTY,
    "with commas": PRETTY.replace("}\n{", "},\n{"),
    "list": LIST,
    "pretty list": json.dumps(json.loads(LIST), indent=2),
    "data": f'{{"data": {LIST}}}',
    "version and data": f'{{\n"version": "1.1",\n"data": {LIST}}}',
    "rows": f'{{"rows": [\n{LIST[1:]}}}',
    "splits": f'{{"train": [{{"input": "no", "target": "no"}}], "test": {LIST}}}',
}


@pytest.mark.parametrize("form", [None, "jsonl"])
@pytest.mark.parametrize("packed", ["", "bom", "gz"])
@pytest.mark.parametrize("name", ["rows.json", "rows.jsonl", "rows.ndjson", "rows.data"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_json_is_told_apart_by_its_content(tmp_path: Path, layout: str, name: str, packed: str, form) -> None:
    path = tmp_path / (name + ".gz" if packed == "gz" else name)
    data = LAYOUTS[layout].encode("utf-8-sig" if packed == "bom" else "utf-8")
    path.write_bytes(gzip.compress(data) if packed == "gz" else data)
    if name == "rows.data" and form is None:
        assert "has a suffix of no known format" in refusal(lambda: items_of(path))
        return
    items = list(read_split(Source(path=path.name, format=form), "test", FieldNames(), tmp_path))
    assert [(item.input, item.targets) for item in items] == [("a", ("1",)), ("b", ("2",))]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"input": "a" "target"}\n{"input": "b"}\n', "line 1: is not JSON"),
        ('{"input": "a", "target": "1"}\n{"input": "b"\n', "line 2: is not JSON"),
        ('{\n "input": "a"\n}\n{\n "input": b\n}\n', "line 5: is not JSON"),
        ('{\n "input": NaN\n}\n', "NaN is not a JSON number"),
        ('{"train": [{"input": "a"}]}', "holds no such split"),
        ("3\n", "must be a JSON object"),
    ],
)
def test_faulty_json_is_named_by_its_place(tmp_path: Path, text: str, what: str) -> None:
    for name in ("rows.json", "rows.jsonl"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        assert what in refusal(items_of, path)


def test_gzip_that_is_cut_off_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"input,target\n" + b"a,b\n" * 999)[:40])
    assert "is not whole gzip" in refusal(lambda: items_of(path))
    path.write_bytes(gzip.compress(b"input,target\na,b\n"))
    assert [item.targets for item in items_of(path)] == [("b",)]


def _classes() -> Any:
    import datasets

    label = datasets.ClassLabel(names=["neg", "pos"])
    features = datasets.Features(
        {
            "input": datasets.Value("string"),
            "target": label,
            "tags": datasets.Sequence(label),
            "nested": {"inner": label, "many": [{"deep": label}]},
            "pairs": datasets.Sequence({"one": label, "n": datasets.Value("int64")}),
        }
    )
    row = {
        "tags": [0, 1],
        "nested": {"inner": 1, "many": [{"deep": 0}]},
        "pairs": {"one": [1, 0], "n": [7, 8]},
    }
    rows = [{"input": f"t{n}", "target": n % 2, **row} for n in range(4)]
    return datasets.Dataset.from_list(rows, features=features)


@pytest.mark.parametrize("how", ["parquet", "arrow", "saved", "saved as path", "saved splits"])
def test_class_labels_come_as_their_names_however_they_are_stored(tmp_path: Path, how: str) -> None:
    import datasets

    table = _classes()
    source = Source(path=f"rows.{how}")
    if how == "parquet":
        table.to_parquet(str(tmp_path / "rows.parquet"))
    elif how == "arrow":
        table.save_to_disk(str(tmp_path / "saved"))
        (arrow,) = (tmp_path / "saved").glob("*.arrow")
        arrow.rename(tmp_path / "rows.arrow")
    else:
        splits = datasets.DatasetDict({"test": table}) if how == "saved splits" else table
        splits.save_to_disk(str(tmp_path / "saved"))
        source = Source(dataset="saved") if how == "saved" else Source(path="saved")
    rows = list(read_rows(source, "test", tmp_path))
    assert [row.values["target"] for row in rows] == ["neg", "pos", "neg", "pos"]
    assert rows[0].values["tags"] == ["neg", "pos"]
    assert rows[0].values["nested"] == {"inner": "pos", "many": [{"deep": "neg"}]}
    assert rows[0].values["pairs"] == {"one": ["pos", "neg"], "n": [7, 8]}
    assert "column 'target' is a class label" in " ".join(rows[0].remarks)


def test_a_class_label_without_a_name_is_named_and_one_that_is_missing_is_null(tmp_path: Path) -> None:
    table = pyarrow.table({"input": ["a", "b"], "target": [-1, 5]})
    about = {"info": {"features": {"target": {"names": ["x"], "_type": "ClassLabel"}}}}
    table = table.replace_schema_metadata({b"huggingface": json.dumps(about).encode()})
    parquet.write_table(table, tmp_path / "rows.parquet")
    line = refusal(lambda: items_of(tmp_path / "rows.parquet"))
    assert "row 1, field target: is null" in line
    rows = read_parquet(tmp_path / "rows.parquet")
    next(rows)
    with pytest.raises(InputError, match=r"row 2, field target: is a class label beyond the 1 names"):
        next(rows)


HEADERLESS = "if line 1 is no header, name the columns: `{path: FILE, columns: [input, target]}`"


def test_a_csv_file_without_a_header_is_read_by_the_names_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("What is red?,a rose\nWhat is blue?,the sky\n", encoding="utf-8")
    fields, columns = FieldNames(), ("input", "target")
    with pytest.raises(InputError, match=re.escape(HEADERLESS)):
        list(read_split(Source(path="rows.csv"), "test", fields, tmp_path))
    found = list(read_split(Source(path="rows.csv", columns=columns), "test", fields, tmp_path))
    assert [(item.input, item.targets) for item in found] == [
        ("What is red?", ("a rose",)), ("What is blue?", ("the sky",)),
    ]  # fmt: skip
    told = refusal(lambda path: read_csv(path, ("input", "target", "more")), tmp_path / "rows.csv")
    assert "line 1: has 2 cells where `columns` names 3" in told
    (tmp_path / "same.csv").write_text("yes,yes\nno,yes\n", encoding="utf-8")
    assert HEADERLESS in refusal(read_csv, tmp_path / "same.csv")


def test_names_of_columns_go_with_csv_alone(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"input": "q", "target": "a"}\n', encoding="utf-8")
    source = Source(path="rows.jsonl", columns=("input", "target"))
    with pytest.raises(InputError, match=r"items\.test\.columns: goes with a CSV file, and this is not one"):
        list(read_split(source, "test", FieldNames(), tmp_path))
    with pytest.raises(ValueError, match="columns go with the path of a CSV file"):
        Source(dataset="x", columns=("input",))


@pytest.mark.parametrize(
    ("name", "mark", "said"),
    [
        ("rows.csv", ";", "semicolons: save it with commas"),
        ("rows.csv", "\t", "tabs: name it *.tsv"),
        ("rows.tsv", ",", "commas: name it *.csv"),
    ],
)
def test_a_table_with_other_marks_between_its_columns_says_so(
    tmp_path: Path, name: str, mark: str, said: str
) -> None:
    (tmp_path / name).write_text(f"input{mark}target\na{mark}b\n", encoding="utf-8")
    assert f"its columns are separated by {said}" in refusal(lambda: items_of(tmp_path / name))


@pytest.mark.parametrize("name", ["rows.xlsx", "rows.XLS", "rows.ods", "rows.csv", "rows.jsonl"])
def test_a_spreadsheet_is_told_as_one_under_any_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04\x14\x00")
    line = refusal(lambda: items_of(tmp_path / name))
    assert line.endswith(f"{name}: is a spreadsheet; save its sheet as CSV, and name that file")
