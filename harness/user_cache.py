"""The user's cache folder: shared by runs, and safe to delete."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "TRILEMMA_CACHE"


def cache_folder() -> Path | None:
    """Return the cache folder: ``TRILEMMA_CACHE``, else ``trilemma`` in XDG_CACHE_HOME, else in ``~/.cache``.

    It need not be there yet, nor be writable: whoever keeps something in it does without where that fails.
    None where the user has no home.
    """
    if own := os.environ.get(VARIABLE):
        return Path(own).expanduser()
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "trilemma"
    except RuntimeError:
        return None
