"""Finds duplicate and near-duplicate questions without comparing every pair.

Two items ask the same where their wording differs only in case, punctuation, white space, characters
that cannot be seen, or the form of Unicode, whatever they accept. They nearly do where they accept a common
answer, have the same numbers, names and negations in the same order, and every part that the prompt shows has

- the same words in any order, or word sets of a Jaccard similarity of at least 0.9, or
- one word with one letter added, missing or swapped, or wrong and rare beside the right word.

So questions that were made from one template stay apart.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from zlib import crc32

from harness.tasks.labels import one_slip
from harness.tasks.wording import Question, Split, Vocabulary

NEAR = 0.9
"""Lowest Jaccard similarity of the word sets of two near-duplicates."""
_SLIP_WORDS = 40
"""Longest text in which a typo is looked for word by word; in a longer one the sets stay similar enough."""
_MOST_COMPARED = 200
"""Questions of one block that each is compared with: more than that are all near one another."""


def twins(questions: Sequence[Question], others: Sequence[Question]) -> list[tuple[int, int, bool]]:
    """Return, for each question that has a duplicate, the first of ``others`` that asks the same.

    Returns:
        ``(index in questions, index in others, whether the wording is the same)``.
    """
    first = {other.key: at for at, other in reversed(list(enumerate(others)))}
    alone = [at for at, question in enumerate(questions) if question.key not in first]
    near: dict[int, int] = {}
    side = len(alone)
    for one, other in _near_pairs([*(questions[at] for at in alone), *others], side):
        near[one] = min(near.get(one, other), other)
    found = [(at, first[q.key], True) for at, q in enumerate(questions) if q.key in first]
    return sorted([*found, *((alone[one], other - side, False) for one, other in near.items())])


def groups(questions: Sequence[Question], own: Sequence[str] = ()) -> list[int]:
    """Return for each question the index of the first of its group: those that ask the same, also via others.

    Args:
        questions: The questions.
        own: Names of groups that they belong to anyway, "" for none.
    """
    roots = list(range(len(questions)))

    def root(at: int) -> int:
        while roots[at] != at:
            roots[at] = at = roots[roots[at]]
        return at

    def join(one: int, other: int) -> None:
        low, high = sorted((root(one), root(other)))
        roots[high] = low

    first: dict[str, int] = {}
    for at, question in enumerate(questions):
        join(first.setdefault(question.key, at), at)
    apart = list(first.values())
    for one, other in _near_pairs([questions[at] for at in apart], None):
        join(apart[one], apart[other])
    head: dict[str, int] = {}
    for at, name in enumerate(own):
        if name:
            join(head.setdefault(name, at), at)
    return [root(at) for at in range(len(questions))]


def _near_pairs(questions: Sequence[Question], side: int | None) -> Iterator[tuple[int, int]]:
    """Yield pairs that nearly ask the same, smaller index first.

    With ``side`` only pairs of one question before that index and one from it on are looked for.
    """
    words = Vocabulary(questions)
    splits = [words.split(question) for question in questions]
    seen: set[tuple[int, int]] = set()
    for members in _blocks(questions, splits):
        left = [at for at in members if side is None or at < side]
        right = left if side is None else [at for at in members if at >= side]
        for one in left:
            for other in right[:_MOST_COMPARED]:
                pair = (one, other) if one < other else (other, one)
                if one != other and pair not in seen:
                    seen.add(pair)
                    if _nearly_same(splits[one], splits[other], words.n_questions):
                        yield pair


def _blocks(questions: Sequence[Question], splits: Sequence[Split]) -> Iterable[list[int]]:
    """Return groups of questions; two that nearly ask the same are together in one of them."""
    blocks: dict[Any, list[int]] = defaultdict(list)
    for at, (question, split) in enumerate(zip(questions, splits, strict=True)):
        keys = list(_keys(split))
        for answer in question.answers:
            kind = hash((split.fixed, answer))
            for key in keys:
                blocks[kind, key].append(at)
    return (block for block in blocks.values() if len(block) > 1)


def _keys(split: Split) -> Iterator[Any]:
    """Yield keys of which two questions that nearly ask the same have at least one in common.

    Word sets of m and n words and a similarity of t differ in (1 - t) / (1 + t) (m + n) words at most.
    Distributed over one bucket more than that, they have a bucket in common (the pigeonhole principle of
    Arasu, Ganti and Kaushik 2006). The number of buckets is that of a class of sizes; both texts are at most
    one class apart. And two texts that differ in one word are the same without it.
    """
    words = [(at, word) for at, loose in enumerate(split.loose) for word in loose]
    n_words = len({*words, *((at, word) for at, fixed in enumerate(split.fixed) for word in fixed)})
    size_class = int(math.log(max(1, n_words), 1 / NEAR))
    for each in (size_class, size_class + 1):
        n_heaps = int((1 - NEAR) / (1 + NEAR) * 2 * NEAR ** -(each + 1) + 1e-9) + 1
        heaps = [0] * n_heaps
        for at, word in set(words):
            heaps[crc32(word.encode()) % n_heaps] ^= hash((at, word))
        yield from ((each, heap, content) for heap, content in enumerate(heaps))
    if len(words) <= _SLIP_WORDS:
        for at in range(len(words)):
            yield hash((*words[:at], None, *words[at + 1 :]))


def _nearly_same(one: Split, other: Split, frequency: Counter[str]) -> bool:
    if one.fixed != other.fixed:
        return False
    parts = zip(one.fixed, one.loose, other.loose, strict=True)
    return all(
        ours == theirs
        or jaccard({*fixed, *ours}, {*fixed, *theirs}) >= NEAR
        or _one_slip(ours, theirs, frequency)
        for fixed, ours, theirs in parts
    )


def jaccard(one: set[str], other: set[str]) -> float:
    """Return the similarity of two sets: size of the intersection over size of the union, 0 to 1."""
    return len(one & other) / len(one | other) if one or other else 1.0


def _one_slip(ours: Sequence[str], theirs: Sequence[str], frequency: Counter[str]) -> bool:
    """Whether exactly one word differs, by one letter.

    A word with a different letter may be another word (bear, bean), unless it is rare compared with that.
    """
    if len(ours) != len(theirs):
        return False
    differing = [(one, other) for one, other in zip(ours, theirs, strict=True) if one != other]
    if len(differing) != 1 or not one_slip(*differing[0]):
        return False
    left, right = differing[0]
    rare, frequent = sorted((frequency[left], frequency[right]))
    return len(left) != len(right) or sorted(left) == sorted(right) or rare <= 2 or frequent >= 5 * rare
