"""``trilemma view``: a local page over a folder of runs; it reads and never writes. Loaded on use only."""
