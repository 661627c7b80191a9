"""Small plans over a rule model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.config import SOLE_MODEL, Options
from harness.execution.asking import Settings
from harness.execution.composition import Chain, Part
from harness.execution.plan import Plan
from harness.protocols import Model, PrepareContext, Prepared
from harness.scoring import Case
from harness.traits import Traits
from harness.types import Kind, LoadedTask, MetricSpec, PrepareCost, Task, TaskItem, TrainingData


class Plain:
    """Asks as it is; breaks while preparing when told to."""

    options_type = Options
    traits = Traits(kind="prompt", plain=True)

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.prepared = 0

    def check(self, tasks: Sequence[TrainingData], place: str, key: str) -> None:
        """Nothing to check."""

    def prepare(self, context: PrepareContext) -> Prepared:
        self.prepared += 1
        if self.error:
            raise self.error
        return Prepared(context.model, context.build, PrepareCost(wall_s=1.5), {"note": "plain"})


class Exact:
    """1.0 where the text is the target."""

    names = ("exact_match",)
    kinds: tuple[Kind, ...] = ("generate", "choice")

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        return [{"exact_match": float(case.extracted in case.item.targets)} for case in cases]


def task_of(n: int = 10, name: str = "words", **keys: Any) -> LoadedTask:
    items = tuple(
        TaskItem(id=f"i{i:03}", input=f"say {'word ' * (i % 5)}w{i}", targets=(f"w{i}",), split="test")
        for i in range(n)
    )
    task = Task(
        name=name,
        metrics=(MetricSpec(use="exact_match"),),
        digest=f"digest of {name}",
        **({"kind": "generate"} | keys),
    )
    return LoadedTask(TrainingData(task, (), ()), items)


def chain_of(name: str, strategy: Plain) -> Chain:
    return Chain(name, (Part("plain", f"strategies.{name}", {}, strategy, strategy.traits),))


def plan_of(
    run_dir: Path,
    model: Model,
    tasks: Sequence[LoadedTask],
    chains: Sequence[Chain] | None = None,
    **keys: Any,
) -> Plan:
    chains = chains or [chain_of("plain", Plain())]
    names = [task.task.name for task in tasks]
    options: dict[str, Any] = {
        "place": "test.yaml",
        "run_dir": run_dir,
        "chains": tuple(chains),
        "tasks": tuple(tasks),
        "tests": {task.task.name: task.test for task in tasks},
        "metrics": {name: (Exact(),) for name in names},
        "judging": dict.fromkeys(names, ""),
        "recipes": {chain.name: {name: f"{chain.name}/{name}" for name in names} for chain in chains},
        "preparations": {chain.name: chain.name for chain in chains},
        "models": {SOLE_MODEL: model},
        "embedder": lambda: None,
        "seeds": (0,),
    }
    settings: dict[str, Any] = {"repeats": 1, "temperature": 0.0, "on_long_prompt": "cut"}
    settings |= {name: keys.pop(name) for name in settings.keys() & keys.keys()}
    return Plan(**(options | keys | {"settings": Settings(**settings)}))
