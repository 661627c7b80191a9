"""How many padded tokens a batch may have, where the experiment does not set it.

The number is fixed before a run's first batch and kept in its folder, so that a run which is resumed forms
the same batches. The machine also keeps it for the next run, and lowers it when memory runs out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.digests import digest_of
from harness.files import write_whole
from harness.progress import SilentProgress
from harness.types import ModelIdentity

DEFAULT_TOKENS = 16384
"""Used where nothing is known and nothing is probed: on a CPU, where larger batches are no faster."""


@dataclass(frozen=True)
class Setting:
    """What a budget holds for.

    Attributes:
        weights_digest: Of the base.
        quantization: How the base is loaded.
        dtype: Number format.
        device: Name of the device.
        memory_bytes: All memory of a CUDA device; 0 for a CPU.
    """

    weights_digest: str
    quantization: str
    dtype: str
    device: str
    memory_bytes: int


def setting_of(identity: ModelIdentity, device: str) -> Setting:
    """Return the setting of a model on "cpu" or "cuda"; its adapter is left out, as it is small."""
    name, memory_bytes = device, 0
    if device == "cuda":
        import torch

        name = torch.cuda.get_device_name()
        memory_bytes = torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory
    return Setting(identity.weights_digest, identity.quantization, identity.dtype, name, memory_bytes)


class BatchBudgets:
    """Budgets by setting, kept by the run and by the machine.

    Args:
        run: Folder in the run folder; its contents are never changed.
        machine: Folder in the user's cache; not used if it cannot be written.
        say: Told of a probe and its result.
    """

    def __init__(
        self, run: Path | None = None, machine: Path | None = None, say: Callable[[str], None] | None = None
    ) -> None:
        self._run, self._machine, self._say = run, machine, say or SilentProgress().say
        self._known: dict[Setting, int] = {}

    def of(self, setting: Setting, probe: Callable[[], int] | None) -> int:
        """Return the tokens of a batch: the run's, or the machine's, or what ``probe`` finds, or the default.

        Raises:
            OSError: The run folder cannot be written.
        """
        if setting not in self._known:
            tokens = _read(self._run, setting) or _read(self._machine, setting)
            tokens = tokens or (self._probed(setting, probe) if probe else DEFAULT_TOKENS)
            _write(self._run, setting, tokens)
            self._known[setting] = tokens
        return self._known[setting]

    def ran_out(self, setting: Setting, tokens: int) -> None:
        """Limit the next run to half of a batch that did not fit; this run's batches do not change.

        Args:
            setting: What was loaded.
            tokens: Padded tokens of that batch.
        """
        remembered = _read(self._machine, setting)
        known = (remembered, self._known.get(setting), max(1, tokens // 2))
        lower = min(number for number in known if number)
        if lower != remembered:
            self._remember(setting, lower)
            self._say(
                f"memory ran out with a batch of {tokens} tokens, which is answered in halves; "
                f"the next run's batches have at most {lower}"
            )

    def _probed(self, setting: Setting, probe: Callable[[], int]) -> int:
        self._say(f"looking how many tokens fit into the memory of {setting.device} ...")
        tokens = probe()
        self._say(f"batches of up to {tokens} tokens fit; remembered for this model and device")
        self._remember(setting, tokens)
        return tokens

    def _remember(self, setting: Setting, tokens: int) -> None:
        with suppress(OSError):
            _write(self._machine, setting, tokens)


def _file(folder: Path, setting: Setting) -> Path:
    return folder / f"{digest_of(asdict(setting))[:16]}.json"


def _read(folder: Path | None, setting: Setting) -> int:
    """Return the number of tokens kept in a folder; 0 where none can be read."""
    if folder is None:
        return 0
    try:
        tokens = json.loads(_file(folder, setting).read_text(encoding="utf-8"))["tokens"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    return tokens if isinstance(tokens, int) and tokens > 0 else 0


def _write(folder: Path | None, setting: Setting, tokens: int) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(
            _file(folder, setting), json.dumps({"tokens": tokens, "for": asdict(setting)}, indent=1) + "\n"
        )
