"""From rows to items: columns by name, ids, several answers, and splits carved from train."""

from __future__ import annotations

import datetime
import decimal
import math
import re
import unicodedata
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, get_args

from harness.errors import InputError
from harness.files import check_place
from harness.strict_json import read_json
from harness.tasks.columns import columns_used, picked, resolve
from harness.tasks.fields import FieldNames, Pick
from harness.tasks.formats import CONVERTERS, EXPANDERS
from harness.tasks.json_rows import read_jsonl
from harness.tasks.presets import with_preset
from harness.tasks.readers import SPREADSHEETS, SUFFIXES, Row, read_csv, spreadsheet, suffix_of
from harness.tasks.remarks import Remarks
from harness.tasks.spec import FileFormat, Source
from harness.tasks.tables import read_arrow, read_dataset, read_parquet
from harness.types import Message, Split, TaskItem

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)


def composed(text: str) -> str:
    """Return ``text`` in Unicode's form NFKC, without invisible characters (default ignorable)."""
    return unicodedata.normalize("NFKC", _UNSEEN.sub("", text))


def normalise(text: str) -> str:
    """Return ``text`` as texts are compared: composed, case folded, runs of white space as one space."""
    return " ".join(composed(composed(text).casefold()).split())


def read_split(
    source: Source, split: Split, fields: FieldNames, folder: Path, remarks: Remarks | None = None
) -> Iterator[TaskItem]:
    """Yield the items of one split, in the order of their rows.

    Items are numbered where no id column is named and the first row has no id.

    Args:
        source: Where the rows are.
        split: Which split they become.
        fields: Which column holds what.
        folder: What relative paths start from.
        remarks: Told what reading has changed or skipped.

    Raises:
        InputError: The source is missing, empty or faulty; the file, the line and the field are named.
    """
    fields = with_preset(source.format, fields)
    numbered, number = fields.id is None, 0
    for number, row in enumerate(read_rows(source, split, folder), start=1):
        if fields.id == "id" and number == 1:
            numbered = "id" not in row.values
        if fields.id == "id" and numbered and "id" in row.values:
            remedy = "give every item an id, or set fields.id to null"
            raise row.fault("id", "is there, and rows before have none", remedy, row.values["id"])
        if remarks:
            remarks.of_rows(row.file, row.remarks)
        yield _item(row, split, fields, f"{split}-{number}" if numbered else None)
    if not number:
        place = source.dataset or folder / Path(source.path or "").expanduser()
        raise InputError(place, "", f"holds no items, and it is items.{split}", "add rows to it")


def read_rows(source: Source, split: Split, folder: Path) -> Iterator[Row]:
    """Return the rows of one source, converted where its format is one of the fine-tuning formats.

    Raises:
        InputError: The source is missing or faulty, or its suffix says nothing about its format.
    """
    rows, kind = _raw_rows(source, split, folder)
    if kind in EXPANDERS:
        return chain.from_iterable(map(EXPANDERS[kind], rows))
    convert = CONVERTERS.get(kind)
    return map(convert, rows) if convert else rows


def _raw_rows(source: Source, split: Split, folder: Path) -> tuple[Iterator[Row], str]:
    """Return the rows as the source has them, and the name of their format."""
    path = folder / Path(source.dataset or source.path or "").expanduser()
    check_place(path, folder)
    if source.dataset is not None or path.is_dir():
        name = source.dataset or str(source.path)
        rows = read_dataset(name, folder, source.config, source.split or split, f"items.{split}")
        return rows, source.format or ""
    suffix = SUFFIXES.get(suffix_of(path))
    kind = source.format or suffix
    if kind is None:
        if path.suffix.lower() in SPREADSHEETS:
            raise spreadsheet(path)
        remedy = f"name it *{', *'.join(sorted(SUFFIXES))}, or give items.{split}.format"
        raise InputError(path, "", "has a suffix of no known format", remedy, path.suffix)
    layout = kind if kind in get_args(FileFormat) else suffix
    if layout == "csv":
        return read_csv(path, source.columns), kind
    if source.columns:
        problem = "goes with a CSV file, and this is not one"
        raise InputError(path, f"items.{split}.columns", problem, "leave it out", list(source.columns))
    reader = {"parquet": read_parquet, "arrow": read_arrow}.get(layout or "")
    return reader(path) if reader else read_jsonl(path, split), kind


def _item(row: Row, split: Split, fields: FieldNames, made_id: str | None) -> TaskItem:
    id_column = fields.id or ""
    conversation = _conversation(row, fields)
    used = columns_used(fields, conversation=bool(conversation), numbered=made_id is not None)
    item_id = made_id if made_id is not None else _scalar(row, id_column, resolve(row, id_column))
    if not item_id.strip():
        raise row.fault(id_column, "is empty", "give every item an id, or set fields.id to null")
    metadata = {
        key: plain(row, key, value)
        for key, value in row.values.items()
        if key not in used and not isinstance(value, bytes)
    }
    choices = _choices(row, fields.choices)
    return TaskItem(
        id=item_id,
        input=_input(row, fields.input, conversation),
        history=conversation[:-1],
        targets=_targets(row, fields.target, choices),
        split=split,
        choices=choices,
        tags=_list(row, fields.tags, must=fields.tags != FieldNames().tags),
        documents=_list(row, fields.documents, must=fields.documents != FieldNames().documents),
        metadata=metadata,
    )


