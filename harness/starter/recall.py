"""Stage 1 of the pre-training: repeating and looking up, in random tokens.

Copying is what every later ability rests on and what a small model learns last, so it is learned alone and
first. It needs only the size of the vocabulary. Three tasks: a sequence again; the value of a key; the value
of an attribute of an entity, where other entities have that attribute and the entity has others (the skeleton
of reading a passage).
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


def pairs_row(rng: random.Random, vocab: int, most: int) -> Row:
    """Keys with values (both one to three tokens), then questions for single keys.

    Args:
        rng: Source of randomness.
        vocab: Number of tokens in the vocabulary.
        most: Most pairs.
    """
    row = Row(family="pairs")
    stop, to = _tokens(rng, 2, vocab)
    pairs = [
        (_tokens(rng, rng.choice((1, 1, 2, 3)), vocab), _tokens(rng, rng.choice((1, 1, 2, 3)), vocab))
        for _ in range(rng.randint(3, most))
    ]
    row.read([USER])
    for key, value in pairs:
        row.read([*key, to, *value, stop])
    for index, (key, value) in enumerate(rng.sample(pairs, min(len(pairs), 6))):
        row.read([*([USER] if index else []), *key, END, ASSISTANT])
        row.predict([*value, END])
    return row


def lookup_row(rng: random.Random, vocab: int, most: int) -> Row:
    """Entities with attributes in sentences of filler, then questions for an attribute of an entity.

    Args:
        rng: Source of randomness.
        vocab: Number of tokens in the vocabulary.
        most: Most entities.
    """
    row = Row(family="lookup")
    entities = [_tokens(rng, rng.randint(1, 2), vocab) for _ in range(rng.randint(1, most))]
    attributes = [_tokens(rng, rng.randint(1, 2), vocab) for _ in range(rng.randint(2, 4))]
    forms = [[_tokens(rng, rng.randint(0, 3), vocab) for _ in range(3)] for _ in range(rng.randint(1, 3))]
    stop = _tokens(rng, 1, vocab)
    facts = []
    row.read([USER])
    repeats_name = rng.random() < 0.5
    for entity in entities:
        row.read([*entity, *stop])
        for attribute in rng.sample(attributes, rng.randint(1, len(attributes))):
            value = _tokens(rng, rng.choice((1, 1, 2, 3)), vocab)
            a, b, c = rng.choice(forms)
            name = entity if repeats_name else []
            sentence = (
                [*a, *name, *attribute, *b, *value] if rng.random() < 0.7 else [*value, *c, *attribute, *name]
            )
            row.read([*sentence, *stop])
            facts.append((entity, attribute, value))
    for index, (entity, attribute, value) in enumerate(rng.sample(facts, min(len(facts), 6))):
        question = [*attribute, *entity] if rng.random() < 0.5 else [*entity, *attribute]
        row.read([*([USER] if index else stop), *question, END, ASSISTANT])
        row.predict([*value, END])
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
