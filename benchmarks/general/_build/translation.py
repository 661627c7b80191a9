"""Simple sentences to translate: two of three into English, the others into French."""

from __future__ import annotations

from benchmarks.general._build.parsing import Row, drawn, target_of
from benchmarks.general._build.sentences import SENTENCES

TASK = "translation"
VALIDATION = 24
INTO_FRENCH = 3
"""Every so many sentences one is to be put into French."""


def items() -> dict[str, list[Row]]:
    """Return the rows by split, with the languages ``source`` and ``language`` that the instruction names."""
    groups: dict[str, list[Row]] = {"into_english": [], "into_french": []}
    pairs = SENTENCES.strip().replace("\n    =", " =").splitlines()
    for number, pair in enumerate(pairs):
        english, french = ([form.strip() for form in side.split("|")] for side in pair.split(" = "))
        if number % INTO_FRENCH == 0:
            groups["into_french"].append(_row(english[0], french, "English", "French"))
        else:
            groups["into_english"].append(_row(french[0], english, "French", "English"))
    return drawn(TASK, groups, VALIDATION)


def _row(sentence: str, references: list[str], source: str, language: str) -> Row:
    tag = f"into_{language.lower()}"
    return {
        "input": sentence,
        "target": target_of(references),
        "source": source,
        "language": language,
        "tags": [tag],
    }
