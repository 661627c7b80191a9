"""Files of trained weights from any source: what is refused without a library, and what they hold."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path

from harness.errors import InputError
from harness.files import check_input, open_input

LARGEST_CONFIG = 1 << 20
LARGEST_HEADER = 1 << 24
LARGEST_WEIGHTS = 64 << 30
"""Bytes: rank 256 on all layers of a model of 70 billion weights, in float32, four times."""
LISTED = 10_000
"""Most entries of a folder that are read for a better error message, and most holes sought in a file."""
SAVED = "name the folder that save_pretrained() wrote"


def check_plain(folder: Path, largest: Mapping[str, int]) -> None:
    """Refuse files of a folder that link elsewhere, are not regular files or are too large; all are optional.

    Args:
        folder: The folder.
        largest: Most bytes of each file, by name.

    Raises:
        InputError: The first fault found.
    """
    for name, most in largest.items():
        if not os.path.lexists(folder / name):
            continue
        if not _lies_in(folder, folder / name):
            remedy = "copy the file itself there"
            raise InputError(folder / name, "", "is a link that leads out of the folder", remedy)
        check_input(folder / name, most)


def _lies_in(folder: Path, file: Path) -> bool:
    """Whether a file lies in its folder, or where the cache of the hub keeps a snapshot's files."""
    inside = [folder.resolve()]
    if folder.resolve().parent.name == "snapshots":
        inside.append(folder.resolve().parent.parent / "blobs")
    try:
        return any(file.resolve().is_relative_to(each) for each in inside)
    except (OSError, RuntimeError):  # links in a circle
        return False


def check_header(weights: Path) -> None:
    """Refuse a file whose header length rules out safetensors, or that was hardly written.

    Raises:
        InputError: It is such a file.
    """
    again = "save the weights again"
    with open_input(weights, LARGEST_WEIGHTS) as file:
        start = file.read(8)
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(start, "little")
        if size < 8 or length > size - 8:
            raise InputError(weights, "", "is not a whole safetensors file", again, f"{size} bytes")
        if length > LARGEST_HEADER:
            problem = f"has a header of more than {LARGEST_HEADER} bytes"
            raise InputError(weights, "", problem, again, length)
        if (absent := _holes(file.fileno(), size)) > size / 2:
            problem = "is mostly holes that nothing was ever written to"
            raise InputError(weights, "", problem, "copy it again", f"{absent:,} of {size:,} bytes")


def _holes(file: int, size: int) -> int:
    """Return how many bytes of an open file the disk does not hold; 0 where it cannot tell."""
    absent = begin = end = 0
    try:
        for _ in range(LISTED):
            begin = os.lseek(file, end, os.SEEK_HOLE)  # the end of the file counts as one
            if begin >= size:
                break
            end = size  # where no data follows
            end = os.lseek(file, begin, os.SEEK_DATA)
            absent += end - begin
    except (AttributeError, OSError):
        absent += max(end - begin, 0)
    return absent


# --- What is in them ---


def shapes_in(weights: Path) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor of a safetensors file, by name."""
    from safetensors import safe_open

    with safe_open(weights, framework="pt") as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118


def number_of(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Return how many numbers tensors of these shapes hold."""
    return sum(map(math.prod, shapes.values()))


def saved_shapes(weights: Path) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor of a file from any source.

    Raises:
        InputError: It is not a complete safetensors file.
    """
    from safetensors import SafetensorError

    try:
        return shapes_in(weights)
    except (OSError, SafetensorError) as error:
        raise InputError(weights, "", f"is not a whole safetensors file: {error}", "save it again") from None


def check_types(weights: Path) -> None:
    """Refuse numbers in another format than float32, float16 or bfloat16; raises InputError."""
    from safetensors import safe_open

    with safe_open(weights, framework="pt") as file:
        for name in file.keys():  # noqa: SIM118 - no mapping
            if (kind := file.get_slice(name).get_dtype()) not in ("F32", "F16", "BF16"):
                problem = f"{name} must be of the type F32, F16 or BF16"
                raise InputError(weights, "", problem, "save it again", kind)


def not_finite(weights: Path) -> str | None:
    """Return the name of a tensor that holds NaN or an infinity, if any does."""
    from safetensors import safe_open

    with safe_open(weights, framework="pt") as file:
        names = file.keys()
        return next((name for name in names if not file.get_tensor(name).isfinite().all()), None)


def check_finite(weights: Path) -> None:
    """Refuse numbers that are NaN or infinite; raises InputError."""
    if (name := not_finite(weights)) is not None:
        raise InputError(weights, "", "holds NaN or infinite weights", "train again", name)
