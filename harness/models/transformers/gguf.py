"""GGUF files as models: dequantised once by transformers, kept in the user's cache, then used as a folder.

A GGUF file holds weights in a few bits each. The answers come from those weights in float32: no precision is
lost beyond what the file had lost.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.digests import digest_of_file
from harness.errors import InputError, MissingDependencyError
from harness.models.transformers.model_files import MODEL_PATH
from harness.models.transformers.opening import open_gguf
from harness.progress import Progress
from harness.user_cache import VARIABLE, cache_folder

SUFFIX = ".gguf"
_MAGIC = b"GGUF"
_VERSION = 2
"""Increased when the same file would give another folder."""
_BYTES_A_WEIGHT = 4
_REMEDY = "see that the file is whole, has a tokenizer, and is of an architecture that transformers know"


def gguf_in(folder: Path, place: object, key: str) -> Path | None:
    """Return the GGUF file of a folder that holds no weights of another kind, or None.

    Raises:
        InputError: It holds several.
    """
    found = sorted(folder.glob(f"*{SUFFIX}"))
    if not found or any(folder.glob("*.safetensors")):
        return None
    if len(found) > 1:
        names = ", ".join(path.name for path in found[:4])
        problem = f"holds {len(found)} GGUF files ({names})"
        raise InputError(place, key, problem, "name one of them; parts must be joined first", str(folder))
    return found[0]


def check_gguf(path: Path, place: object, key: str) -> Path:
    """Return the path of a GGUF file; reads only its first bytes.

    Raises:
        InputError: It cannot be read or is not a GGUF file.
    """
    try:
        with path.open("rb") as stream:
            magic = stream.read(len(_MAGIC))
    except OSError as error:
        raise InputError(
            place, key, f"cannot be read: {error.strerror}", "check the file", str(path)
        ) from None
    if magic != _MAGIC:
        raise InputError(
            place, key, "is no GGUF file: it does not begin like one", "check the file", str(path)
        )
    return path


def converted(path: Path, place: object, progress: Progress, key: str = MODEL_PATH) -> Path:
    """Return the folder with the weights and the tokenizer of a GGUF file, made unless it is there.

    It is complete or absent, even if the process is killed; of two processes one makes it, the other waits.

    Raises:
        InputError: transformers cannot read the file, or the cache has no room or cannot be written.
        MissingDependencyError: The package ``gguf`` is not installed.
    """
    folder = conversion_of(path)
    if folder is None:
        raise _uncached(place, key, "there is no home folder to keep its conversion in", path)
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder.with_name(".lock"), path, progress):
            if not folder.is_dir():
                _convert(path, folder, place, key, progress)
    except OSError as error:
        problem = f"its conversion cannot be kept in {folder.parent}: {error.strerror or error}"
        raise _uncached(place, key, problem, path) from None
    return folder


def conversion_of(path: Path) -> Path | None:
    """Return the folder that keeps the conversion of a GGUF file, once it is made; None without a home."""
    cache = cache_folder()
    return cache / "models" / f"{path.stem}-{digest_of_file(path)[:16]}-{_VERSION}" if cache else None


def _uncached(place: object, key: str, problem: str, path: Path) -> InputError:
    return InputError(place, key, problem, f"set {VARIABLE} to a folder with room for it", str(path))


@contextmanager
def _locked(lock: Path, path: Path, progress: Progress) -> Iterator[None]:
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say(f"{path.name}: another process is converting it; waiting ...")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _convert(path: Path, folder: Path, place: object, key: str, progress: Progress) -> None:
    """Convert into a folder beside the last one and rename that; the caller holds the lock."""
    for left in folder.parent.glob(f".{folder.name}.*"):  # of a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    draft = folder.with_name(f".{folder.name}.{os.getpid()}")
    draft.mkdir()
    try:
        progress.say(f"{path.name}: converted once, into {folder} ...")
        with progress.step(f"converting {path.name}", 3) as step:
            tokenizer, module = _read(path, place, key)
            step.advance(1, "weights read")
            _check_room(draft, module)
            _save(module, draft)
            step.advance(1, "weights written")
            tokenizer.save_pretrained(draft)
            step.advance()
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _read(path: Path, place: object, key: str) -> tuple[Any, Any]:
    """Return tokenizer and float32 model of a GGUF file."""
    try:
        import gguf  # noqa: F401 - transformers read through it
    except ModuleNotFoundError:
        raise MissingDependencyError(f"{place}: {key}", "gguf", "models") from None
    tokenizer, module, report = open_gguf(path, place, key, _REMEDY)
    if absent := sorted(report["missing_keys"]):  # transformers would fill them with random numbers
        problem = f"this GGUF file lacks {len(absent)} tensors, {absent[0]} first"
        raise InputError(place, key, problem, _REMEDY, str(path))
    del module.config.quantization_config  # else transformers refuse to save what is no longer quantised
    module.hf_quantizer = None
    return tokenizer, module


def _save(module: Any, folder: Path) -> None:
    """Write the weights; any failure is raised as an OSError."""
    from safetensors import SafetensorError

    try:
        module.save_pretrained(folder)
    except SafetensorError as error:
        raise OSError(errno.EIO, str(error).rpartition("error: ")[2]) from None


def _check_room(folder: Path, module: Any) -> None:
    """Raise OSError where a folder's disk has no room for the weights; else half a file would be left."""
    wanted = _BYTES_A_WEIGHT * module.num_parameters()
    if shutil.disk_usage(folder).free < wanted:
        raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)}, {wanted / 1e9:.1f} GB are needed")