def _choices(row: Row, ref: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the options of an item; none where it has no column of the usual name."""
    if isinstance(ref, str):
        return _list(row, ref, must=ref != FieldNames().choices)
    return tuple(_scalar(row, each, resolve(row, each)) for each in ref)


def _conversation(row: Row, fields: FieldNames) -> tuple[Message, ...]:
    """Return the turns of a conversation, the last one the user's; none where the row has no conversation.

    Beside a column of the input, a column that is neither named nor a conversation is like any other.
    """
    column = fields.messages
    by_default = column == FieldNames().messages
    value = row.values.get(column) if by_default else resolve(row, column)
    turns = value if isinstance(value, list) else []
    spoken = bool(turns) and all(map(_is_turn, turns))
    asked = spoken and turns[-1]["role"] == "user"
    if by_default and (not spoken or (not asked and fields.input in row.values)):
        return ()
    if not turns:
        raise row.fault(column, "must be a list of turns", "give turns with role and content", value)
    found = [_turn(row, f"{column}[{index}]", turn) for index, turn in enumerate(turns)]
    if not asked:
        remedy = "end with what is asked, or set `format: openai` where the last turn is the answer"
        raise row.fault(column, "does not end with a user turn", remedy, found[-1].role)
    return tuple(found)


def _is_turn(value: Any) -> bool:
    return isinstance(value, dict) and {"role", "content"} <= value.keys()


def _turn(row: Row, place: str, turn: Any) -> Message:
    if not _is_turn(turn):
        raise row.fault(place, "must be a turn", "write role and content", turn)
    role, content = turn["role"], turn["content"]
    if role not in ("system", "user", "assistant") or (role == "system" and not place.endswith("[0]")):
        raise row.fault(
            f"{place}.role", "is not a speaker here", "use user, assistant, or system first", role
        )
    if not isinstance(content, str) or not content.strip():
        raise row.fault(f"{place}.content", "must be text", "give what was said", content)
    return Message(role=role, content=_checked(row, f"{place}.content", content))


def _input(row: Row, column: str, conversation: tuple[Message, ...]) -> str:
    """Return what is asked: the last turn of a conversation, which an input column may only repeat."""
    if not conversation:
        return _scalar(row, column, resolve(row, column))
    asked = conversation[-1].content
    if (own := row.values.get(column)) is not None and own != asked:
        problem = "differs from the last turn of messages"
        raise row.fault(column, problem, "leave it out, or set fields.messages to another column", own)
    return asked


def _targets(row: Row, pick: Pick, choices: tuple[str, ...]) -> tuple[str, ...]:
    column = pick.ref
    value = picked(row, pick, choices) if pick.column is None else resolve(row, column)
    if not isinstance(value, list):
        return (_scalar(row, column, value),)
    if not value:
        raise row.fault(column, "is an empty list", "give at least one accepted answer")
    return tuple(_scalar(row, f"{column}[{index}]", entry) for index, entry in enumerate(value))


def _list(row: Row, column: str, *, must: bool) -> tuple[str, ...]:
    """Return a list column; text is one JSON list, or values divided by ";"."""
    value = resolve(row, column) if must else row.values.get(column)
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        value = _parted(row, column, value)
    if not isinstance(value, list | tuple):
        raise row.fault(column, "must be a list of texts", 'write ["a", "b"]', value)
    return tuple(_scalar(row, f"{column}[{index}]", entry) for index, entry in enumerate(value))


def _parted(row: Row, column: str, text: str) -> list[Any]:
    if not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(";") if part.strip()]
    try:
        value = read_json(text)
    except ValueError:
        value = None
    if not isinstance(value, list):
        raise row.fault(column, "begins like a JSON list and is malformed", 'write ["a", "b"] or a;b', text)
    return value


def _scalar(row: Row, field: str, value: Any) -> str:
    """Return text; a number becomes its JSON form, as an id or a label often is one."""
    if value is None:
        raise row.fault(field, "is null", "give a text")
    if isinstance(value, str):
        return _checked(row, field, value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(plain(row, field, value))
    raise row.fault(field, "must be text", "give a string", value)


def plain(row: Row, field: str, value: Any) -> Any:
    """Return ``value`` as JSON can hold it: dates and decimals become text.

    Raises:
        InputError: It holds something that JSON cannot hold, such as NaN or half a surrogate pair.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _checked(row, field, value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise row.fault(field, "is not a finite number", "leave the field out or give a number", value)
        return value
    if isinstance(value, dict):
        return {str(key): plain(row, f"{field}.{key}", entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(row, f"{field}[{index}]", entry) for index, entry in enumerate(value)]
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    raise row.fault(field, f"is of type {type(value).__name__}", "give text, numbers or lists of them")


def _checked(row: Row, field: str, text: str) -> str:
    if "\x00" in text:
        raise row.fault(field, "holds a NUL character", "remove it", text)
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            problem = "holds half a surrogate pair, which is no character"
            raise row.fault(field, problem, "write the character itself", ascii(text)) from None
    return text
