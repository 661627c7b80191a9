"""What can be done to the folder of a whole adapter."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file

from strategies.tuning.methods.lora.files import CONFIG, WEIGHTS
from tests.unit.test_adapter_files import edit_config, edit_weights, first_name

Damage = Callable[[Path], object]


def config(**changes: object) -> Damage:
    return lambda folder: edit_config(folder, **changes)


def weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Damage:
    return lambda folder: edit_weights(folder, change)


def content(name: str, data: bytes) -> Damage:
    return lambda folder: (folder / name).write_bytes(data)


def gone(name: str) -> Damage:
    return lambda folder: (folder / name).unlink()


def linked(name: str) -> Damage:
    def damage(folder: Path) -> None:
        outside = folder.parent / f"outside {name}"
        (folder / name).rename(outside)
        (folder / name).symlink_to(outside)

    return damage


def only_pickled(folder: Path) -> None:
    torch.save(load_file(folder / WEIGHTS), folder / "adapter_model.bin")
    (folder / WEIGHTS).unlink()


def cut(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-10])


def giant_header(folder: Path) -> None:
    length = (1 << 24) + 8
    with (folder / WEIGHTS).open("wb") as file:
        file.write(length.to_bytes(8, "little"))
        file.truncate(length + 100)


def renamed(old: str, new: str) -> Damage:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        name = next(name for name in sorted(tensors) if old in name)
        tensors[name.replace(old, new)] = tensors.pop(name)

    return weights(change)


def piped(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return damage


def sparse(name: str, size: int) -> Damage:
    """Make a file larger without a byte written."""
    return lambda folder: (
        os.truncate(folder / name, size) if (folder / name).exists() else _new(folder / name, size)
    )


def _new(path: Path, size: int) -> None:
    path.touch()
    os.truncate(path, size)


def hollow(folder: Path) -> None:
    """Write a header that tells the truth of 1 GB of weights, none of which was written."""
    header = json.dumps({"a": {"dtype": "F32", "shape": [1 << 28], "data_offsets": [0, 1 << 30]}}).encode()
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", len(header)) + header)
    os.truncate(folder / WEIGHTS, 8 + len(header) + (1 << 30))


def header_of_100_mb(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", 100 << 20))
    os.truncate(folder / WEIGHTS, 101 << 20)


def header(change: Callable[[dict[str, dict[str, object]]], object]) -> Damage:
    """Change the header of the weights and leave the numbers as they are."""

    def damage(folder: Path) -> None:
        data = (folder / WEIGHTS).read_bytes()
        (length,) = struct.unpack("<Q", data[:8])
        found = json.loads(data[8 : 8 + length])
        new = change(found)
        text = new if isinstance(new, bytes) else json.dumps(found).encode()
        (folder / WEIGHTS).write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])

    return damage


def moved(start: int, end: int) -> Damage:
    """Let the second tensor begin and end elsewhere, so that it overlaps the first or leaves the file."""

    def change(found: dict[str, dict[str, object]]) -> None:
        names = [name for name in found if name != "__metadata__"]
        offsets = [*found[names[1]]["data_offsets"]]  # type: ignore[misc]
        found[names[1]]["data_offsets"] = [offsets[0] + start, offsets[1] + end]

    return header(change)


def raw(text: str) -> Damage:
    return content(CONFIG, text.encode())


def scattered(folder: Path) -> None:
    for i in range(20_000):
        (folder / f"part-{i}.json").touch()
    (folder / CONFIG).unlink()


def in_a_circle(folder: Path) -> None:
    (folder / CONFIG).unlink()
    (folder / CONFIG).symlink_to(folder / CONFIG)


def a_folder_for_a_file(folder: Path) -> None:
    (folder / CONFIG).unlink()
    (folder / CONFIG).mkdir()


def scaled(by: float, what: str = "lora_") -> Damage:
    return weights(lambda tensors: [each.mul_(by) for name, each in tensors.items() if what in name])


def set_to(value: float, what: str) -> Damage:
    return weights(lambda tensors: [each.fill_(value) for name, each in tensors.items() if what in name])


def nothing(_: Path) -> None:
    """Leave it as it is: it is its kind that is refused."""


def integers(tensors: dict[str, torch.Tensor]) -> None:
    tensors[first_name(tensors)] = tensors[first_name(tensors)].to(torch.int64)
