"""Causal language models through transformers, and the engine that answers with them."""

from harness.models.transformers.backend import Transformers

__all__ = ["Transformers"]
