"""The libraries of this machine, each checked by loading it or trying what it is needed for."""

from __future__ import annotations

import importlib
import importlib.metadata
from dataclasses import dataclass
from typing import Any, Literal

from harness.cli import _machine

State = Literal["ok", "missing", "broken"]
_MARKS: dict[State, str] = {"ok": "ok     ", "missing": "missing", "broken": "BROKEN "}
_CORE_PACKAGES = ("click", "jinja2", "numpy", "pydantic", "pyyaml", "rich", "scipy")


OPTIONAL_PACKAGES = (
    ("transformers", "models"),
    ("accelerate", "models"),
    ("sentencepiece", "models"),
    ("peft", "train"),
    ("faiss-cpu", "rag"),
    ("sentence-transformers", "rag"),
    ("evaluate", "metrics"),
    ("rouge-score", "metrics"),
    ("datasets", "metrics"),
)


_NF4_LARGEST_ERROR = 0.15
"""NF4 rounds normal weights to within about 0.09 of their root mean square; more means a broken kernel."""


@dataclass(frozen=True)
class Check:
    """One check and its result. ``core`` is True if nothing works without it."""

    name: str
    state: State
    detail: str
    remedy: str = ""
    core: bool = False

    def line(self) -> str:
        """Return the check as one line."""
        remedy = f"; {self.remedy}" if self.remedy and self.state != "ok" else ""
        return f"{_MARKS[self.state]}  {self.name}: {self.detail}{remedy}"


def install(extra: str) -> str:
    return f'pip install "trilemma[{extra}]"'


def check_core() -> Check:
    missing = [name for name in _CORE_PACKAGES if version_of(name) is None]
    if missing:
        return Check(
            "core", "broken", f"not installed: {', '.join(missing)}", "pip install trilemma", core=True
        )
    return Check("core", "ok", ", ".join(f"{name} {version_of(name)}" for name in _CORE_PACKAGES), core=True)


def version_of(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def check_package(package: str, extra: str) -> Check:
    version = version_of(package)
    if version is None:
        return Check(package, "missing", "not installed", install(extra))
    return Check(package, "ok", version)


def check_torch() -> Check:
    import torch

    return Check("torch", "ok", f"{torch.__version__}, {torch.get_num_threads()} threads", core=True)


def check_transformers() -> Check:
    transformers = importlib.import_module("transformers")
    names = [name for name in ("AutoModelForCausalLM", "AutoTokenizer") if hasattr(transformers, name)]
    return Check("transformers import", "ok", f"loads; {' and '.join(names)} found", core=True)


def check_cuda() -> Check:
    import torch

    if not torch.cuda.is_available():
        remedy = "install a CUDA build of torch" if torch.version.cuda is None else "check the driver"
        return Check("CUDA", "missing", "no CUDA device; the CPU is used", f"to use a GPU, {remedy}")
    devices = []
    for index in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(index)
        name = torch.cuda.get_device_name(index)
        devices.append(f"{name} ({free / _machine.GIB:.1f} of {total / _machine.GIB:.1f} GiB free)")
    bf16 = "bfloat16" if torch.cuda.is_bf16_supported() else "no bfloat16: float32 is used"
    return Check("CUDA", "ok", f"{', '.join(devices)}; {bf16}")


def check_bitsandbytes() -> Check:
    import torch

    bnb: Any = importlib.import_module("bitsandbytes")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    error = _nf4_error(torch, bnb, device)
    detail = f"{bnb.__version__}, NF4 on {device} rounds a 64 x 64 layer with relative error {error:.3f}"
    if error <= _NF4_LARGEST_ERROR:
        return Check("bitsandbytes", "ok", detail)
    remedy = "qlora cannot be used here: use lora, or another version of bitsandbytes"
    return Check("bitsandbytes", "broken", detail, remedy)


def _nf4_error(torch: Any, bnb: Any, device: str) -> float:
    """Quantise a tiny layer; return the error of its output relative to the unquantised layer's output."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(64, 64, generator=generator)
    inputs = torch.randn(8, 64, generator=generator)
    layer = bnb.nn.Linear4bit(
        64, 64, bias=False, quant_type="nf4", compress_statistics=True, compute_dtype=torch.float32
    )
    layer.load_state_dict({"weight": weight})
    layer = layer.to(device)
    with torch.no_grad():
        answer = layer(inputs.to(device)).float().cpu()
    expected = inputs @ weight.T
    return float((answer - expected).norm() / expected.norm())
