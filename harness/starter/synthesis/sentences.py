"""Ordinary sentences, to be continued: for the tokenizer and for plain English."""

# ruff: noqa: ARG001, E501  (every family takes a level; tables of wordings keep a line each)

from __future__ import annotations

from harness.starter.synthesis import values, words
from harness.starter.synthesis.core import Example, Source
from harness.starter.synthesis.prose import PARAGRAPHS
from harness.starter.synthesis.reading import world
from harness.starter.synthesis.sentiment import review
from harness.starter.synthesis.topics import TOPICS, message

PLAIN = [
    "The {j} put the {t} on the {f} and went home.",
    "In {m} the days are {a} and the nights are {b}.",
    "Every {d} {p} buys {q} {u}s at the market.",
    "The {x} sat near the {f}, while the {y} slept.",
    "If the {t} is {a}, take the {b} one.",
    "Nobody knew why the {j} had left the {t} in {c}.",
    "It was {h} when the {v} from {c} came in.",
    "{p} thought that the {t} was too {a}.",
    "There are {q} {t}s in the {b} {f}.",
    "They walked to {c} because the {v} was late.",
    "She has a {a} {x} and two {b} {y}s.",
    "We could not find the {t}, so we asked the {j}.",
    "The {v} is {a}, but it is not {b}.",
    "When {p} was young, there was no {v} to {c}.",
    "He wanted to be a {j}, but he became a {k}.",
    "The {u} on the {f} is {a} and {o}.",
]


def sentence(source: Source) -> str:
    """One plain sentence."""
    return source.pick(PLAIN).format(
        j=source.pick(words.JOBS), k=source.pick(words.JOBS), t=source.pick(words.THINGS), f=source.pick(words.FURNITURE),
        m=source.pick(words.MONTHS), a=source.pick(words.ADJECTIVES), b=source.pick(words.ADJECTIVES),
        d=source.pick(words.WEEKDAYS), p=source.person(), q=values.count(source), u=source.pick(words.FRUITS),
        x=source.pick(words.ANIMALS), y=source.pick(words.ANIMALS), c=source.place(), h=values.clock(source),
        v=source.pick(words.VEHICLES), o=source.pick(words.COLOURS),
    )  # fmt: skip


def text(source: Source) -> str:
    """A paragraph of one of several sorts."""
    style = source.between(0, 9)
    if style <= 3:
        return source.pick(PARAGRAPHS)
    if style <= 5:
        return " ".join(sentence(source) for _ in range(source.between(2, 6)))
    if style == 6:
        return "\n".join(message(source, source.pick(list(TOPICS))) for _ in range(source.between(1, 4)))
    if style == 7:
        return " ".join(review(source, source.pick(("positive", "negative", "neutral"))) for _ in range(3))
    _, documents = world(source, source.between(1, 2), 3)
    return "\n".join(f"{document.title}: {document.text(source)}" for document in documents)


def sentences(source: Source, level: float = 1.0) -> Example:
    """A paragraph without a question; it is learned as a whole (see the mixture).

    Args:
        source: Random choices.
        level: Not used; every family takes it.
    """
    return Example("sentences", [("", text(source))], None)
