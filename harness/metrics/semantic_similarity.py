"""Semantic similarity: how near is the answer's embedding to an accepted answer's?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from pydantic import SkipValidation

from harness.config import Options
from harness.metrics._base import TextMetric
from harness.protocols import Embedder

__all__ = ["SemanticSimilarity"]


class SemanticSimilarityOptions(Options):
    """``embedder`` is ``builtin:minilm``, a folder or a hub id; in Python also a function that gives one."""

    embedder: str | SkipValidation[Callable[[], Embedder]] = "builtin:minilm"


class SemanticSimilarity(TextMetric):
    """Cosine of the embeddings of answer and accepted answer, negative ones as 0.0; the best one counts.

    An answer without any visible character gets 0.0. Every text is embedded by itself, so that its score
    does not depend on the others scored with it.
    """

    names = ("semantic_similarity",)
    options_type = SemanticSimilarityOptions

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._vectors: dict[str, Any] = {}
        self._device: str | None = None

    def on_device(self, device: str | None) -> None:
        """Embed on "cpu" or "cuda", where the model is; if unknown, on what is available."""
        self._device = device

    @property
    def files_digest(self) -> str:
        """Digest of the embedder's folder; "" where it is not a folder."""
        from harness.embedders.embedder import embedder_digest

        return embedder_digest(self.options.embedder) if isinstance(self.options.embedder, str) else ""

    def score_text(self, prediction: str, references: Sequence[str]) -> dict[str, float]:
        """Return ``semantic_similarity`` in [0, 1]."""
        if not prediction.strip():
            return {"semantic_similarity": 0.0}
        answer = self._embedded(prediction)
        cosine = max(float(answer @ self._embedded(reference)) for reference in references)
        return {"semantic_similarity": min(max(cosine, 0.0), 1.0)}

    @cached_property
    def _embedder(self) -> Embedder:
        source: str | Callable[[], Embedder] = self.options.embedder
        if callable(source):
            return source()
        from harness.embedders.embedder import load_embedder

        return load_embedder(source, None, self._device)

    def _embedded(self, text: str) -> Any:
        if text not in self._vectors:
            self._vectors[text] = self._embedder.embed([text])[0]
        return self._vectors[text]
