"""One file a strategy; files that begin with an underscore are shared helpers."""
