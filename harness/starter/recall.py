"""Stage 1 of the pre-training: random tokens, then the same again, to be read off.

Copying is what every later ability rests on and what a small model learns last, so it comes first and alone.
It needs only the size of the vocabulary.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

PAD, END, SYSTEM, USER, ASSISTANT = 0, 1, 2, 3, 4
FIRST_FREE = 8


@dataclass
class Row:
    """One training sequence.

    Attributes:
        ids: Token ids.
        weights: For each token, how much predicting it counts; 0.0 for tokens that are only read.
        family: The family of tasks it comes from.
    """

    ids: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    family: str = ""

    def read(self, ids: list[int]) -> None:
        """Adds tokens that are not predicted."""
        self.ids.extend(ids)
        self.weights.extend([0.0] * len(ids))

    def predict(self, ids: list[int], weight: float = 1.0) -> None:
        """Adds tokens that are predicted, each counting `weight`."""
        self.ids.extend(ids)
        self.weights.extend([weight] * len(ids))


def _tokens(rng: random.Random, n: int, vocab: int) -> list[int]:
    return [rng.randrange(FIRST_FREE, vocab) for _ in range(n)]


def repeat_row(rng: random.Random, vocab: int, longest: int) -> Row:
    """Random tokens, then the same again, to be read off.

    Args:
        rng: Source of randomness.
        vocab: Number of tokens in the vocabulary.
        longest: Most tokens in the sequence that is repeated.
    """
    row = Row(family="repeat")
    x = _tokens(rng, rng.randint(8, longest), vocab)
    row.read([USER, *x, END, ASSISTANT])
    row.predict([*x, END])
    return row


def recall_rows(seed: int, step: int, steps: int, vocab: int, tokens: int) -> list[Row]:
    """The rows of one step of stage 1: repeating alone.

    Args:
        seed: Seed of the run.
        step: Step, from 0.
        steps: Steps of the stage; from half of them on some sequences are longer.
        vocab: Number of tokens in the vocabulary.
        tokens: Least number of tokens in all rows together.
    """
    rng = random.Random(f"recall/{seed}/{step}")
    rows: list[Row] = []
    count = 0
    while count < tokens:
        long = step > steps // 2 and rng.random() < 0.1
        rows.append(repeat_row(rng, vocab, 90 if long else 32))
        count += len(rows[-1].ids)
    return rows
