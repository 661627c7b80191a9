"""Make the items of the retention suite in place: ``python -m benchmarks.general.build [--check]``.

Each module of ``_build`` that has ``items`` makes one task, the folder that its ``TASK`` names. Seeded and
byte-stable: the same sources give the same files. ``--check`` writes nothing and exits with 1 where a
committed file differs, is missing or is left over.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.meridian.build import differences, write

SUITE = Path(__file__).resolve().parent


def task_modules() -> dict[str, ModuleType]:
    """Return the modules of ``_build`` that make a task, by the name of its folder."""
    names = sorted(path.stem for path in (SUITE / "_build").glob("*.py") if path.stem != "__init__")
    modules = (import_module(f"benchmarks.general._build.{name}") for name in names)
    return {module.TASK: module for module in modules if hasattr(module, "items")}


def jsonl(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the rows as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def generated() -> dict[str, str]:
    """Return the text of every items file by its path inside the suite."""
    return {
        f"{task}/{split}.jsonl": jsonl(rows)
        for task, module in task_modules().items()
        for split, rows in module.items().items()
    }


def main(arguments: list[str]) -> int:
    """Write or check the suite; return the exit code."""
    files = generated()
    if "--check" in arguments:
        wrong = differences(files, SUITE)
        for path in wrong:
            print(f"{path}: differs from what build.py makes; run python -m benchmarks.general.build")
        return 1 if wrong else 0
    print(f"{len(write(files, SUITE))} of {len(files)} files changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
