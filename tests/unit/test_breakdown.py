"""Scores taken apart: where a retrieving strategy's answers come from, and which kinds of items are right."""

from __future__ import annotations

import numpy as np

from harness.analysis.breakdown import FEWEST_TAGGED, MOST_TAGS, attribution_of, items_by_tag
from harness.analysis.findings import TaskInfo
from harness.analysis.scores import Scores
from harness.types import TaskItem

INFO = TaskInfo(
    name="handbook",
    kind="generate",
    role="target",
    description="",
    primary_metric="em",
    n_test=6,
    random_baseline=0.0,
)


def scores(recall: list[float], right: list[float]) -> Scores:
    items = tuple(f"i{k}" for k in range(len(right)))
    return Scores(items, (0,), {"em": np.array([right]), "recall": np.array([recall])}, frozenset())


def tagged(*tags: tuple[str, int]) -> dict[str, TaskItem]:
    items = [
        TaskItem(id=f"{tag}-{n}", input="?", targets=("!",), split="test", tags=(tag,))
        for tag, count in tags
        for n in range(count)
    ]
    return {item.id: item for item in items}


def test_wrong_answers_are_retrievals_or_the_models() -> None:
    nan = float("nan")
    found = attribution_of("rag", INFO, scores([1.0, 0.5, 0.0, 0.0, 0.0, nan], [1, 0, 1, 0, 0, 1]), "recall")
    assert found is not None
    assert found.n == 5  # the last item names no document
    kinds = (found.found_and_right, found.generation_missed, found.from_memory, found.retrieval_missed)
    assert kinds == (1, 1, 1, 2)


def test_without_named_documents_there_is_nothing_to_attribute() -> None:
    bare = Scores(("i0",), (0,), {"em": np.array([[1.0]])}, frozenset())
    assert attribution_of("rag", INFO, bare, "recall") is None


def test_tags_of_few_items_and_single_kinds_are_left_out() -> None:
    items = tagged(("fees", 12), ("dates", FEWEST_TAGGED), ("rare", FEWEST_TAGGED - 1))
    found = items_by_tag(items.values(), set(items))
    assert list(found) == ["fees", "dates"]
    assert len(found["fees"]) == 12
    assert items_by_tag(tagged(("fees", 12), ("rare", 2)).values(), set(tagged(("fees", 12)))) == {}


def test_only_asked_items_count_and_the_most_frequent_tags_come_first() -> None:
    items = tagged(*((f"tag {n:02}", FEWEST_TAGGED + n) for n in range(MOST_TAGS + 5)))
    found = items_by_tag(items.values(), set(items))
    assert len(found) == MOST_TAGS
    assert next(iter(found)) == f"tag {MOST_TAGS + 4}"
    asked = {name for name in items if not name.endswith("-0")}
    assert len(items_by_tag(items.values(), asked)[f"tag {MOST_TAGS + 4}"]) == FEWEST_TAGGED + MOST_TAGS + 3
