"""Stage 2 of the pre-training: the generated tasks, as rows of tokens."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

from harness.starter.recall import ASSISTANT, END, SYSTEM, USER, Row, repeat_row
from harness.starter.synthesis import Example, Source, make

TOKENIZER = Path(__file__).parent / "model" / "tokenizer.json"
LONGEST = 1024
SHARES = {
    "reading": 46.0,
    "reading_after_shots": 2.5,
    "closed_book": 1.0,
    "general": 6.0,
    "label_turns": 11.0,
    "label_list": 6.0,
    "nearest": 3.0,
    "named_labels": 3.0,
    "formats": 5.0,
    "extraction": 6.0,
    "textops": 4.0,
    "sums": 4.0,
    "sentiment": 2.0,
    "copying": 1.5,
    "sentences": 2.0,
}
"""Parts of the examples; a long example counts as much as a short one."""
LATER_SHARES = SHARES | {"general": 8.0, "sums": 5.0, "closed_book": 0.5, "named_labels": 2.0, "copying": 1.0}
LATER = 0.5


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


def joined(source: Source, level: float) -> Example:
    """Several reading examples, whose passages make one long prompt, with the questions of the last."""
    from harness.starter.synthesis.reading import reading

    first = reading(source, level)
    for _ in range(source.between(1, 3)):
        more = reading(source, level)
        first.turns += more.turns
        first.counts += more.counts
    return first


def mixture_rows(seed: int, step: int, steps: int, tokens: int, level_from: float = 0.05) -> list[Row]:
    """The rows of one step.

    Args:
        seed: Seed of the run.
        step: Step, from 0.
        steps: Steps of the stage.
        tokens: Least number of tokens in all rows together.
        level_from: Level of difficulty of the first step; it reaches 1.0 after about two thirds.
    """
    rng = random.Random(f"mixture/{seed}/{step}")
    level = min(1.0, level_from + 1.4 * step / max(1, steps))
    parts = LATER_SHARES if level >= LATER else SHARES
    families, shares = list(parts), list(parts.values())
    rows: list[Row] = []
    count = 0
    while count < tokens:
        family = rng.choices(families, shares)[0]
        if rng.random() < 0.05:
            row = repeat_row(rng, tokenizer().get_vocab_size(), 40)
            row.weights = [0.1 * weight for weight in row.weights]
            rows.append(row)
            count += len(rows[-1].ids)
            continue
        source = Source(f"mixture/{seed}/{step}/{len(rows)}")
        if family == "reading" and level > 0.5 and rng.random() < 0.03:
            row = row_of(joined(source, level))
        else:
            row = row_of(make(family, source, rng.random() * level if rng.random() < 0.3 else level))
        if len(row.ids) <= LONGEST and sum(row.weights[1:]) > 0:
            rows.append(row)
            count += len(row.ids)
    return rows
