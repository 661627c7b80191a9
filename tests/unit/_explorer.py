"""Items for the explorer, and its data as they stand in a page, unpacked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.types import Answer, Failure, ItemResult, Message, Request, TaskItem
from reports.explorer.details import BLOCK
from reports.explorer.items import AskedItem, Outcome, Shown
from reports.explorer.packing import unpacked
from reports.explorer.payload import Payload
from tests.unit._report import STRATEGIES

PACKED = re.compile(r'<script type="application/octet-stream;base64" id="items-([\w-]+)">([^<]*)</script>')


Score = float | None


@dataclass(frozen=True)
class Data:
    """The index, the shared texts and the blocks of a page or of a payload."""

    index: dict[str, Any]
    shared: list[str]
    blocks: list[dict[str, Any]]

    def detail(self, item_id: str) -> dict[str, Any] | None:
        """Return the details of an item, None where they are left out."""
        place = self.index["detail"][self.index["id"].index(item_id)]
        if place < 0:
            return None
        detail: dict[str, Any] = self.blocks[place // BLOCK]["items"][place % BLOCK]
        return detail

    def text(self, item_id: str, reference: int) -> str:
        """Return a text that the details of an item name."""
        place = self.index["detail"][self.index["id"].index(item_id)]
        own = self.blocks[place // BLOCK]["strings"]
        text: str = [*self.shared, *own][reference]
        return text

    def texts(self) -> list[str]:
        """Return every text that a user or a model wrote."""
        index = self.index
        names = [*index["strategies"], *index["tasks"], *index["tags"], *index["id"], *index["strings"]]
        return names + self.shared + [text for block in self.blocks for text in block["strings"]]


def data_in(page: str) -> Data:
    """Unpack the data of a page."""
    found = {name: unpacked(text) for name, text in PACKED.findall(page)}
    blocks = [found[f"block-{number}"] for number in range(len(found) - 2)]
    return Data(found["index"], found["shared"], blocks)


def data_of(payload: Payload) -> Data:
    """Unpack a payload."""
    return Data(unpacked(payload.index), unpacked(payload.shared), [unpacked(b) for b in payload.blocks])


def asked(
    number: int,
    scores: Sequence[Score],
    prompt: str = "",
    n: int = 1,
    answers: tuple[str, str] = ("yes", "yes"),
) -> AskedItem:
    """Return an item of the task `sums` with scores of the first strategies; None is a failure.

    ``answers`` are the accepted one and, where it is another, the one given.
    """
    target, given = answers
    item = TaskItem(id=f"item-{number:04}", input=f"question {number}", targets=(target,), split="test")
    shown = {}
    for strategy, score in zip(STRATEGIES, scores, strict=False):
        message = Message(role="user", content=f"{prompt} {item.input}")
        result = ItemResult(
            strategy=strategy,
            seed=0,
            task="sums",
            item_id=item.id,
            key="",
            request=Request(task="sums", item_id=item.id, messages=(message,)),
            answer=None if score is None else Answer(text=given),
            scores={} if score is None else {"exact_match": score},
            error=Failure(kind="Broken", message="it broke") if score is None else None,
        )
        outcome = Outcome.ANSWERED
        outcome |= Outcome.FAILED if score is None else Outcome.RIGHT if score > 0.5 else Outcome(0)
        shown[strategy] = Shown(result, score, outcome, n)
    return AskedItem("sums", item, shown)
