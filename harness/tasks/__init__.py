"""Tasks: read from disk, put into words, checked before anything slow starts."""
