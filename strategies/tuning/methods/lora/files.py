"""The files of an adapter in peft's format: always written as the same bytes, and refused if broken."""

from __future__ import annotations

import json
import os
import shutil
from itertools import islice
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.files import read_input
from harness.strict_json import parse_json
from strategies.tuning.files import (
    LARGEST_CONFIG,
    LARGEST_WEIGHTS,
    LISTED,
    SAVED,
    check_header,
    check_plain,
)
from strategies.tuning.saved import LARGEST_MANIFEST, MANIFEST

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"


def write_files(source: Path, folder: Path, base_name: str) -> None:
    """Write the adapter that peft saved in ``source`` into ``folder``, with the same bytes every time."""
    shutil.copyfile(source / WEIGHTS, folder / WEIGHTS)
    (folder / CONFIG).write_text(_settled(source / CONFIG, base_name), encoding="utf-8")


def _settled(config: Path, base_name: str) -> str:
    """Return an adapter's settings as the same text every time: peft writes sets in any order, and a path."""
    settings = json.loads(config.read_text(encoding="utf-8"))
    settings["base_model_name_or_path"] = base_name
    for key in ("target_modules", "exclude_modules"):
        if isinstance(settings.get(key), list):
            settings[key].sort()
    return json.dumps(settings, indent=2, sort_keys=True) + "\n"


def kind_of(folder: Path) -> str:
    """Return an adapter's peft type, such as "LORA", from its settings."""
    return str(json.loads((folder / CONFIG).read_text(encoding="utf-8")).get("peft_type"))


def untrained(folder: Path) -> list[str]:
    """Return the layers whose adapter is still as initialised: their second matrix is zero."""
    from safetensors import safe_open

    ends = (".lora_B.weight", ".lora_embedding_B")
    with safe_open(folder / WEIGHTS, framework="pt") as file:
        seconds = [name for name in file.keys() if name.endswith(ends)]  # noqa: SIM118
        idle = [name for name in seconds if not file.get_tensor(name).any()]
    return [name.removeprefix("base_model.model.").rpartition(".lora_")[0] for name in idle]


def check_files(folder: Path) -> dict[str, Any]:
    """Refuse what can be refused without a model or a heavy library; return the adapter's settings.

    Raises:
        InputError: A file is missing, not safetensors, a link out of the folder, or not a LoRA adapter's.
    """
    _check_present(folder)
    data = read_input(folder / CONFIG, LARGEST_CONFIG)
    check_header(folder / WEIGHTS)
    try:
        config = parse_json(data.decode("utf-8"))  # as peft reads it: only in this encoding
    except ValueError as error:
        raise InputError(folder / CONFIG, "", f"is not JSON: {error}", "save the adapter again") from None
    kind = config.get("peft_type") if isinstance(config, dict) else config
    if not isinstance(config, dict) or kind != "LORA":
        raise InputError(folder / CONFIG, "peft_type", "must be LORA", "use a LoRA adapter", kind)
    return config


def _check_present(folder: Path) -> None:
    """Refuse a folder without the two files, with links out of it, or with anything but regular files."""
    if not folder.is_dir():
        raise InputError(folder, "", "there is no such folder", SAVED)
    for name in (CONFIG, WEIGHTS):
        if not os.path.lexists(folder / name):
            raise _missing(folder, name)
    check_plain(folder, _LARGEST)


_LARGEST = {CONFIG: LARGEST_CONFIG, WEIGHTS: LARGEST_WEIGHTS, MANIFEST: LARGEST_MANIFEST}
"""Most bytes of each file of an adapter's folder that Trilemma or peft reads."""


def _missing(folder: Path, name: str) -> InputError:
    with os.scandir(folder) as found:
        beside = [Path(each.path) for each in islice(found, LISTED)]
    inside = sorted(each for each in beside if (each / CONFIG).is_file())
    if name == CONFIG and inside:
        remedy = f"name one, like {inside[-1]}"
        return InputError(folder, "", "holds adapters in folders of their own", remedy)
    if not (folder / WEIGHTS).exists() and any(each.name.startswith("adapter_model.") for each in beside):
        problem = f"its weights are not in safetensors ({WEIGHTS} is missing)"
        return InputError(folder, "", problem, "save them again with safe_serialization=True")
    return InputError(folder, "", f"{name} is missing", SAVED)
