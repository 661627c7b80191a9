"""Small talk in several turns whose last question can only be answered from an earlier turn.

The banks hold conversations with places for values, each with four sets of values and questions of their own.
Conversations of the validation split are in no test item with other values.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.general._build import chat_bank, chat_bank_more
from benchmarks.general._build.parsing import Row, target_of

TASK = "chat"
SPEAKERS = {"U": "user", "A": "assistant"}


def conversations() -> Iterator[tuple[str, list[Row]]]:
    """Yield the split and the rows of each conversation of the banks, in order."""
    number = 0
    for bank in (chat_bank.BANK, chat_bank_more.BANK):
        for block in bank.strip().split("\n\n"):
            head, *lines = block.splitlines()
            split, kind = head.removeprefix("# ").split()
            turns = [line for line in lines if not line.startswith("V: ")]
            values = [line.removeprefix("V: ") for line in lines if line.startswith("V: ")]
            number += 1
            name = f"conversation-{number:02d}"
            yield split, [_row(name, kind, turns, line) for line in values]


def _row(conversation: str, kind: str, turns: list[str], line: str) -> Row:
    """Fill a line of values, ``value; value | question | answer | answer``, into the turns."""
    values, question, *accepted = (field.strip() for field in line.split("|"))
    fills = [value.strip() for value in values.split(";")]
    spoken = [*turns, f"U: {question}"]
    messages = [{"role": SPEAKERS[turn[0]], "content": turn[3:].format(*fills)} for turn in spoken]
    return {
        "messages": messages,
        "target": target_of(accepted),
        "conversation": conversation,
        "tags": [kind, f"turns-{len(messages)}"],
    }


def items() -> dict[str, list[Row]]:
    """Return the rows of each split; ``tags`` name what is asked for and the number of turns."""
    splits: dict[str, list[Row]] = {"validation": [], "test": []}
    for split, rows in conversations():
        splits[split] += rows
    for split, rows in splits.items():
        random.Random(f"general/{TASK}/{split}").shuffle(rows)
        splits[split] = [{"id": f"{TASK}-{split}-{n:03d}", **row} for n, row in enumerate(rows, start=1)]
    return splits
