"""Where a model's files are: a builtin name, a folder, or a hub id."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from harness.errors import InputError, nearest

BUILTIN = {"builtin:starter": ("harness.starter", "model")}
_HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?$")


def model_path(path: str, place: object, key: str = "model.path") -> str:
    """Return the folder of a model, or the hub id itself when ``path`` is one; loads nothing.

    A relative folder is looked for beside the experiment file first, then below the current folder.

    Raises:
        InputError: ``path`` names no builtin model, no folder, and cannot be a hub id.
    """
    if path.startswith("builtin:"):
        return str(_builtin(path, place, key))
    bases = [Path(str(place)).parent, Path()]
    for base in bases:
        folder = (base / Path(path).expanduser()).resolve()
        if folder.is_dir():
            if not (folder / "config.json").is_file():
                remedy = "name the folder that save_pretrained() wrote"
                raise InputError(place, key, "is a folder without config.json", remedy, path)
            return str(folder)
    if path.startswith((".", "/", "~")) or not _HUB_ID.match(path):
        raise InputError(place, key, "is no folder", "name a folder, a hub id, or builtin:starter", path)
    return path


def _builtin(name: str, place: object, key: str) -> Path:
    if name not in BUILTIN:
        raise InputError(place, key, "is not a known model", nearest(name, BUILTIN), name)
    package, folder = BUILTIN[name]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise InputError(place, key, "is not installed", "install trilemma again", name)
    return Path(spec.origin).parent / folder
