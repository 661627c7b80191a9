"""The families by name."""

from __future__ import annotations

from collections.abc import Callable

from harness.starter.synthesis.core import Example, Source
from harness.starter.synthesis.extraction import extraction
from harness.starter.synthesis.formats import copying, formats
from harness.starter.synthesis.general import general
from harness.starter.synthesis.labels import label_lesson, label_list, label_turns, named_labels, nearest
from harness.starter.synthesis.lessons import cloze, lookup
from harness.starter.synthesis.reading import closed_book, reading, shots_then_reading
from harness.starter.synthesis.sentences import sentences
from harness.starter.synthesis.sentiment import sentiment
from harness.starter.synthesis.sums import sums
from harness.starter.synthesis.textops import textops

FAMILIES: dict[str, Callable[[Source, float], Example]] = {
    "cloze": cloze,
    "lookup": lookup,
    "reading": reading,
    "reading_after_shots": shots_then_reading,
    "closed_book": closed_book,
    "general": general,
    "label_lesson": label_lesson,
    "label_turns": label_turns,
    "label_list": label_list,
    "nearest": nearest,
    "named_labels": named_labels,
    "formats": formats,
    "extraction": extraction,
    "textops": textops,
    "sums": sums,
    "sentiment": sentiment,
    "copying": copying,
    "sentences": sentences,
}


def make(family: str, source: Source, level: float = 1.0) -> Example:
    """An example of a family.

    Args:
        family: A key of `FAMILIES`.
        source: Random choices and names.
        level: How hard, from 0.0 to 1.0.
    """
    return FAMILIES[family](source, level)
