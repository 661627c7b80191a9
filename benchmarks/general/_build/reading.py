"""Short passages and questions that they answer; no passage stands in two splits."""

from __future__ import annotations

import random

from benchmarks.general._build import passages_people, passages_places
from benchmarks.general._build.parsing import Row, lines_of, target_of

TASK = "reading"
VALIDATION_PASSAGES = 8
NUMBERS = {
    "nine thousand": "9000", "three hundred": "300", "two hundred": "200", "forty-one": "41", "thirty-two": "32",
    "twenty-nine": "29", "twenty-four": "24", "ninety": "90", "seventy": "70", "sixty": "60", "fifty": "50",
    "forty": "40", "thirty": "30", "twenty": "20", "fourteen": "14", "twelve": "12", "eleven": "11", "ten": "10",
    "nine": "9", "eight": "8", "seven": "7", "six": "6", "five": "5", "four": "4", "three": "3", "two": "2",
    "one": "1",
}  # fmt: skip
"""Number words of the passages, the longest first; a model may as well answer in digits."""


def items() -> dict[str, list[Row]]:
    """Return the rows by split; the input is the passage, an empty line and the question."""
    bank = f"{passages_people.PASSAGES}\n{passages_places.PASSAGES}"
    passages = [block.strip() for block in bank.split("\n\n") if block.strip()]
    rng = random.Random(f"general/{TASK}/2")
    rng.shuffle(passages)
    return {
        "validation": _rows("validation", passages[:VALIDATION_PASSAGES], rng),
        "test": _rows("test", passages[VALIDATION_PASSAGES:], rng),
    }


def _rows(split: str, passages: list[str], rng: random.Random) -> list[Row]:
    """Return the questions of all passages, shuffled; the tag ``rival`` marks those with a rival answer."""
    rows: list[Row] = []
    for passage in passages:
        text, *questions = passage.split("\n?")
        text = " ".join(text.split())
        for question, *accepted in lines_of("\n".join(questions)):
            tag = "rival" if question.startswith("?") else "plain"
            accepted = [*accepted, *_in_digits(accepted)]
            asked = question.removeprefix("?").strip()
            rows.append({"input": f"{text}\n\n{asked}", "target": target_of(accepted), "tags": [tag]})
    rng.shuffle(rows)
    return [{"id": f"{TASK}-{split}-{n:03d}", **row} for n, row in enumerate(rows, start=1)]


def _in_digits(accepted: list[str]) -> list[str]:
    """Return the answers that begin with a number word again, with digits in its place and not yet accepted."""
    forms = []
    for answer in accepted:
        word = next((word for word in NUMBERS if answer == word or answer.startswith(f"{word} ")), None)
        if word is not None:
            forms.append(answer.replace(word, NUMBERS[word], 1))
    return [form for form in dict.fromkeys(forms) if form not in accepted]
