"""Saved adapters: their files, what is refused of them, and what they do to their base."""
