"""Environments of their own for the programs that are measured beside Trilemma."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from harness.user_cache import cache_folder

PEER_TORCH = "torch==2.13.0"


def add_peer(parser: argparse.ArgumentParser, name: str) -> None:
    """Add the options that say where a peer comes from."""
    cache = (cache_folder() or Path(tempfile.gettempdir())) / "peers"
    where = f"where {name} is installed [{cache}]"
    parser.add_argument("--cache", type=Path, default=cache, metavar="DIR", help=where)
    parser.add_argument("--peer", type=Path, metavar="PYTHON", help=f"an interpreter that has {name}")


def peer_python(cache: Path, *packages: str) -> Path:
    """Return the interpreter of an environment with ``packages``, made in ``cache`` if it is not there yet.

    It is called after the first of them, and has the torch that Trilemma is measured with.
    """
    python = cache / packages[0].replace("[hf]", "").replace("==", "-") / "bin" / "python"
    ready = python.parent / ".ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], check=True)
        for wanted in ((PEER_TORCH,), packages):  # torch alone first, so that no other build is pulled
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
        ready.touch()
    return python
