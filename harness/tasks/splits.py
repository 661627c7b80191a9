"""Items over all splits of a task: each id once, and splits that are carved from train."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from harness.digests import digest_of_text
from harness.errors import InputError
from harness.tasks.spec import Carve
from harness.types import Split, TaskItem


def check_ids(items: Iterable[TaskItem], place: object) -> None:
    """Refuse an id that occurs twice among all the items of a task.

    Raises:
        InputError: Names the id and the splits it occurs in.
    """
    seen: dict[str, Split] = {}
    for item in items:
        if item.id in seen:
            problem = f"stands twice (in {seen[item.id]} and in {item.split})"
            remedy = "give every item its own id, or set fields.id to null to have them numbered"
            raise InputError(place, "id", problem, remedy, item.id)
        seen[item.id] = item.split


def carve(
    train: Sequence[TaskItem], shares: Carve, place: object, key: Callable[[TaskItem], str]
) -> dict[Split, list[TaskItem]]:
    """Move shares of the train items to validation and test.

    Which ones is decided by a digest of seed and question, so it depends neither on the order of the file nor
    on anything random, and items that ask the same stay together.

    Args:
        train: The items.
        shares: How many are moved.
        place: What names the shares, for errors.
        key: What is equal for items that ask the same.

    Raises:
        InputError: A share is too small or too large for the number of different questions.
    """
    keys = [key(item) for item in train]
    questions = sorted(set(keys), key=lambda text: digest_of_text(f"{shares.seed}\n{text}"))
    n_test = math.ceil(shares.test * len(questions))
    n_validation = math.ceil(shares.validation * len(questions))
    if n_test + n_validation >= len(questions):
        problem = f"leaves no train item of {len(questions)} different questions"
        raise InputError(place, "items.split", problem, "give more items or carve less")
    home: dict[str, Split] = dict.fromkeys(questions, "train")
    home.update(dict.fromkeys(questions[:n_test], "test"))
    home.update(dict.fromkeys(questions[n_test : n_test + n_validation], "validation"))
    carved: dict[Split, list[TaskItem]] = {"train": [], "validation": [], "test": []}
    for item, asked in zip(train, keys, strict=True):
        split = home[asked]
        carved[split].append(item.model_copy(update={"split": split}))
    return carved
