"""The plan of a run, which the command line composes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.execution.asking import Settings
from harness.execution.composition import Apart, Chain
from harness.protocols import Embedder, Model
from harness.scoring import Metric
from harness.types import LoadedTask, TaskItem


@dataclass(frozen=True)
class MeasuringPlan:
    """What is measured of a prepared strategy besides its answers; see `harness.execution.drift`.

    Attributes:
        text: General text; empty for none.
        prompts: Test items of each task on whose prompts the distance from the base is measured.
        noise_items: Items of each retention task that the base is asked a second time.
        answers: Items of each retention task on which answer information is measured.
        timed_items: Items on which an adapter is timed separate from its base and merged into it.
        bases: The strategies that ask an unchanged model, one for each model that has such a strategy.
        digest: Digest of all this and of the items; empty if nothing is measured.
    """

    text: str = ""
    prompts: int = 0
    noise_items: int = 0
    answers: int = 0
    timed_items: int = 0
    bases: frozenset[str] = frozenset()
    digest: str = ""


@dataclass(frozen=True)
class Plan:
    """A run with everything it needs; the command line composes it.

    ``tests`` holds the chosen test items of each task. ``recipes[strategy][task]``, ``judging[task]`` and
    ``preparations[strategy]`` are the digests under which rows are stored. ``models`` are those of the
    experiment by name. Strategies in ``apart`` are refused individually.
    """

    place: str
    run_dir: Path
    chains: tuple[Chain, ...]
    tasks: tuple[LoadedTask, ...]
    tests: Mapping[str, Sequence[TaskItem]]
    metrics: Mapping[str, tuple[Metric, ...]]
    judging: Mapping[str, str]
    recipes: Mapping[str, Mapping[str, str]]
    preparations: Mapping[str, str]
    models: Mapping[str, Model]
    embedder: Callable[[], Embedder]
    seeds: tuple[int, ...]
    settings: Settings
    probing: MeasuringPlan = MeasuringPlan()
    apart: Apart = field(default_factory=Apart)

    @property
    def in_order(self) -> Iterable[Chain]:
        """The chains in the order they run: those over one model together, so that its weights load once."""
        first = list(dict.fromkeys(chain.model for chain in self.chains))
        return sorted(self.chains, key=lambda chain: first.index(chain.model))

    def base(self, chain: Chain) -> Model:
        """Return the unchanged model that a chain is prepared over."""
        return self.models[chain.model]

    def label(self, chain: Chain, seed: int) -> str:
        """Return a chain's name for messages, with its seed if there are several."""
        return chain.name if len(self.seeds) == 1 else f"{chain.name} (seed {seed})"
