"""Stages 2 and 3 of the pre-training, as rows of tokens: lessons in looking up, then all generated tasks."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.starter.recall import ASSISTANT, END, SYSTEM, USER, Row, repeat_row
from harness.starter.synthesis import Example, Source, make
from harness.starter.synthesis.reading import reading

TOKENIZER = Path(__file__).parent / "model" / "tokenizer.json"
LONGEST = 1024


@dataclass(frozen=True)
class Phase:
    """What is learned around one point of a stage; between two phases everything is interpolated.

    Attributes:
        at: Point of the stage, 0.0 to 1.0.
        lookup: Difficulty of the `lookup` lessons, 0.0 to 1.0.
        level: Difficulty of all other tasks, 0.0 to 1.0.
        refuse: Share of the questions over passages that these do not answer.
        shares: Parts of the examples; a long example counts as much as a short one.
    """

    at: float
    lookup: float
    level: float
    refuse: float
    shares: dict[str, float]


LESSONS = (
    Phase(0.0, 0.0, 0.0, 0.0, {"cloze": 85.0, "repeat": 10.0, "copying": 5.0}),
    Phase(0.15, 0.15, 0.15, 0.0, {"cloze": 60.0, "lookup": 25.0, "repeat": 10.0, "copying": 5.0}),
    Phase(
        0.3, 0.3, 0.3, 0.0, {"lookup": 75.0, "cloze": 10.0, "reading": 5.0, "repeat": 5.0, "label_turns": 5.0}
    ),
    Phase(
        1.0, 1.0, 1.0, 0.0, {"lookup": 55.0, "cloze": 3.0, "reading": 30.0, "repeat": 5.0, "label_turns": 7.0}
    ),
)
"""Looking one thing up, from keys that stand as they are asked for to questions over a few passages."""
EARLY = {
    "reading": 46.0, "lookup": 26.0, "reading_after_shots": 0.5, "label_turns": 9.0, "label_list": 2.0,
    "nearest": 2.0, "general": 4.0, "formats": 3.0, "extraction": 3.0, "textops": 2.0, "sums": 1.0,
    "sentiment": 1.0, "copying": 2.0, "repeat": 3.0,
}  # fmt: skip
LATER = {
    "reading": 46.0, "lookup": 5.0, "reading_after_shots": 2.5, "closed_book": 0.7, "label_turns": 11.0,
    "label_list": 4.0, "nearest": 3.0, "named_labels": 2.0, "general": 7.0, "formats": 5.0, "extraction": 6.0,
    "textops": 4.0, "sums": 4.0, "sentiment": 2.0, "copying": 1.5, "repeat": 2.0, "sentences": 1.0,
}  # fmt: skip
MIXTURE = (
    Phase(0.0, 1.0, 0.05, 0.0, EARLY),
    Phase(0.2, 1.0, 0.35, 0.0, EARLY),
    Phase(0.5, 1.0, 1.0, 0.12, LATER),
    Phase(1.0, 1.0, 1.0, 0.2, LATER),
)
"""All tasks; questions without an answer come once answers are found, lest refusing becomes a habit."""
LABELS_ALONE = {"label_lesson": 80.0, "cloze": 10.0, "repeat": 10.0}
LABELS_MIXED = {
    "label_lesson": 25.0, "label_turns": 25.0, "label_list": 10.0, "reading": 20.0, "lookup": 8.0,
    "cloze": 3.0, "repeat": 3.0, "general": 4.0, "copying": 2.0,
}  # fmt: skip
LABELS = (
    Phase(0.0, 1.0, 0.0, 0.0, LABELS_ALONE),
    Phase(0.15, 1.0, 0.0, 0.0, LABELS_ALONE),
    Phase(0.35, 1.0, 0.4, 0.0, LABELS_ALONE),
    Phase(0.55, 1.0, 0.55, 0.0, LABELS_ALONE),
    Phase(0.85, 1.0, 1.0, 0.0, LABELS_ALONE),
    Phase(1.0, 1.0, 1.0, 0.1, LABELS_MIXED),
)
"""Labels of earlier turns: single words until that is there, then texts that are less and less alike."""
OWNERS_ALONE = {"lookup": 82.0, "label_lesson": 8.0, "cloze": 5.0, "repeat": 5.0}
OWNERS = (
    Phase(0.0, 0.72, 1.0, 0.0, OWNERS_ALONE),
    Phase(0.5, 0.76, 1.0, 0.0, OWNERS_ALONE),
    Phase(0.7, 1.0, 0.2, 0.0, OWNERS_ALONE | {"lookup": 62.0, "reading": 20.0}),
    Phase(1.0, 1.0, 0.4, 0.0, OWNERS_ALONE | {"lookup": 47.0, "reading": 30.0, "general": 5.0}),
)
"""Finding a value by its owner and its key together, where several owners have the same keys."""
LAST = LATER | {"reading": 42.0, "lookup": 3.0, "label_turns": 17.0}
POLISH = (Phase(0.0, 1.0, 1.0, 0.17, LAST), Phase(1.0, 1.0, 1.0, 0.2, LAST))
"""The end of the mixture once more, at its full difficulty, with more labels."""
COURSES = {"lessons": LESSONS, "mixture": MIXTURE, "labels": LABELS, "owners": OWNERS, "polish": POLISH}


def phase_at(course: tuple[Phase, ...], at: float) -> Phase:
    """The phase at a point of a course, 0.0 to 1.0, between its neighbours."""
    before = max((phase for phase in course if phase.at <= at), key=lambda phase: phase.at)
    after = min((phase for phase in course if phase.at > at), key=lambda phase: phase.at, default=before)
    weight = (at - before.at) / (after.at - before.at) if after.at > before.at else 0.0

    def between(low: float, high: float) -> float:
        return low + weight * (high - low)

    families = dict.fromkeys([*before.shares, *after.shares])
    return Phase(
        at,
        between(before.lookup, after.lookup),
        between(before.level, after.level),
        between(before.refuse, after.refuse),
        {each: between(before.shares.get(each, 0.0), after.shares.get(each, 0.0)) for each in families},
    )


@cache
def tokenizer() -> Any:
    """The starter model's `tokenizers.Tokenizer`."""
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(TOKENIZER))


