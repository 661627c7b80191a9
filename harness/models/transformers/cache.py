"""Keys and values of a batch, in memory that is allocated once and filled in place.

The cache of transformers is copied whole for every token that is added; this one is only written to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from transformers.cache_utils import Cache, CacheLayerMixin

from harness.models.transformers.attention import PREFIX

KeysAndValues: TypeAlias = tuple[torch.Tensor, torch.Tensor]
"""Of one layer, each of shape ``(n_rows, n_heads, n_tokens, head_dim)``."""


class RoomyLayer(CacheLayerMixin):  # type: ignore[misc]
    """Keys and values of one layer: ``room`` tokens a row, of which ``used`` are filled.

    Args:
        room: Most tokens that a row will have.
        prefix: Keys and values of the tokens that all rows begin with, in one row.
        n_rows: Rows that continue from the prefix.
    """

    is_sliding = False
    is_croppable = True

    def __init__(self, room: int, prefix: KeysAndValues | None = None, n_rows: int = 1) -> None:
        super().__init__()
        self.room, self.used, self._prefix = room, 0, prefix
        if prefix is not None:
            self.update(*(part.expand(n_rows, -1, -1, -1) for part in prefix))

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Allocate the room, for tensors like the first ones to be stored."""
        self.keys, self.values = (
            part.new_empty(*part.shape[:2], self.room, part.shape[3]) for part in (key_states, value_states)
        )
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> KeysAndValues:
        """Add tokens, and return the keys and values of all tokens so far."""
        del args, kwargs
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        start, self.used = self.used, self.used + key_states.shape[2]
        self.keys[:, :, start : self.used] = key_states
        self.values[:, :, start : self.used] = value_states
        keys, values = self.filled()
        if self._prefix is not None:
            setattr(keys, PREFIX, self._prefix)
        return keys, values

    def filled(self) -> KeysAndValues:
        """Return the keys and values of all tokens so far."""
        return self.keys[:, :, : self.used], self.values[:, :, : self.used]

    def keep(self, rows: torch.Tensor) -> None:
        """Drop all rows but these."""
        self.keys, self.values = self.keys[rows], self.values[rows]

    def reserve(self, room: int) -> None:
        """Make room for at least ``room`` tokens a row."""
        if room <= self.room:
            return
        self.room = room + room // 4
        keys, values = self.filled()
        self.lazy_initialization(keys, values)
        self.keys[:, :, : self.used], self.values[:, :, : self.used] = keys, values

    def crop(self, max_length: int) -> None:
        """Drop all tokens from ``max_length`` on."""
        self.used = max_length

    def get_seq_length(self) -> int:
        """Return the tokens so far."""
        return self.used

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Return how many keys ``query_length`` more tokens will see, and the place of the first."""
        return self.used + query_length, 0

    def get_max_length(self) -> int:
        """Return -1: this cache has no fixed limit that transformers would have to keep."""
        return -1


def roomy_cache(
    n_layers: int,
    room: int,
    prefix: Sequence[KeysAndValues] | None = None,
    n_rows: int = 1,
) -> Any:
    """Return a cache with room for ``room`` tokens a row, optionally with a prefix already in every row."""
    layers = [RoomyLayer(room, prefix[i] if prefix else None, n_rows) for i in range(n_layers)]
    return Cache(layers=layers)


@dataclass
class Rows:
    """A batch, as far as it is encoded.

    Attributes:
        cache: Keys and values.
        seen: Which places of the cache hold a token, not padding, bool, shape ``(n_rows, room)``.
        position: Position of each row's next token, shape ``(n_rows,)``.
        padded: Whether any row has padding.
    """

    cache: Any
    seen: torch.Tensor
    position: torch.Tensor
    padded: bool

    @property
    def used(self) -> int:
        """Places of the cache that are filled."""
        return int(self.cache.get_seq_length())

    def keep(self, rows: torch.Tensor) -> None:
        """Keep only these rows."""
        for layer in self.cache.layers:
            layer.keep(rows)
        self.seen, self.position = self.seen[rows], self.position[rows]

    def reserve(self, n_tokens: int) -> None:
        """Ensure room for this many tokens a row."""
        for layer in self.cache.layers:
            layer.reserve(n_tokens)
