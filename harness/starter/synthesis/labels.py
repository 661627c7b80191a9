"""Label induction: what new labels mean is to be seen from examples in the prompt."""

# ruff: noqa: ARG001  (every family takes a level)

from __future__ import annotations

from collections.abc import Callable

from harness.starter.synthesis import values, words
from harness.starter.synthesis.core import Example, Source
from harness.starter.synthesis.topics import TOPICS, WRAPS, category_item, message

Maker = Callable[[], str]
INSTRUCTIONS = (
    "Label the text.",
    "Name the queue for the ticket.",
    "Which class does the text belong to? Answer with the label only.",
    "Choose the right label for the message.",
    "Sort the message into one of the groups.",
    "Classify the customer message.",
    "Give the code for the text.",
    "Route the request. Reply with the code of the team.",
    "Assign a category.",
    "Follow the examples.",
    "Pick the intent of the customer's question.",
    "Decide where this belongs.",
    "To which desk does the mail go? Name only the desk.",
)
LISTS = (
    " Labels: {l}",
    " Queues: {l}",
    " Choose from: {l}",
    " Options: {l}.",
    "\nClasses: {l}",
    " One of: {l}",
)
SHOT_LISTS = (
    "{x} -> {y}",
    "{x} => {y}",
    "{x}: {y}",
    "Text: {x}\nLabel: {y}",
    "{y}: {x}",
    "{x} | {y}",
    "- {x} -> {y}",
)


def _topic_groups(source: Source, n: int) -> list[Maker]:
    return [lambda t=topic: message(source, t) for topic in source.sample(list(TOPICS), n)]  # type: ignore[misc]


def _category_groups(source: Source, n: int) -> list[Maker]:
    chosen = source.sample(list(words.CATEGORIES), n)
    return [lambda c=each: category_item(source, c) for each in chosen]  # type: ignore[misc]


def _pattern_groups(source: Source, n: int) -> list[Maker]:
    makers: list[Maker] = [
        lambda: source.digits(source.between(2, 5)),
        source.code,
        source.person,
        lambda: values.date(source),
        lambda: values.amount(source),
        lambda: values.email(source),
        lambda: values.clock(source),
        lambda: values.percent(source),
        lambda: source.pick(words.TEXT_WORDS).upper(),
        lambda: f"{source.pick(words.TEXT_WORDS)}?",
        lambda: " ".join(source.sample(words.TEXT_WORDS, 5)),
        lambda: values.measure(source),
    ]
    return source.sample(makers, n)


def _keyword_groups(source: Source, n: int) -> list[Maker]:
    """Groups told apart by one word of their own among random words or in a sentence."""
    keys = source.sample(words.TEXT_WORDS, n) if source.chance(0.5) else source.distinct(source.word, n)
    rest = [word for word in words.TEXT_WORDS if word not in keys]
    in_sentence = source.chance(0.5)

    def make(key: str) -> str:
        if in_sentence:
            return source.pick(WRAPS).format(t=f"the {key}", T=f"The {key}")
        return " ".join(source.shuffled([key, *source.sample(rest, source.between(1, 4))]))

    return [lambda k=key: make(k) for key in keys]  # type: ignore[misc]


def _pair_groups(source: Source, n: int) -> list[Maker]:
    """Groups of which each is about one thing and one complaint, written with words dropped or moved."""
    things = source.sample([phrase for phrases in TOPICS.values() for phrase in phrases], n)
    aims = source.sample(
        [
            "how long does it take|when will it be ready",
            "why was it declined|it got refused",
            "how do I cancel it|I want to stop it",
            "can I change it|is it possible to alter it",
            "what does it cost|is there a fee",
            "I lost it|I cannot find it",
            "it arrived twice|I got two of them",
            "who is allowed to use it|may my son use it",
            "where do I find it|in which place is it",
            "it is broken|it stopped working",
        ],
        n,
    )

    def make(thing: str, aim: str) -> str:
        text = source.pick(
            (f"{thing}: {source.pick(aim.split('|'))}", f"{source.pick(aim.split('|'))}, {thing}")
        )
        parts = text.split()
        if len(parts) > 5 and source.chance(0.4):
            parts.pop(source.between(0, len(parts) - 1))
        return " ".join(parts)

    return [lambda t=t, a=a: make(t, a) for t, a in zip(things, aims, strict=False)]  # type: ignore[misc]


KINDS: list[tuple[str, int, Callable[[Source, int], list[Maker]]]] = [
    ("topic", 6, _topic_groups),
    ("category", 3, _category_groups),
    ("pattern", 2, _pattern_groups),
    ("keyword", 3, _keyword_groups),
    ("pair", 2, _pair_groups),
]


