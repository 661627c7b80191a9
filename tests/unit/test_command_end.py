"""How the command line ends: without a last look for garbage among all that libraries left."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import atexit, gc, sys
atexit.register(lambda: print("frozen:", gc.get_freeze_count() > 0))
sys.argv = ["trilemma", "--help"]
from harness.cli import main
main()
"""


def test_at_the_end_nothing_is_looked_through() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("frozen: True\n")
