"""Resolves a reference of ``fields`` in a row: a column, a path, an expression, or a pick among choices."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from types import GeneratorType
from typing import Any

from jinja2 import TemplateSyntaxError, Undefined

from harness.errors import nearest, shorten
from harness.strict_json import read_json
from harness.tasks.fields import FieldNames, Pick
from harness.tasks.prompting import names_used
from harness.tasks.readers import Row
from harness.tasks.sandbox import ENVIRONMENT, FAULTS, counted

_EXPRESSION = re.compile(r"\s*\{\{(.*)\}\}\s*", re.DOTALL)


def is_template(ref: str) -> bool:
    """Whether a reference is a Jinja2 expression or template, rather than a column or a path."""
    return "{{" in ref or "{%" in ref


def resolve(row: Row, ref: str) -> Any:
    """Return what a reference names in a row.

    A column of exactly that name comes first. A template that is one expression gives its value unchanged,
    any other template gives text. In a path, a number is an index into a list, and a name is looked up in
    every entry of a list.

    Raises:
        InputError: It names nothing in this row; the row, the column and the value are named.
    """
    if ref in row.values:
        return row.values[ref]
    if is_template(ref):
        return _evaluated(row, ref)
    if "." not in ref:
        return row.column(ref)
    return _walk(row, row.values, ref.split("."), 0)


def _roots(ref: str) -> frozenset[str]:
    """Return the columns that a reference reads."""
    if is_template(ref):
        try:
            return names_used(ref)
        except TemplateSyntaxError:
            return frozenset()  # refused where it is evaluated
    return frozenset({ref, ref.split(".")[0]})


@lru_cache(maxsize=256)
def _compiled(ref: str) -> Callable[[dict[str, Any]], Any]:
    """Return what evaluates a template; raises ``jinja2.TemplateError`` where it is malformed."""
    if whole := _EXPRESSION.fullmatch(ref):
        try:
            expression: Callable[[dict[str, Any]], Any]
            expression = ENVIRONMENT.compile_expression(whole[1], undefined_to_none=False)
            return expression
        except TemplateSyntaxError:
            pass  # several expressions, or text that holds braces
    template = ENVIRONMENT.from_string(ref)
    return lambda values: template.render(values).strip()


def _evaluated(row: Row, ref: str) -> Any:
    try:
        with counted():
            value = _compiled(ref)(row.values)
            if isinstance(value, GeneratorType):
                value = list(value)
            if isinstance(value, Undefined):
                str(value)  # raises, and says which name is missing
    except FAULTS as error:
        problem = f"cannot be evaluated: {shorten(str(error), 200)}"
        known = ", ".join(shorten(name, 40) for name in row.values)
        raise row.fault(ref, problem, f"fix the expression; the row has {shorten(known, 300)}") from None
    return value


def _walk(row: Row, value: Any, parts: Sequence[str], depth: int) -> Any:
    """Follow a path from ``value``; ``depth`` parts of it have been followed."""
    if depth == len(parts):
        return value
    part, here = parts[depth], ".".join(parts[:depth])
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        value = _parsed(value)
    if isinstance(value, dict):
        if part not in value:
            known = nearest(part, [shorten(str(key), 40) for key in value])
            raise row.fault(".".join(parts[: depth + 1]), "is not there", known)
        return _walk(row, value[part], parts, depth + 1)
    if not isinstance(value, list | tuple):
        raise row.fault(here, f"holds nothing named {part}", "correct the path in fields", value)
    if not re.fullmatch(r"-?\d+", part):
        return [_walk(row, entry, parts, depth) for entry in value]
    if not -len(value) <= int(part) < len(value):
        problem = f"has {len(value)} entries, and none at {part}"
        raise row.fault(here, problem, "correct the path in fields, counting from 0", value)
    return _walk(row, value[int(part)], parts, depth + 1)


def _parsed(text: str) -> Any:
    try:
        return read_json(text)
    except ValueError:
        return text


def picked(row: Row, pick: Pick, choices: Sequence[str]) -> str | list[str]:
    """Return the answer that points into the choices: one, or a list of all that are accepted.

    Raises:
        InputError: It points at none of them; the row, the column and the value are named.
    """
    options, value = pick.of or choices, resolve(row, pick.ref)
    if not options:
        remedy = "name the column of the choices as fields.choices, or list them as `of`"
        raise row.fault(pick.ref, "points into choices, and the item has none", remedy, value)
    if pick.marked is not None:
        return _marked(row, pick.ref, value, options)
    labels = [_plain(label) for label in resolve(row, pick.labels)] if pick.labels else []
    if isinstance(value, list | tuple):
        return [options[_place(row, pick, entry, options, labels)] for entry in value]
    return options[_place(row, pick, value, options, labels)]


def _marked(row: Row, ref: str, value: Any, options: Sequence[str]) -> list[str]:
    if not isinstance(value, list | tuple) or len(value) != len(options):
        problem = f"must mark each of the {len(options)} choices"
        raise row.fault(ref, problem, "give a list of 0 and 1, one for each choice", value)
    right = [option for option, mark in zip(options, value, strict=True) if _plain(mark) in ("1", "true")]
    if not right:
        raise row.fault(ref, "marks no choice as right", "use a split with answers", value)
    return right


def _place(row: Row, pick: Pick, value: Any, options: Sequence[str], labels: Sequence[str]) -> int:
    """Return the place of the choice that a value means."""
    text = _plain(value)
    if text in ("", "-1", "null"):
        remedy = "use a split with answers, or remove the row"
        raise row.fault(pick.ref, "holds no answer", remedy, "null" if value is None else value)
    if labels:
        place = labels.index(text) if text in labels else -1
    elif re.fullmatch(r"\d+|true|false", text):
        place = {"false": 0, "true": 1}[text] if text in ("true", "false") else int(text) - pick.start
    elif len(text) == 1 and text.isascii() and text.isalpha():
        place = ord(text.upper()) - ord("A")
    else:
        place = options.index(str(value)) if str(value) in options else -1
    if not 0 <= place < len(options):
        names = ", ".join(shorten(each, 20) for each in (labels or options)[:6])
        raise row.fault(pick.ref, "points at no choice", f"there are {len(options)}: {names}", value)
    return place


def _plain(value: Any) -> str:
    """Return a value as it is compared: whole numbers without a decimal point, truth values in lower case."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "null" if value is None else str(value).strip()


def columns_used(fields: FieldNames, *, conversation: bool, numbered: bool) -> frozenset[str]:
    """Return the columns that become a part of the item, and so are not metadata.

    Whatever the answer is read from is among them, so that no template can show it.
    """
    plain: Iterable[str] = (fields.choices,) if isinstance(fields.choices, str) else fields.choices
    names = {fields.input, fields.tags, fields.documents, *plain}
    names |= {fields.messages} if conversation else set()
    names |= {fields.id or ""} if not numbered else set()
    return frozenset(names) | _roots(fields.target.ref)