def _groups(source: Source, level: float) -> tuple[str, list[str], list[Maker]]:
    names = [index for index, (_, share, _) in enumerate(KINDS) for _ in range(share)]
    name, _, make = KINDS[source.pick(names)]
    n = source.between(2, 3 if level < 0.2 else 6)
    makers = make(source, n)
    style = source.between(0, 2)
    base = source.code() if style == 0 else ""
    labels = source.distinct(source.label, len(makers))
    if base and source.chance(0.3):
        labels = source.distinct(
            lambda: source.named(lambda: f"{base}-{source.between(1, 500)}"), len(makers)
        )
    return name, labels, makers


def _items(source: Source, makers: list[Maker], least: int, most: int) -> list[int]:
    """Indices of groups for the examples: each group at least once, then at random, in random order."""
    n = source.between(max(least, len(makers)), max(most, len(makers)))
    return source.shuffled(
        [*range(len(makers)), *(source.between(0, len(makers) - 1) for _ in range(n - len(makers)))]
    )


def label_turns(source: Source, level: float = 1.0, tail: int | None = None) -> Example:
    """Examples as earlier turns; every turn counts whose label has been seen.

    Args:
        source: Random choices.
        level: 0.0 for few groups and examples.
        tail: Number of further questions after the examples; by default 0 to 4.
    """
    name, labels, makers = _groups(source, level)
    order = _items(source, makers, 3, 6 if level < 0.2 else 16)
    extra = source.between(1, 4) if tail is None else tail
    order += [source.between(0, len(makers) - 1) for _ in range(extra)]
    prefix = source.pick(("", "", "", "Text: ", "Message: ", "Ticket: "))
    system = source.pick(INSTRUCTIONS) if source.chance(0.85) else None
    listed = system is not None and source.chance(0.5)
    if system and listed:
        system += source.pick(LISTS).format(l=", ".join(source.shuffled(labels)))
    used: set[str] = set()

    def new_text(group: int) -> str:
        text = makers[group]()
        for _ in range(5):
            if text not in used:
                break
            text = makers[group]()
        used.add(text)
        return prefix + text

    turns = [(new_text(group), labels[group]) for group in order]
    return Example("labels", turns, system, _seen_before(order), [name, f"groups-{len(makers)}"])


def _seen_before(order: list[int]) -> list[bool]:
    """Whether the group of each turn has had a turn before it: only then can its label be known."""
    return [group in order[:index] for index, group in enumerate(order)]


def _fixed_groups(source: Source, n: int, short: bool) -> list[Maker]:
    """Groups of one text each, a word or a phrase."""
    if short:
        texts = source.sample(words.TEXT_WORDS, n) if source.chance(0.5) else source.distinct(source.word, n)
    else:
        texts = [source.pick(TOPICS[topic]) for topic in source.sample(list(TOPICS), n)]
    return [lambda t=text: t for text in texts]  # type: ignore[misc]


def _noisy_groups(source: Source, n: int, noise: int) -> list[Maker]:
    """Groups told apart by one word of their own, with at most `noise` others around it."""
    keys = source.sample(words.TEXT_WORDS, n) if source.chance(0.5) else source.distinct(source.word, n)
    rest = [word for word in words.TEXT_WORDS if word not in keys]

    def make(key: str) -> str:
        return " ".join(source.shuffled([key, *source.sample(rest, source.between(1, noise))]))

    return [lambda k=key: make(k) for key in keys]  # type: ignore[misc]


def _wrapped_groups(source: Source, n: int) -> list[Maker]:
    """Groups of one phrase each, in changing sentences."""
    phrases = [source.pick(TOPICS[topic]) for topic in source.sample(list(TOPICS), n)]
    return [
        lambda p=phrase: source.pick(WRAPS).format(t=p, T=p[:1].upper() + p[1:])  # type: ignore[misc]
        for phrase in phrases
    ]


LESSONS: list[tuple[str, int, Callable[[Source, int], list[Maker]]]] = [
    ("word", 3, lambda source, n: _fixed_groups(source, n, short=True)),
    ("phrase", 4, lambda source, n: _fixed_groups(source, n, short=False)),
    ("word and another", 3, lambda source, n: _noisy_groups(source, n, 1)),
    ("word among three", 4, lambda source, n: _noisy_groups(source, n, 3)),
    ("keyword", 4, _keyword_groups),
    ("wrapped", 4, _wrapped_groups),
    ("category", 4, _category_groups),
    ("topic", 4, _topic_groups),
]
"""Steps of `label_lesson`: name, most groups, what makes the texts."""


