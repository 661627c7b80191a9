"""A run's folder: what was stored, where it came from, and whether it is as it was written."""
