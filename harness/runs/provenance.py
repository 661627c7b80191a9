"""Where a run came from: versions, revision, hardware."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from harness.threads import usable_cores

PACKAGES = (
    "trilemma",
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "peft",
    "bitsandbytes",
    "sentence-transformers",
    "faiss-cpu",
    "evaluate",
    "rouge-score",
    "numpy",
    "scipy",
)


LOADERS = ("trilemma", "torch", "transformers", "tokenizers", "safetensors", "peft", "bitsandbytes")
"""Packages of which another version may give different answers with the same weights and prompt."""


def package_versions() -> dict[str, str]:
    """Return the installed versions of the packages that a result depends on."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def loaders() -> str:
    """Return the packages that load and run a model and its adapter, with their versions."""
    versions = package_versions()
    return ", ".join(f"{name} {versions[name]}" for name in LOADERS)


def git_revision(folder: Path) -> str:
    """Return the commit of the repository around ``folder``, with ``+changes`` when it is not clean."""
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        return f"{commit}+changes" if _git(folder, "status", "--porcelain", "-uno") else commit
    except (OSError, subprocess.SubprocessError):
        return ""


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()


def hardware() -> dict[str, Any]:
    """Return processor, cores, usable cores, threads, memory in bytes, CUDA devices."""
    import torch

    devices = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "platform": platform.platform(),
        "python": platform.python_version(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "usable_cores": usable_cores(),
        "threads": torch.get_num_threads(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "cuda_devices": devices,
    }


def processor() -> str:
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
