"""Short passages and questions that they answer; no passage stands in two splits."""

from __future__ import annotations

import random

from benchmarks.general._build import passages_people, passages_places
from benchmarks.general._build.parsing import Row, lines_of, target_of

TASK = "reading"
VALIDATION_PASSAGES = 8


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
            asked = question.removeprefix("?").strip()
            rows.append({"input": f"{text}\n\n{asked}", "target": target_of(accepted), "tags": [tag]})
    rng.shuffle(rows)
    return [{"id": f"{TASK}-{split}-{n:03d}", **row} for n, row in enumerate(rows, start=1)]
