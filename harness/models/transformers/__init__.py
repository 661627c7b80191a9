"""Causal language models through transformers, and the engine that answers with them."""
