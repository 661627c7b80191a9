"""Small operations on text."""

# ruff: noqa: ARG001  (every family takes a level)

from __future__ import annotations

from harness.starter.synthesis import words
from harness.starter.synthesis.core import Example, Source

ORDINALS = ("first", "second", "third", "fourth", "fifth")
OPERATIONS: dict[str, tuple[str, ...]] = {
    "last": ("Give the last word.", "What is the last word?", "Write only the last word."),
    "nth": ("Give the {o} word.", "What is the {o} word?", "Write only the {o} word."),
    "reverse": ("Reverse the order of the words.", "Write the words backwards.", "Reverse the words."),
    "hyphens": ("Join the words with hyphens.", "Put hyphens between the words.", "Write with hyphens."),
    "commas": (
        "Put commas between the words.",
        "Separate the words with commas.",
        "Write as a list with commas.",
    ),
    "twice": ("Write the text twice.", "Repeat the text two times.", "Say it twice."),
    "count": ("How many words are there?", "Count the words.", "Give the number of words."),
    "drop first": ("Remove the first word.", "Leave out the first word.", "Delete the first word."),
    "drop last": ("Remove the last word.", "Leave out the last word.", "Delete the last word."),
    "replace": ("Replace {a} with {b}.", "Write {b} instead of {a}.", "Change {a} to {b}."),
    "upper": ("Write in capital letters.", "Put the text in upper case.", "Upper case, please."),
    "lower": ("Write in small letters.", "Put the text in lower case.", "Lower case, please."),
    "letter": (
        "Give the first letter of the word.",
        "What is the first letter?",
        "With which letter does it begin?",
    ),
    "swap": (
        "Swap the first and the last word.",
        "Exchange the first and last words.",
        "Let first and last change places.",
    ),
    "quote": ("Put the text in quotation marks.", "Write it in quotes.", "Add quotation marks."),
}


def apply(name: str, items: list[str], a: str, b: str, n: int) -> str:
    """What the operation makes of the words.

    Args:
        name: A key of `OPERATIONS`.
        items: The words.
        a: Word to replace.
        b: Word to put there.
        n: Index of the word asked for by `nth`.
    """
    text = " ".join(items)
    results = {
        "last": items[-1],
        "nth": items[n],
        "reverse": " ".join(reversed(items)),
        "hyphens": "-".join(items),
        "commas": ", ".join(items),
        "twice": f"{text} {text}",
        "count": str(len(items)),
        "drop first": " ".join(items[1:]),
        "drop last": " ".join(items[:-1]),
        "replace": " ".join(b if each == a else each for each in items),
        "upper": text.upper(),
        "lower": text.lower(),
        "letter": items[0][0],
        "swap": " ".join([items[-1], *items[1:-1], items[0]]),
        "quote": f'"{text}"',
    }
    return results[name]


def _words(source: Source, name: str) -> list[str]:
    n = (
        1
        if name == "letter"
        else source.between(2, 5)
        if name in ("upper", "lower")
        else source.between(2, 7)
    )
    if name in ("upper", "lower"):
        n = min(n, 3)
    pool = [source.pick(words.TEXT_WORDS) for _ in range(n)]
    if name not in ("upper", "lower", "letter") and source.chance(0.3):
        pool[source.between(0, n - 1)] = source.pick((source.word(), source.surname(), source.digits(2)))
    pool = list(dict.fromkeys(pool))
    while len(pool) < 2 and name != "letter":
        pool.append(source.word())
    return [each.upper() for each in pool] if name == "lower" else pool


def textops(source: Source, level: float = 1.0) -> Example:
    """One operation, on one text or on several in turn.

    Args:
        source: Random choices.
        level: Not used; every family takes it.
    """
    name = source.pick(list(OPERATIONS))
    in_system = source.chance(0.6)
    form = source.pick(OPERATIONS[name])
    turns = []
    system: str | None = None
    a, b = source.pick(words.TEXT_WORDS), source.pick(words.TEXT_WORDS)
    n = source.between(0, 3)
    for _ in range(source.between(2, 6) if source.split == "train" else 1):
        items = _words(source, name)
        if name == "replace":
            if not in_system:
                a = source.pick(items)
            elif a not in items:
                items[source.between(0, len(items) - 1)] = a
        if not in_system:
            n = source.between(0, min(len(items), 5) - 1)
            form = source.pick(OPERATIONS[name])
        while len(items) <= n:
            items.append(source.pick([word for word in words.TEXT_WORDS if word not in items]))
        wording = form.format(o=ORDINALS[n], a=a, b=b)
        result = apply(name, items, a, b, n)
        text = " ".join(items)
        if in_system:
            system = wording
            turns.append((text, result))
        else:
            turns.append(
                (source.pick(("{w} {t}", "{w}\n{t}", "{w} Text: {t}")).format(w=wording, t=text), result)
            )
    if system is None and source.chance(0.4):
        system = source.pick(
            ("Edit the text as told.", "Do what is asked with the text.", "Text tool.", "Change the text.")
        )
    return Example("textops", turns, system, tags=[name])
