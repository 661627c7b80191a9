"""Sentiment: positive, negative or neutral."""

# ruff: noqa: ARG001, E501  (every family takes a level; tables of wordings keep a line each)

from __future__ import annotations

from harness.starter.synthesis import values, words
from harness.starter.synthesis.core import Example, Source

POSITIVE = [
    "great",
    "good",
    "excellent",
    "wonderful",
    "lovely",
    "perfect",
    "superb",
    "friendly",
    "helpful",
    "delicious",
    "beautiful",
    "brilliant",
    "fantastic",
    "pleasant",
    "charming",
    "reliable",
    "comfortable",
    "impressive",
    "outstanding",
    "amazing",
    "delightful",
    "enjoyable",
    "fresh",
    "spotless",
    "kind",
]
NEGATIVE = [
    "bad",
    "terrible",
    "awful",
    "horrible",
    "poor",
    "rude",
    "dirty",
    "broken",
    "useless",
    "boring",
    "disappointing",
    "disgusting",
    "slow",
    "ugly",
    "noisy",
    "annoying",
    "dreadful",
    "faulty",
    "cold",
    "stale",
    "unfriendly",
    "overpriced",
    "painful",
    "miserable",
    "shabby",
]
NEUTRAL = [
    "average",
    "ordinary",
    "standard",
    "usual",
    "normal",
    "rectangular",
    "grey",
    "typical",
    "medium",
    "regular",
    "common",
    "plain",
]
SUBJECTS = [
    "service",
    "food",
    "room",
    "staff",
    "hotel",
    "film",
    "book",
    "phone",
    "camera",
    "soup",
    "coffee",
    "meal",
    "trip",
    "concert",
    "shop",
    "website",
    "delivery",
    "support",
    "driver",
    "guide",
    "museum",
    "game",
    "show",
    "breakfast",
    "bed",
    "sound",
    "screen",
    "battery",
    "chair",
    "teacher",
    "course",
    "tour",
    "garden",
    "pool",
    "view",
]
POSITIVE_SAYS = [
    "The {s} was {a}.",
    "I loved the {s}.",
    "What a {a} {s}!",
    "We enjoyed the {s} very much.",
    "The {s} made us happy.",
    "Best {s} ever.",
    "I would buy it again, the {s} is {a}.",
    "Thank you for the {a} {s}.",
    "{p} and the {s} were {a}.",
    "The {s} in {c} is really {a}.",
    "I can recommend the {s}.",
    "Not bad at all, the {s} is {a}.",
    "The {s} was never {n}.",
    "Everything was {a}.",
]
NEGATIVE_SAYS = [
    "The {s} was {n}.",
    "I hated the {s}.",
    "What a {n} {s}!",
    "We were angry about the {s}.",
    "The {s} made us sad.",
    "Worst {s} ever.",
    "I want my money back, the {s} is {n}.",
    "Never again: {n} {s}.",
    "{p} and the {s} were {n}.",
    "The {s} in {c} is really {n}.",
    "I cannot recommend the {s}.",
    "The {s} was not {a}.",
    "I regret the {s}.",
    "Everything was {n}.",
]
NEUTRAL_SAYS = [
    "The {s} is in {c}.",
    "The {s} starts at {t}.",
    "{p} ordered the {s} on {d}.",
    "The {s} has a {z} size.",
    "There is a {s} on the second floor.",
    "The {s} costs {m}.",
    "We saw the {s} on {d}.",
    "The {s} is of {z} quality.",
    "The {s} belongs to {p}.",
    "The {s} was {z}.",
    "It was an ordinary {s}.",
    "The {s} opens at {t}.",
    "{p} works with the {s}.",
    "The {s} was moved to {c}.",
]
INSTRUCTIONS = (
    "Is the text positive, negative or neutral?",
    "Name the sentiment: positive, negative or neutral.",
    "Sentiment of the review? Answer positive, negative or neutral.",
    "Classify the feeling of the text. Labels: positive, negative, neutral",
    "Say whether the writer is pleased: positive, negative, neutral.",
    "Decide the sentiment. Options: neutral, negative, positive.",
    "Label the review as negative, neutral or positive.",
)


def review(source: Source, feeling: str) -> str:
    """One or two sentences with a feeling.

    Args:
        source: Random choices.
        feeling: `positive`, `negative` or `neutral`.
    """
    says = {"positive": POSITIVE_SAYS, "negative": NEGATIVE_SAYS, "neutral": NEUTRAL_SAYS}[feeling]
    sentences = []
    for _ in range(2 if source.chance(0.3) else 1):
        sentences.append(_sentence(source, source.pick(says)))
    if feeling != "neutral" and source.chance(0.25):
        sentences.insert(source.between(0, len(sentences)), _sentence(source, source.pick(NEUTRAL_SAYS[:7])))
    return " ".join(sentences)


def _sentence(source: Source, pattern: str) -> str:
    return pattern.format(
        s=source.pick(SUBJECTS), a=source.pick(POSITIVE), n=source.pick(NEGATIVE), z=source.pick(NEUTRAL),
        p=source.person(), c=source.place(), d=values.date(source), t=values.clock(source), m=values.amount(source),
    )  # fmt: skip


def sentiment(source: Source, level: float = 1.0) -> Example:
    """One or more reviews with the feeling as the answer.

    Args:
        source: Random choices.
        level: Not used; every family takes it.
    """
    feelings = ("positive", "negative", "neutral")
    turns = []
    prefix = source.pick(("", "", "Text: ", "Review: "))
    for _ in range(source.between(2, 6) if source.split == "train" else 1):
        feeling = source.pick(feelings)
        turns.append((prefix + review(source, feeling), feeling))
    return Example("sentiment", turns, source.pick(INSTRUCTIONS), tags=[turns[-1][1]])


def opinion_words() -> list[str]:
    """All words that carry a feeling, for other families."""
    return [*POSITIVE, *NEGATIVE, *words.ADJECTIVES]
