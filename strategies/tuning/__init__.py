"""Training and loading adapters, for the strategies that answer with adapted weights."""
