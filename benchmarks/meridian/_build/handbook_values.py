"""Values of the handbook's facts: drawn by kind, and the forms in which an answer is accepted."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from benchmarks.meridian._build.common import FIRST_NAMES, LAST_NAMES, MONTHS, SITES, WEEKDAYS

DEPARTMENTS = (
    "Tide Office", "Ledger Room", "Crew Bureau", "Cargo Council", "Orchard Guild", "Harbour Desk", "Lantern Team",
    "Rope Loft", "Signal House", "Weigh House", "Chart Hall", "Seed Bank",
)  # fmt: skip
COLOURS = (
    "amber", "teal", "crimson", "violet", "silver", "olive", "white", "orange", "navy", "copper", "lemon", "scarlet",
)  # fmt: skip
SPOTS = (
    "flag pole", "boat shed", "lime tree", "bell tower", "water pump", "stone bridge", "weather vane", "salt barn",
)  # fmt: skip
DRINKS = (
    "plum cider", "pear juice", "barley water", "elder wine", "spring water", "apple must", "nettle beer",
)  # fmt: skip
ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
LEADS = (
    "up to", "at most", "at least", "within", "after", "above", "before", "behind", "every", "by", "at", "to", "in",
    "into", "with",
)  # fmt: skip


def _every_value(kind: str) -> list[str]:
    """Return all values of a kind such as ``money 90 240 10``, ``n nights 2 15``, ``weekday``."""
    name, *rest = kind.split()
    if name == "n":
        unit = [word for word in rest if not word.isdigit()]
        name, rest = " ".join(unit), [word for word in rest if word.isdigit()]
    match name:
        case "department":
            return list(DEPARTMENTS)
        case "colour":
            return list(COLOURS)
        case "spot":
            return list(SPOTS)
        case "drink":
            return list(DRINKS)
        case "site":
            return list(SITES)
        case "weekday":
            return list(WEEKDAYS)
        case "month":
            return list(MONTHS)
        case "person":
            return [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
        case "room":
            return [f"Room {number}{letter}" for number in range(2, 40) for letter in "ABCD"]
        case "form":
            return [f"form {letter}-{number}" for letter in "CFGKLNPT" for number in range(11, 99)]
    low, high, *step = (int(word) for word in rest)
    numbers = range(low, high + 1, *step)
    if name == "number":
        return [str(number) for number in numbers]
    if name == "time":
        return [f"{hour:02d}:{minute:02d}" for hour in numbers for minute in (0, 15, 30, 45)]
    return [f"{number} {'orrins' if name == 'money' else name}" for number in numbers]


def values_without_end(rng: random.Random, kind: str) -> Iterator[str]:
    """Yield values of a kind in random order, each once before any comes again."""
    while True:
        values = _every_value(kind)
        rng.shuffle(values)
        yield from values


def in_words(number: int) -> str:
    """Return a number from 0 to 99 as it is written in words, such as ``forty-two``."""
    if number < len(ONES):
        return ONES[number]
    tens, ones = divmod(number, 10)
    return f"{TENS[tens]}-{ONES[ones]}" if ones else TENS[tens]


def accepted_forms(sentence: str, value: str) -> tuple[str, ...]:
    """Return the answers that count, first the value as the document writes it.

    Also accepted: with the words that lead it in the sentence ("up to 140 orrins", "the Tide Office"); a number
    in words ("seven days"); "35%" for "35 percent". A bare number is not: in a sentence of a chat model, any
    number would do for it.
    """
    forms = [value]
    lead = re.search(rf"\b((?:{'|'.join(LEADS)}) )?(the )?\{{v\}}", sentence)
    if lead and lead.group(0) != "{v}":
        forms.append(lead.group(0).replace("{v}", value))
        if lead[2]:
            forms.append(f"the {value}")
    number, _, unit = value.partition(" ")
    if number.isdigit() and int(number) < 100:
        forms.append(f"{in_words(int(number))} {unit}".strip())
    if unit == "percent":
        forms.append(f"{number}%")
    return tuple(dict.fromkeys(forms))
