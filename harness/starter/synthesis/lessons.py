"""First lessons in looking something up, before the reading of ordinary passages.

A small model first copies any value of a passage, and stays there when it is only shown ordinary questions.
It learns to look up when the question ends with the key that stands before the value (`fee:` after
`fee: 40 crowns`); from there the wordings can grow.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.starter.synthesis import values, words
from harness.starter.synthesis.core import Example, Source
from harness.starter.synthesis.documents import upper_first
from harness.starter.synthesis.stories import ATTRIBUTE_ASKS, ATTRIBUTE_KINDS, ATTRIBUTE_SAYS, entities

INSTRUCTIONS = (
    "Answer the question from the passages.",
    "Look it up in the text.",
    "Find the value.",
    "Use the passages to answer.",
    "Copy the answer from the text.",
)
BARE_SAYS = ("{a}: {v}", "{a}: {v}", "the {a} is {v}", "{a} = {v}", "{a} {v}")
BARE_ASKS = ("the {a}?", "{a}?", "what is the {a}?", "give the {a}", "tell me the {a}.", "which {a}?")
OWNED_SAYS = ("the {a} of {e} is {v}", "{e}, {a}: {v}", "{e} has the {a} {v}", "{e}: the {a} is {v}")
KEY_LAST_ASKS = ("{e}, {a}:", "{e}: {a}?", "{e}, {a}?", "{e} {a}:", "for {e}, {a}:")
OWNED_ASKS = (
    *KEY_LAST_ASKS[:3],
    "the {a} of {e}:",
    "what is the {a} of {e}?",
    "{a} of {e}?",
    "what is {e}'s {a}?",
)


@dataclass(frozen=True)
class _Entry:
    """A value with the key, and perhaps the owner, under which it stands."""

    key: str
    owner: str
    value: str

    def fill(self, pattern: str) -> str:
        names = {"a": self.key, "e": self.owner, "E": upper_first(self.owner), "v": self.value}
        return pattern.format(**names)


def _keys(source: Source, n: int) -> list[str]:
    if source.chance(0.25):
        return source.distinct(source.word, n)
    return source.sample(words.ATTRIBUTES, n)


def _value(source: Source) -> str:
    return values.KINDS[source.pick(ATTRIBUTE_KINDS)](source)


def _entries(source: Source, owners: list[str], n_keys: int, shared: bool = True) -> list[_Entry]:
    keys = _keys(source, n_keys if shared else n_keys * len(owners))
    own = [keys if shared else keys[i * n_keys : (i + 1) * n_keys] for i in range(len(owners))]
    return [
        _Entry(key, owner, _value(source))
        for owner, some in zip(owners, own, strict=True)
        for key in source.shuffled(some)
    ]


def _example(source: Source, text: str, asked: list[tuple[str, str]], tag: str) -> Example:
    turns = list(asked)
    question, answer = turns[0]
    turns[0] = (f"{text}\n\n{question}", answer)
    system = source.pick(INSTRUCTIONS) if source.chance(0.5) else None
    return Example(tag if tag == "cloze" else "lookup", turns, system, tags=[tag])


def cloze(source: Source, level: float = 1.0) -> Example:
    """Keys with values; the question is the key itself, as it stands before the value.

    Args:
        source: Random choices.
        level: 0.0 for three to five keys, 1.0 for up to twelve.
    """
    entries = _entries(source, [""], source.between(3, 5 + round(7 * level)))
    mark = source.pick((":", " =", ":"))
    joint = source.pick((". ", "\n", "; "))
    text = joint.join(f"{entry.key}{mark} {entry.value}" for entry in entries)
    start = "[1] " if source.chance(0.7) else ""
    asked = [(f"{entry.key}{mark}", entry.value) for entry in source.shuffled(entries)]
    return _example(source, start + text, asked, "cloze")


@dataclass(frozen=True)
class _Step:
    """One step of the ladder that `lookup` climbs.

    Attributes:
        tag: Its name.
        owners: Least and most things that own values.
        keys: Least and most keys of each.
        shared: Whether the owners have the same keys, so that the owner decides.
        says: Wordings of the text.
        asks: Wordings of the questions.
    """

    tag: str
    owners: tuple[int, int]
    keys: tuple[int, int]
    shared: bool
    says: tuple[str, ...]
    asks: tuple[str, ...]


STEPS = (
    _Step("bare", (0, 0), (2, 6), True, BARE_SAYS, (*BARE_ASKS, "{a}:")),
    _Step("key last", (1, 1), (2, 5), True, OWNED_SAYS, KEY_LAST_ASKS),
    _Step("one owner", (1, 1), (2, 5), True, OWNED_SAYS, OWNED_ASKS),
    _Step("own keys", (2, 3), (1, 3), False, OWNED_SAYS, OWNED_ASKS),
    _Step("owner decides", (2, 4), (1, 1), True, OWNED_SAYS, OWNED_ASKS),
    _Step("two owners", (2, 2), (2, 3), True, OWNED_SAYS, OWNED_ASKS),
    _Step("ordinary", (1, 4), (2, 3), True, tuple(ATTRIBUTE_SAYS), tuple(ATTRIBUTE_ASKS)),
)


def lookup(source: Source, level: float = 1.0) -> Example:
    """Keys with values in short sentences, asked for in questions; later several owners share the keys.

    Args:
        source: Random choices.
        level: 0.0 for bare keys, 1.0 for all of the ladder, its highest steps most.
    """
    reach = level * (source.rng.random() if source.chance(0.4) else 1.0 - 0.3 * source.rng.random())
    step = STEPS[min(len(STEPS) - 1, int(reach * len(STEPS)))]
    owners = entities(source, source.between(*step.owners)) or [""]
    n_keys = source.between(*step.keys)
    entries = _entries(source, owners, n_keys, step.shared)
    if step.tag == "bare" or source.chance(0.5):
        shuffled = source.shuffled(entries)
        text, asked = _worded(source, shuffled, step.says, step.asks)
        start = "[1] " if source.chance(0.5) else ""
        return _example(source, start + text, asked[:8], step.tag)
    blocks, asked = [], []
    says = step.says if source.chance(0.4) else BARE_SAYS
    for number, owner in enumerate(owners, 1):
        own = [entry for entry in entries if entry.owner == owner]
        text, more = _worded(source, own, says, step.asks)
        blocks.append(f"[{number}] {upper_first(owner)}: {text}")
        asked += more
    return _example(source, "\n".join(blocks), source.shuffled(asked)[:8], step.tag)


def _worded(
    source: Source, entries: list[_Entry], says: tuple[str, ...], asks: tuple[str, ...]
) -> tuple[str, list[tuple[str, str]]]:
    """The entries as sentences of one or of several wordings, and the questions for them."""
    one_way, one_ask = source.pick(says), source.pick(asks)
    mixed, mixed_asks = source.chance(0.6), source.chance(0.6)
    sentences = [
        upper_first(entry.fill(source.pick(says) if mixed else one_way)).rstrip(".") for entry in entries
    ]
    asked = []
    for entry in source.shuffled(entries):
        question = entry.fill(source.pick(asks) if mixed_asks else one_ask)
        asked.append((upper_first(question) if source.chance(0.7) else question, entry.value))
    return ". ".join(sentences) + ".", asked