def label_lesson(source: Source, level: float = 1.0) -> Example:
    """First lessons in taking a label from an earlier turn: the same text again, then less and less the same.

    Args:
        source: Random choices.
        level: 0.0 for single words that come again, 1.0 for all steps, the highest most.
    """
    reach = level * (source.rng.random() if source.chance(0.4) else 1.0 - 0.3 * source.rng.random())
    name, most, make = LESSONS[min(len(LESSONS) - 1, int(reach * len(LESSONS)))]
    makers = make(source, source.between(2, most))
    labels = source.distinct(source.label, len(makers))
    order = _items(source, makers, 6, 14)
    turns = [(makers[group](), labels[group]) for group in order]
    system = source.pick(INSTRUCTIONS) if source.chance(0.4) else None
    return Example("lesson", turns, system, _seen_before(order), [name])


def label_list(source: Source, level: float = 1.0) -> Example:
    """Examples as a list in the instruction, or as numbered passages in the user turn.

    Args:
        source: Random choices.
        level: 0.0 for few groups and examples.
    """
    name, labels, makers = _groups(source, level)
    order = _items(source, makers, 3, 6 if level < 0.2 else 12)
    pattern = source.pick(SHOT_LISTS)
    shots = [pattern.format(x=makers[group](), y=labels[group]) for group in order]
    asked = [source.between(0, len(makers) - 1) for _ in range(source.between(1, 4))]
    turns = [(makers[group](), labels[group]) for group in asked]
    system: str | None = source.pick(INSTRUCTIONS)
    if source.chance(0.5):
        system = f"{system}\n" + "\n".join(shots)
    else:
        passages = "\n".join(f"[{number}] {shot}" for number, shot in enumerate(shots, 1))
        joint = source.pick(("\n\nQuestion: ", "\n\n", "\n\nText: ", "\n\nQuestion: "))
        turns = [(f"{passages}{joint}{turns[0][0]}", turns[0][1])]
        if source.chance(0.3):
            system = f"{system}{source.pick(LISTS).format(l=', '.join(source.shuffled(labels)))}"
    return Example("labels", turns, system, tags=[name, "list"])


def nearest(source: Source, level: float = 1.0) -> Example:
    """The text differs by a word or two from one of the examples, whose label is the answer.

    Args:
        source: Random choices.
        level: 0.0 for few examples.
    """
    n = source.between(2, 4 if level < 0.2 else 10)
    labels = source.distinct(source.label, n)
    topics = source.sample(list(TOPICS), n)
    texts = [
        message(source, topic)
        if source.chance(0.7)
        else " ".join(source.sample(words.TEXT_WORDS, source.between(3, 7)))
        for topic in topics
    ]
    index = source.between(0, n - 1)
    changed = texts[index].split()
    for _ in range(source.between(1, 2)):
        if len(changed) > 3:
            changed.pop(source.between(0, len(changed) - 1))
    if source.chance(0.4):
        changed.insert(source.between(0, len(changed)), source.pick(words.TEXT_WORDS))
    query = " ".join(changed)
    system = source.pick(INSTRUCTIONS) if source.chance(0.8) else None
    if source.chance(0.5):
        turns = [*zip(texts, labels, strict=True), (query, labels[index])]
        return Example("labels", turns, system, [False] * n + [True], ["nearest"])
    shots = "\n".join(f"[{i}] {x} -> {y}" for i, (x, y) in enumerate(zip(texts, labels, strict=True), 1))
    joint = source.pick(("\n\nQuestion: ", "\n\n"))
    return Example("labels", [(f"{shots}{joint}{query}", labels[index])], system, tags=["nearest"])


def named_labels(source: Source, level: float = 1.0) -> Example:
    """No examples: the label is the category or topic itself, listed in the instruction.

    Args:
        source: Random choices.
        level: Not used; every family takes it.
    """
    n = source.between(2, 6)
    if source.chance(0.5):
        names = source.sample(list(words.CATEGORIES), n)
        pairs = [(category_item(source, name), name) for name in source.shuffled(names)]
    else:
        names = source.sample(list(TOPICS), n)
        pairs = [(message(source, name), name) for name in source.shuffled(names)]
    system = source.pick(INSTRUCTIONS) + source.pick(LISTS).format(l=", ".join(names))
    return Example("topics", pairs[: source.between(1, 4)], system, tags=["named"])