def _encode(text: str) -> list[int]:
    return list(tokenizer().encode(text, add_special_tokens=False).ids)


def row_of(example: Example) -> Row:
    """A conversation as tokens; the answers are predicted, each with weight 1 / sqrt(its tokens).

    Args:
        example: The conversation.
    """
    row = Row(family=example.family)
    if example.family == "sentences":
        ids = _encode(example.answer)
        row.read([ASSISTANT])
        row.predict([*ids, END], 0.15)
        return row
    if example.system is not None:
        row.read([SYSTEM, *_encode(example.system), END])
    for (user, assistant), counts in zip(example.turns, example.counts, strict=True):
        row.read([USER, *_encode(user), END, ASSISTANT])
        answer = [*_encode(assistant), END]
        if counts:
            row.predict(answer, len(answer) ** -0.5)
        else:
            row.read(answer)
    return row


def joined(source: Source, level: float, refuse: float) -> Example:
    """Several reading examples, whose passages make one long prompt, with the questions of the last."""
    first = reading(source, level, refuse=refuse)
    for _ in range(source.between(1, 3)):
        more = reading(source, level, refuse=refuse)
        first.turns += more.turns
        first.counts += more.counts
    return first


def _row(source: Source, family: str, phase: Phase) -> Row:
    if family == "repeat":
        row = repeat_row(source.rng, tokenizer().get_vocab_size(), 40)
        row.weights = [0.1 * weight for weight in row.weights]
        return row
    hardest = phase.lookup if family == "lookup" else phase.level
    level = hardest * (source.rng.random() if source.chance(0.3) else 1.0)
    if family == "reading":
        if phase.level > 0.9 and source.chance(0.03):
            return row_of(joined(source, level, phase.refuse))
        return row_of(reading(source, level, refuse=phase.refuse))
    return row_of(make(family, source, level))


def course_rows(stage: str, seed: int, step: int, steps: int, tokens: int) -> list[Row]:
    """The rows of one step.

    Args:
        stage: A key of `COURSES`.
        seed: Seed of the run.
        step: Step, from 0.
        steps: Steps of the stage.
        tokens: Least number of tokens in all rows together.
    """
    rng = random.Random(f"{stage}/{seed}/{step}")
    phase = phase_at(COURSES[stage], step / steps)
    families, shares = list(phase.shares), list(phase.shares.values())
    rows: list[Row] = []
    count = 0
    while count < tokens:
        row = _row(Source(f"{stage}/{seed}/{step}/{rng.random()}"), rng.choices(families, shares)[0], phase)
        if len(row.ids) <= LONGEST and sum(row.weights[1:]) > 0:
            rows.append(row)
            count += len(row.ids)
    return rows
