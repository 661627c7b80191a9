"""Number match: is the number in the answer the right one?"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from pydantic import Field

from harness.config import Options
from harness.errors import InputError
from harness.metrics._base import TextMetric
from harness.metrics._units import unit_at
from harness.tasks.numbers import Number, normalised, numbers_in

__all__ = ["NumberMatch"]


class NumberMatchOptions(Options):
    """How close is close enough, which number of the answer counts, and whether its unit does.

    ``tolerance`` is an absolute difference, ``relative_tolerance`` a share of the target; within either is
    close enough. ``which`` takes the last or the first number, or "only" one where the answer has no other.
    """

    tolerance: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    relative_tolerance: float = Field(default=0.0, ge=0.0, lt=1.0)
    which: Literal["last", "first", "only"] = "last"
    units: bool = False


class NumberMatch(TextMetric):
    """1.0 where the answer's number equals the target's, else 0.0; the best accepted answer counts.

    Numbers are read by ``harness.tasks.numbers``: 1,000 is 1000.0, 3/4 is 0.75, a dozen is 12. Where only
    one of the two is a percentage, 20 % is both 20 and 0.2. With ``units``, where target and answer both name
    a unit, it must be the same; units are not converted.
    """

    names = ("number_match",)
    options_type = NumberMatchOptions

    def score_text(self, prediction: str, references: Sequence[str]) -> dict[str, float]:
        """Return ``number_match``, 0.0 or 1.0.

        Raises:
            InputError: An accepted answer has no number.
        """
        targets = [_target(reference) for reference in references]
        found = numbers_in(prediction)
        if self.options.which == "only" and len({number.value for number in found}) > 1:
            found = []
        if not found:
            return {"number_match": 0.0}
        answer = found[0] if self.options.which == "first" else found[-1]
        text = normalised(prediction)
        unit = unit_at(text, answer.start, answer.end)
        right = any(self._equal(answer.value, unit, target.value, wanted) for target, wanted in targets)
        return {"number_match": float(right)}

    def _equal(self, value: Fraction, unit: str | None, target: Fraction, wanted: str | None) -> bool:
        if self.options.units and unit and wanted and unit != wanted:
            return False
        near = max(_exact(self.options.tolerance), _exact(self.options.relative_tolerance) * abs(target))
        values = [value, value / 100] if unit == "%" and not wanted else [value]
        if wanted == "%" and not unit:
            values.append(value * 100)
        return any(abs(each - target) <= near for each in values)


def _target(reference: str) -> tuple[Number, str | None]:
    found = numbers_in(reference)
    if not found:
        raise InputError("number_match", "target", "has no number", "correct the item's target", reference)
    return found[-1], unit_at(normalised(reference), found[-1].start, found[-1].end)


def _exact(tolerance: float) -> Fraction:
    """Return the decimal number that was written, not the double nearest to it."""
    return Fraction(str(tolerance))
