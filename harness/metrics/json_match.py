"""JSON match: is the answer valid JSON, and are its fields the right ones?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.config import Options
from harness.errors import InputError
from harness.metrics._base import TextMetric
from harness.strict_json import objects_and_arrays, parse_json

__all__ = ["JsonMatch"]

Path = tuple[str | int, ...]
Field = tuple[Path, str, Any]


class JsonMatchOptions(Options):
    """``lenient`` also accepts JSON with other text around it, such as a Markdown fence."""

    lenient: bool = False


class JsonMatch(TextMetric):
    """Fields shared with the target, whether all are equal, and whether the answer is valid JSON at all.

    ``json_fields`` is the F1 over pairs of path and value, so a missing, wrong or extra field lowers it.
    Values are typed: ``3`` is ``3.0`` but neither ``"3"`` nor ``true``; runs of white space in strings count
    as one space. Array elements are compared by position. ``json_exact`` is 1.0 where every pair is equal.
    A key given twice and the literals NaN and Infinity are not valid JSON. The best accepted answer counts.
    """

    names = ("json_fields", "json_exact", "valid_json")
    options_type = JsonMatchOptions

    def score_text(self, prediction: str, references: Sequence[str]) -> dict[str, float]:
        """Return the three scores; ``json_exact`` and ``valid_json`` are 0.0 or 1.0.

        Raises:
            InputError: An accepted answer is not valid JSON.
        """
        targets = [_target_fields(reference) for reference in references]
        try:
            answer = _fields(_largest_json(prediction) if self.options.lenient else parse_json(prediction))
        except ValueError:
            return dict.fromkeys(self.names, 0.0)
        shares = [2 * len(answer & target) / (len(answer) + len(target)) for target in targets]
        return {"json_fields": max(shares), "json_exact": float(answer in targets), "valid_json": 1.0}


def _largest_json(text: str) -> Any:
    """Return the longest object or array in ``text``, or the value of the whole text."""
    try:
        return parse_json(text)
    except ValueError:
        found = list(objects_and_arrays(text))
    if not found:
        raise ValueError("no JSON object or array")
    return max(found, key=lambda each: each[2] - each[1])[0]


def _fields(value: Any, path: Path = ()) -> frozenset[Field]:
    """Return a value flattened to ``(path, type, value)``, one for each leaf."""
    children = list(value.items() if isinstance(value, dict) else enumerate(value)) if _nests(value) else []
    if children:
        return frozenset().union(*(_fields(child, (*path, key)) for key, child in children))
    match value:
        case dict() | list():
            return frozenset({(path, type(value).__name__, None)})
        case bool() | None:
            return frozenset({(path, "literal", value)})
        case str():
            return frozenset({(path, "string", " ".join(value.split()))})
        case _:
            return frozenset({(path, "number", value)})


def _nests(value: Any) -> bool:
    return isinstance(value, dict | list)


def _target_fields(reference: str) -> frozenset[Field]:
    try:
        return _fields(parse_json(reference))
    except ValueError as error:
        raise InputError(
            "json_match", "target", f"is not valid JSON: {error}", "correct the item's target", reference
        ) from None
