"""The explorer's data as they stand in a page, unpacked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from reports.explorer.details import BLOCK
from reports.explorer.packing import unpacked
from reports.explorer.payload import Payload

PACKED = re.compile(r'<script type="application/octet-stream;base64" id="items-([\w-]+)">([^<]*)</script>')


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
