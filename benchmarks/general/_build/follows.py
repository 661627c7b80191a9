"""Everyday requests with instructions that a program can check, in the manner of IFEval (Zhou et al. 2023).

Every item has its ``checks`` and an example answer that meets them. Most have one check, the others two or
three.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.general._build.follows_bank import RECORDS, SPOKEN, TOPICS
from benchmarks.general._build.parsing import Row, drawn, lines_of

TASK = "follows"
VALIDATION = 26
KINDS_PER_TOPIC = 4
Check = dict[str, Any]


@dataclass(frozen=True)
class Topic:
    """A request and what an answer is made of."""

    request: str
    sentences: tuple[str, ...]
    points: tuple[str, ...]
    word: str
    foreign: str

    @property
    def first(self) -> str:
        """The first sentence."""
        return self.sentences[0]

    @property
    def whole(self) -> str:
        """All sentences."""
        return " ".join(self.sentences)


@dataclass(frozen=True)
class Asked:
    """An instruction, the checks that it makes and an answer that meets them."""

    instruction: str
    checks: tuple[Check, ...]
    target: str


def _case(case: str, instruction: str, text: str) -> Asked:
    return Asked(instruction, ({"check": "case", "case": case},), text)


def _upper(topic: Topic, n: int) -> Asked:
    said = ("Write in capital letters only.", "Use ONLY UPPERCASE letters in your answer.")[n % 2]
    return _case("upper", said, topic.first.upper())


def _lower(topic: Topic, n: int) -> Asked:
    said = ("Write everything in lower case.", "Do not use any capital letters.")[n % 2]
    return _case("lower", said, topic.first.lower())


def _title(topic: Topic, n: int) -> Asked:  # noqa: ARG001
    return _case("title", "Start Every Word With A Capital Letter.", topic.first.title())


def _most_words(topic: Topic, n: int) -> Asked:
    most = (15, 20, 30, 40)[n % 4]
    said = (f"Answer in at most {most} words.", f"Use no more than {most} words.")[n % 2]
    return Asked(said, ({"check": "words", "max": most},), topic.first)


def _least_words(topic: Topic, n: int) -> Asked:
    least = (15, 20, 25)[n % 3]
    said = f"Your answer must have at least {least} words."
    return Asked(said, ({"check": "words", "min": least},), topic.whole)


def _sentences(topic: Topic, n: int) -> Asked:
    count = (1, 2, 3)[n % 3]
    said = f"Answer in exactly {('one sentence', 'two sentences', 'three sentences')[count - 1]}."
    checks = ({"check": "sentences", "min": count, "max": count},)
    return Asked(said, checks, " ".join(topic.sentences[:count]))


def _few_sentences(topic: Topic, n: int) -> Asked:
    most = (2, 3)[n % 2]
    said = f"Give me {('two', 'three')[n % 2]} sentences at most."
    return Asked(said, ({"check": "sentences", "max": most},), topic.first)


def _bullets(topic: Topic, n: int) -> Asked:
    count = (3, 4, 2)[n % 3]
    said = f'Answer with exactly {count} bullet points, each on a line of its own that begins with "- ".'
    target = "\n".join(f"- {point}" for point in topic.points[:count])
    return Asked(said, ({"check": "bullets", "min": count, "max": count},), target)


def _some_bullets(topic: Topic, n: int) -> Asked:
    said = (
        'Answer with a list of bullet points that begin with "- ".',
        'Use at least two bullet points, each beginning with "- ".',
    )[n % 2]
    target = "\n".join(f"- {point}" for point in topic.points)
    return Asked(said, ({"check": "bullets", "min": 2},), target)


def _lines(topic: Topic, n: int) -> Asked:
    count = (3, 4)[n % 2]
    said = f"Give {('three', 'four')[n % 2]} short answers, each on a line of its own, and nothing else."
    return Asked(said, ({"check": "lines", "min": count, "max": count},), "\n".join(topic.points[:count]))


def _paragraphs(topic: Topic, n: int) -> Asked:  # noqa: ARG001
    said = "Write exactly two short paragraphs with an empty line between them."
    target = f"{topic.first}\n\n{topic.sentences[1]}"
    return Asked(said, ({"check": "paragraphs", "min": 2, "max": 2},), target)


def _contains(topic: Topic, n: int) -> Asked:
    said = (
        f'Use the word "{topic.word}" in your answer.',
        f'The word "{topic.word}" must be in your answer.',
    )
    return Asked(said[n % 2], ({"check": "contains", "text": topic.word},), topic.first)


def _excludes(topic: Topic, n: int) -> Asked:
    said = (
        f'Do not use the word "{topic.foreign}".',
        f'The word "{topic.foreign}" must not be in your answer.',
    )
    return Asked(said[n % 2], ({"check": "excludes", "text": topic.foreign},), topic.first)


def _starts(topic: Topic, n: int) -> Asked:
    opening = ("Good question!", "In short:", "Sure!", "In my view:")[n % 4]
    said = f'Begin your answer with "{opening}"'
    return Asked(said, ({"check": "starts", "text": opening},), f"{opening} {topic.first}")


def _ends(topic: Topic, n: int) -> Asked:
    ending = ("I hope this helps!", "That is all.", "Have a nice day!")[n % 3]
    said = f'Write at least 10 words and end your answer with "{ending}"'
    checks = ({"check": "words", "min": 10}, {"check": "ends", "text": ending})
    return Asked(said, checks, f"{topic.first} {topic.sentences[1]} {ending}")


def _quoted(topic: Topic, n: int) -> Asked:  # noqa: ARG001
    return Asked(
        "Put your whole answer in double quotation marks.", ({"check": "quoted"},), f'"{topic.first}"'
    )


def _word_and_sentence(topic: Topic, n: int) -> Asked:  # noqa: ARG001
    said = f'Answer in one sentence that has the word "{topic.word}" in it.'
    checks = ({"check": "sentences", "min": 1, "max": 1}, {"check": "contains", "text": topic.word})
    return Asked(said, checks, topic.first)


def _short_without(topic: Topic, n: int) -> Asked:  # noqa: ARG001
    said = f'Use at most 40 words, and do not use the word "{topic.foreign}".'
    checks = ({"check": "words", "max": 40}, {"check": "excludes", "text": topic.foreign})
    return Asked(said, checks, topic.first)


def _word_and_without(topic: Topic, n: int) -> Asked:  # noqa: ARG001
    said = f'Use the word "{topic.word}", but not the word "{topic.foreign}".'
    checks = ({"check": "contains", "text": topic.word}, {"check": "excludes", "text": topic.foreign})
    return Asked(said, checks, topic.first)


def _starts_and_short(topic: Topic, n: int) -> Asked:
    opening = ("Sure!", "All right.")[n % 2]
    said = f'Begin with "{opening}" and write at most three sentences.'
    checks = ({"check": "starts", "text": opening}, {"check": "sentences", "max": 3})
    return Asked(said, checks, f"{opening} {topic.first}")


def _three_at_once(topic: Topic, n: int) -> Asked:  # noqa: ARG001
    said = f'Write at least 10 words and at most three sentences, and use the word "{topic.word}".'
    checks = (
        {"check": "words", "min": 10},
        {"check": "sentences", "max": 3},
        {"check": "contains", "text": topic.word},
    )
    return Asked(said, checks, " ".join(topic.sentences[:2]))


KINDS: dict[str, Callable[[Topic, int], Asked]] = {
    "upper": _upper, "most-words": _most_words, "contains": _contains, "sentences": _sentences,
    "starts": _starts, "excludes": _excludes, "bullets": _bullets, "word-and-sentence": _word_and_sentence,
    "lower": _lower, "least-words": _least_words, "few-sentences": _few_sentences, "ends": _ends,
    "short-without": _short_without, "lines": _lines, "some-bullets": _some_bullets, "title": _title,
    "word-and-without": _word_and_without, "quoted": _quoted, "paragraphs": _paragraphs,
    "starts-and-short": _starts_and_short, "three-at-once": _three_at_once,
}  # fmt: skip


def _on_topics() -> dict[str, list[Row]]:
    """Return the items made of topics: each topic with the next four kinds in turn."""
    groups: dict[str, list[Row]] = {kind: [] for kind in KINDS}
    names = list(KINDS)
    for t, (request, *sentences, points, word, foreign) in enumerate(lines_of(TOPICS)):
        listed = tuple(point.strip() for point in points.split(";"))
        topic = Topic(request, tuple(sentences), listed, word, foreign)
        for k in range(t * KINDS_PER_TOPIC, (t + 1) * KINDS_PER_TOPIC):
            kind = names[k % len(names)]
            asked = KINDS[kind](topic, k // len(names))
            groups[kind].append(_row(f"{request} {asked.instruction}", asked.checks, asked.target, kind))
    return groups


def _row(text: str, checks: tuple[Check, ...], target: str, kind: str) -> Row:
    tags = [kind, "one-check" if len(checks) == 1 else "several-checks"]
    return {"input": text, "target": target, "checks": list(checks), "tags": tags}


def _spoken(language: str, request: str, answer: str) -> Row:
    text = f"{request} Answer in {language}."
    return _row(text, ({"check": "language", "language": language},), answer, "language")


def _record(request: str, keys: str, values: str) -> Row:
    names = [key.strip() for key in keys.split(",")]
    fields = [value.strip() for value in values.split(",", len(names) - 1)]
    quoted = " and ".join(", ".join(f'"{name}"' for name in names).rsplit(", ", 1))
    text = f"{request} Answer with a JSON object with the keys {quoted}."
    target = json.dumps(dict(zip(names, fields, strict=True)), ensure_ascii=False)
    return _row(text, ({"check": "json", "keys": names},), target, "json")


def items() -> dict[str, list[Row]]:
    """Return the rows of each split; ``tags`` name the kind of instruction and whether there are several."""
    groups = _on_topics()
    groups["language"] = [_spoken(*fields) for fields in lines_of(SPOKEN)]
    groups["json"] = [_record(*fields) for fields in lines_of(RECORDS)]
    return drawn(TASK, groups, VALIDATION)
