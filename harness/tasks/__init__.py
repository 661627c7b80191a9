"""Tasks: read from disk, rendered as prompts, and checked before anything slow starts."""
