"""How far adapters that are trained here move their base: `python -m benchmarks.adapter_changes`.

The gate refuses an adapter that changes a layer too much. What is too much was chosen by these figures: LoRA,
rsLoRA, DoRA and PiSSA, each trained at rates from far too low to far too high.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import click

from harness.models.transformers.options import TransformersOptions
from harness.progress import SilentProgress
from harness.protocols import PrepareContext
from harness.tasks.prompting import plain_requests
from harness.types import MetricSpec, Task, TaskItem, TrainingData

RATES = (1e-5, 1e-4, 1e-3, 1e-2)
KINDS: dict[str, dict[str, Any]] = {
    "LoRA": {},
    "rsLoRA": {"use_rslora": True},
    "DoRA": {"use_dora": True},
    "PiSSA": {},
}
COLOURS = ("red", "blue", "green", "black")


def main() -> None:
    """Train each and print its largest change, its distance from the base, and how likely text is then."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="builtin:smollm2")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rates", type=float, nargs="+", default=list(RATES))
    given = parser.parse_args()
    from harness.models.transformers.model import TransformersModel

    base = TransformersModel(TransformersOptions(path=given.model))
    click.echo("kind    rate    largest change  KL (nats)  nats a token  of")
    for kind in KINDS:
        for rate in given.rates:
            found = trained(base, kind, rate, given.steps)
            figures = f"{found['largest_change']:14.3g}  {found['probe_kl']:9.3g}  {found['probe_nll']:12.3g}"
            click.echo(f"{kind:7} {rate:<7g} {figures}  {found['largest_change_in']}")


def trained(base: Any, kind: str, rate: float, steps: int) -> dict[str, Any]:
    """Train an adapter of a kind, and return the record of the strategy that takes it as any other."""
    from strategies.adapter import Adapter, AdapterOptions
    from strategies.lora import Lora, LoraOptions
    from strategies.tuning.methods.lora import layers as _adapted
    from strategies.tuning.methods.lora.options import LoraSettings

    plain = _adapted.lora_config

    def beginning(options: LoraSettings, module: Any) -> Any:
        config = plain(options, module)
        config.init_lora_weights = "pissa" if kind == "PiSSA" else True
        return config

    options = LoraOptions(learning_rate=rate, max_steps=steps, batch_size=4, **KINDS[kind])
    with tempfile.TemporaryDirectory() as folder:
        _adapted.lora_config = beginning
        try:
            Lora(options).prepare(_context(base, Path(folder)))
        finally:
            _adapted.lora_config = plain
        (adapter,) = (Path(folder) / "tuned").iterdir()
        strategy = Adapter(AdapterOptions(path=str(adapter), allow=()))
        return strategy.prepare(_context(base, Path(folder))).record


def _context(base: Any, folder: Path) -> PrepareContext:
    def no_embedder() -> Any:
        raise AssertionError("training needs no embedder")

    metrics = (MetricSpec(use="exact_match"),)
    task = Task(name="colours", kind="generate", instruction="Name the colour.", metrics=metrics)
    items = [
        TaskItem(id=str(i), input=f"the {'long ' * (i % 3)}{each} boat", targets=(each,), split="train")
        for i, each in enumerate(COLOURS * 16)
    ]
    data = TrainingData(task=task, train=tuple(items), validation=())
    return PrepareContext(
        model=base, build=plain_requests, tasks=(data,), seed=0, artifacts=folder, embedder=no_embedder,
        progress=SilentProgress(),
    )  # fmt: skip


if __name__ == "__main__":
    main()
