"""Which tasks are meant: paths, globs, and the suites that come with Trilemma."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from harness.errors import InputError, nearest
from harness.strict_yaml import read_yaml

BUILTIN = "builtin:"


def resolve_tasks(refs: Sequence[str], base: Path, place: object, first: int = 0) -> list[Path]:
    """Return the ``task.yaml`` files that ``refs`` mean, each once, in order.

    Args:
        refs: Paths or globs of task files, task folders or folders of task folders, or ``builtin:SUITE`` or
            ``builtin:SUITE/TASK``.
        base: What a relative path starts from; the current directory is tried next.
        place: What the references stand in, for errors.
        first: The index of the first reference there.

    Raises:
        InputError: A reference matches nothing (the nearest names are given), or two tasks have the same
            name.
    """
    files: dict[Path, None] = {}
    for index, ref in enumerate(refs, start=first):
        found = _builtin(ref, place, index) if ref.startswith(BUILTIN) else _by_path(ref, base, place, index)
        files.update(dict.fromkeys(file.resolve() for file in found))
    _check_names(list(files), place)
    return list(files)


def builtin_tasks() -> dict[str, list[Path]]:
    """Return the ``task.yaml`` files of every suite that comes with Trilemma, by the suite's name."""
    spec = importlib.util.find_spec("benchmarks")
    roots = [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []
    suites = sorted(folder for root in roots for folder in root.glob("*") if folder.is_dir())
    found = {suite.name: _inside(suite) for suite in suites}
    return {name: files for name, files in found.items() if files}


def builtin_file(suite: str, name: str) -> Path:
    """Return a file of a suite that comes with Trilemma."""
    return builtin_tasks()[suite][0].parent.parent / name


def _builtin(ref: str, place: object, index: int) -> list[Path]:
    suites = builtin_tasks()
    suite, _, task = ref.removeprefix(BUILTIN).partition("/")
    if suite not in suites:
        remedy = nearest(ref, [BUILTIN + name for name in suites])
        raise InputError(place, f"tasks.{index}", "is not a built-in suite", remedy, ref)
    if not task:
        return suites[suite]
    found = [file for file in suites[suite] if file.parent.name == task]
    if not found:
        names = [f"{BUILTIN}{suite}/{file.parent.name}" for file in suites[suite]]
        raise InputError(place, f"tasks.{index}", "is not a built-in task", nearest(ref, names), ref)
    return found


def _by_path(ref: str, base: Path, place: object, index: int) -> list[Path]:
    path = Path(ref).expanduser()
    for root in (base, Path.cwd()):
        if (root / path).exists():
            found = _at(root / path)
            if not found:
                remedy = "give a folder with task.yaml, or with folders that have one"
                raise InputError(place, f"tasks.{index}", "holds no task.yaml", remedy, ref)
            return found
        top = Path(path.anchor) if path.anchor else root
        matches = sorted(top.glob(str(path.relative_to(path.anchor))))
        found = [file for match in matches for file in _at(match)]
        if found:
            return found
    raise InputError(place, f"tasks.{index}", "there is no such task", _remedy(path, base), ref)


def _at(path: Path) -> list[Path]:
    """Return the task files that one existing path means; none where it is not a task."""
    if path.is_file():
        return [path] if path.suffix in (".yaml", ".yml") else []
    return [path / "task.yaml"] if (path / "task.yaml").is_file() else _inside(path)


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/task.yaml"))


def _remedy(path: Path, base: Path) -> str:
    """Name the nearest task folder beside the one that is missing, and the built-in suites."""
    folder = (base / path).parent
    beside = [str(path.parent / file.parent.name) for file in _inside(folder)] if folder.is_dir() else []
    suites = [BUILTIN + name for name in builtin_tasks()]
    return nearest(str(path), beside + suites)


def _check_names(files: Sequence[Path], place: object) -> None:
    seen: dict[str, Path] = {}
    for file in files:
        raw = read_yaml(file)
        name = raw.get("name") if isinstance(raw, dict) else None
        if isinstance(name, str):
            if name in seen:
                problem = f"two tasks have the same name ({seen[name]} and {file})"
                raise InputError(place, "tasks", problem, "rename one of them", name)
            seen[name] = file
