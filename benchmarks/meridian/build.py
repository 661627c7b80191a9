"""Generate Meridian's items and corpus in place: ``python -m benchmarks.meridian.build [--check]``.

Seeded and byte-stable: the same sources give the same files. ``--check`` writes nothing and exits with 1
where a committed file differs, is missing or is left over.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.meridian._build import handbook, orders, posts, replies, routing

SUITE = Path(__file__).resolve().parent


def generated() -> dict[str, str]:
    """Return the text of every generated file by its path inside the suite."""
    tasks = (handbook, routing, orders, replies, posts)
    return {path: text for task in tasks for path, text in task.files().items()}


def differences(files: dict[str, str], root: Path = SUITE) -> list[str]:
    """Return the paths under ``root`` that differ from ``files``, are missing or are left over."""
    standing = {
        path.relative_to(root).as_posix() for path in [*root.glob("*/*.jsonl"), *root.glob("*/corpus/*.md")]
    }
    wrong = [path for path in standing | set(files) if path not in files or path not in standing]
    wrong += [path for path in standing & set(files) if (root / path).read_bytes() != files[path].encode()]
    return sorted(wrong)


def write(files: dict[str, str], root: Path = SUITE) -> list[str]:
    """Bring ``root`` to hold exactly ``files``; return the paths that were written or removed."""
    changed = differences(files, root)
    for path in changed:
        place = root / path
        if path in files:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(files[path].encode())
        else:
            place.unlink()
    return changed


def main(arguments: list[str]) -> int:
    """Write or check the suite; return the exit code."""
    files = generated()
    if "--check" in arguments:
        wrong = differences(files)
        for path in wrong:
            print(f"{path}: differs from what build.py makes; run python -m benchmarks.meridian.build")
        return 1 if wrong else 0
    print(f"{len(write(files))} of {len(files)} files changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
