"""What this machine has to offer: memory, disk, and the largest model that fits."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

GIB = 2**30
_CGROUP_LIMITS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)
RESERVE_BYTES = GIB
"""Memory left free for Python, the embedder and the operating system."""


@dataclass(frozen=True)
class Need:
    """Memory that one method takes per model parameter: ``bytes_per_parameter * headroom``.

    ``headroom`` covers what is needed besides the weights: key-value cache and activations at a context of
    about 1,024 tokens, and for training the gradients and optimiser states of a small adapter.
    """

    name: str
    bytes_per_parameter: float
    headroom: float

    def largest(self, memory_bytes: int) -> float:
        """Return the number of parameters that fit into ``memory_bytes``, at least 0."""
        return max(0.0, (memory_bytes - RESERVE_BYTES) / (self.bytes_per_parameter * self.headroom))


def needs(weight_bytes: int) -> tuple[Need, ...]:
    """Return the needs of prompting, RAG, LoRA and QLoRA; ``weight_bytes`` is 2 for bfloat16, 4 for float32.

    NF4 with double quantisation takes 4.13 bits a weight; 0.7 bytes allows for the embeddings and norms that
    stay unquantised.
    """
    return (
        Need("prompting", weight_bytes, 1.2),
        Need("RAG", weight_bytes, 1.3),
        Need("LoRA", weight_bytes, 1.6),
        Need("QLoRA", 0.7, 1.8),
    )


def free_memory_bytes() -> int:
    """Return the memory a new process may still take: the system's, or less where a container limits it."""
    free = _system_free_bytes()
    for limit_file, used_file in _CGROUP_LIMITS:
        try:
            free = min(free, int(limit_file.read_text()) - int(used_file.read_text()))
        except (OSError, ValueError):  # no such file, or the limit is the word "max"
            continue
    return max(0, free)


def _system_free_bytes() -> int:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):  # not Linux: assume half of the installed memory
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2 if hasattr(os, "sysconf") else 0


def free_disk_bytes(folder: Path) -> int:
    """Return the free bytes of the disk that ``folder`` is on."""
    return shutil.disk_usage(folder).free


def parameters(count: float) -> str:
    """Return a number of parameters as text: ``1.5 B``, ``360 M``."""
    if count >= 1e9:
        return f"{count / 1e9:.0f} B" if count >= 1e10 else f"{count / 1e9:.1f} B"
    return f"{count / 1e6:.0f} M"
