"""The work that is measured: questions to answer, and items with options to choose from.

Everything is made from one seed. A record describes a made-up machine; half of them hold the answer.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.speed.models import END, Setup, make_model

SHOTS = 5
N_TRAIN = 100
STOP = "\n\n"
MAX_NEW_TOKENS = 32
PROMPT = "{{ context }}\nQuestion: {{ input }}\nAnswer:"
TOKENIZER_ROWS = 1000
"""Test rows from which the tokenizer learns, at most."""

_SEED = 20261121
_KINDS = ("crane", "kiln", "loom", "press", "lathe", "boiler", "winch", "mixer")
_FACTS = ("rated load", "test voltage", "paint code", "oil grade", "depot", "fitter", "torque")
_ONSETS = ("b", "ch", "d", "f", "gr", "h", "k", "l", "m", "n", "p", "qu", "r", "sh", "st", "t", "v", "w", "z")
_RIMES = ("a", "am", "ar", "e", "en", "esk", "i", "il", "ist", "o", "on", "orp", "u", "um", "uth")

Row = dict[str, Any]


@dataclass(frozen=True)
class Workload:
    """Where the work lies, and how its prompts come by their examples.

    Attributes:
        folder: Holds ``train.jsonl``, ``test.jsonl`` and, where documents were asked for, ``corpus.jsonl``.
        model: The folder of the model.
        shots: "fixed": all prompts show the same examples, put there by the harness. "drawn": every prompt
            shows examples of its own, which are part of its text.
        setup: Where and in which number format the model answers.
        max_new_tokens: Of an answer.
    """

    folder: Path
    model: Path
    shots: str
    setup: Setup
    max_new_tokens: int = MAX_NEW_TOKENS

    @property
    def prompt(self) -> str:
        """The template of a prompt, over the fields of a row."""
        return PROMPT if self.shots == "fixed" else "{{ input }}"

    def rows(self, task: str, split: str) -> Path:
        """Return the file with the "train" or "test" rows of a task: its own, or the one that all share."""
        own = self.folder / f"{task}-{split}.jsonl"
        return own if own.exists() else self.folder / f"{split}.jsonl"

    def first(self, n_items: int, folder: Path) -> Workload:
        """Return the same work with the first ``n_items`` test rows only, its data below ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in self.folder.glob("*.jsonl"):
            with path.open("rb") as lines:
                kept = islice(lines, n_items if path.name == "test.jsonl" else None)
                (folder / path.name).write_bytes(b"".join(kept))
        return replace(self, folder=folder)


def make(
    folder: Path,
    shots: str,
    n_items: int,
    setup: Setup = Setup(),  # noqa: B008 - frozen
    n_options: int = 4,
    n_documents: int = 0,
) -> Workload:
    """Write model and data below ``folder``.

    Args:
        folder: Where.
        shots: See ``Workload``.
        n_items: Test rows; each can be asked as a question and as a choice.
        setup: Size of the model, and where it answers.
        n_options: Options of an item.
        n_documents: Documents of the corpus; 0 for none.
    """
    rng = random.Random(_SEED)
    train = [_row(rng, f"train-{i}", n_options) for i in range(N_TRAIN)]
    test = [_row(rng, f"test-{i}", n_options) for i in range(n_items)]
    make_model(folder / "model", [shown(row) for row in train + test[:TOKENIZER_ROWS]], setup)
    if shots == "drawn":
        test = [row | {"input": with_examples(rng, row, train)} for row in test]
    write_rows(folder / "train.jsonl", train)
    write_rows(folder / "test.jsonl", test)
    if n_documents:
        write_rows(folder / "corpus.jsonl", _documents(n_documents))
    return Workload(folder, folder / "model", shots, setup)


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _name(rng: random.Random) -> str:
    return "".join(rng.choice(_ONSETS) + rng.choice(_RIMES) for _ in range(rng.randint(2, 3)))


def _row(rng: random.Random, row_id: str, n_options: int) -> Row:
    name, machine, fact = _name(rng).capitalize(), rng.choice(_KINDS), rng.choice(_FACTS)
    choices = [" ".join(_name(rng) for _ in range(rng.randint(2, 3))) for _ in range(n_options)]
    gold = rng.randrange(n_options)
    context = f"Entry {row_id} concerns the {name} {machine}."
    if rng.random() < 0.5:
        year, town = rng.randint(1950, 2020), _name(rng).capitalize()
        context = f"The {name} {machine} came from {town} in {year}. Its {fact} is {choices[gold]}."
    return {
        "id": row_id,
        "context": context,
        "input": f"What is the {fact} of the {name} {machine}?",
        "target": choices[gold],
        "options": [f" {choice}{END}" for choice in choices],
        "choices": choices,
        "spaced": [f" {choice}" for choice in choices],
        "gold": gold,
    }


def shown(row: Row) -> str:
    """Return an example as it stands in a prompt."""
    return f"{_asked(row)} {row['target']}{STOP}"


def _asked(row: Row) -> str:
    return f"{row['context']}\nQuestion: {row['input']}\nAnswer:"


def with_examples(rng: random.Random, row: Row, train: Sequence[Row]) -> str:
    """Return a prompt with examples of its own."""
    return "".join(map(shown, rng.sample(list(train), SHOTS))) + _asked(row)


def _documents(n_documents: int) -> list[Row]:
    """Return short documents, each about two machines."""
    rng = random.Random(_SEED + 1)
    rows = [[_row(rng, f"{i}-{k}", 2) for k in range(2)] for i in range(n_documents)]
    return [
        {"id": f"document-{i}", "title": f"Record {i}", "text": " ".join(row["context"] for row in pair)}
        for i, pair in enumerate(rows)
    ]
