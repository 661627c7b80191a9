"""What a gate judges: adapters that it asks itself, or a strategy of a finished run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import InputError, nearest, one_of
from harness.runs.manifest import MANIFEST

if TYPE_CHECKING:
    from harness.config import Experiment, ForgettingOptions
    from harness.gate.spec import GateFile


@dataclass(frozen=True)
class Candidates:
    """The candidates named on the command line; a folder's kind is never guessed from its content.

    Attributes:
        adapters: Folders of adapters, each of which is asked and judged.
        run: A finished run; None if adapters are named.
        strategy: Which of the run's strategies is meant, if several could be.
    """

    adapters: tuple[Path, ...]
    run: Path | None
    strategy: str | None

    def check(self, out: Path) -> None:
        """Refuse options that do not go together; ``out`` is the folder that the gate writes to.

        Raises:
            InputError: Nothing is named, both are, or a strategy without a run; or the gate would write into
                an adapter's folder, and reuse what is there.
        """
        if not self.adapters and self.run is None:
            remedy = "name an adapter's folder, or a finished run with --candidate-run"
            raise InputError("--candidate", "", "is missing", remedy)
        if self.adapters and self.run is not None:
            remedy = "name one run, or adapters"
            raise InputError(
                "--candidate-run", "", "a run folder stands alone", remedy, str(self.adapters[0])
            )
        if self.strategy is not None and self.run is None:
            remedy = "name the run with --candidate-run"
            raise InputError("--strategy", "", "goes with a run, and none is named", remedy, self.strategy)
        if any(out.resolve().is_relative_to(adapter.resolve()) for adapter in self.adapters):
            remedy = "name a folder of your own: answers that an adapter brings along are not its answers"
            raise InputError("--out", "", "lies in the folder of a candidate", remedy, str(out))


# --- A finished run ---


def strategy_of(run: Path, wanted: str | None) -> str:
    """Return the strategy of a run that is the candidate.

    Raises:
        InputError: It has none of that name, or not exactly one that could be meant.
    """
    from harness.runs.manifest import read_manifest

    manifest = read_manifest(run)
    if wanted is not None:
        return one_of(wanted, manifest.recipes, "--strategy", "is no strategy of the run")
    others = [name for name, traits in manifest.traits.items() if not traits.plain]
    if len(others) != 1:
        remedy = f"choose one with --strategy; {nearest('', manifest.recipes)}"
        raise InputError(run, "", f"has {len(others)} strategies that could be the candidate", remedy)
    return others[0]


# --- Adapters ---


def refuse_run(folder: Path) -> None:
    """Refuse a run folder where an adapter's folder is expected.

    Raises:
        InputError: It is a run folder.
    """
    from strategies.tuning.saved import is_saved

    if (folder / MANIFEST).is_file() and not is_saved(folder):
        remedy = f"use --candidate-run {folder}, or name one of the folders in {folder / 'artifacts/tuned'}"
        raise InputError(folder, "", "is a run folder, not an adapter", remedy)


def named(adapters: Sequence[Path]) -> dict[str, Path]:
    """Return adapters by short, distinct names."""
    by_name: dict[str, Path] = {}
    for path in adapters:
        name = path.resolve().name
        while name in by_name or name == "base":
            name += "+"
        by_name[name] = path
    return by_name


def gated(wanted: GateFile, experiment: Experiment, model: str, adapters: dict[str, Path]) -> Experiment:
    """Return the experiment with one of its models, the base and one strategy for each adapter.

    Raises:
        InputError: The gate's candidate is not a composition with an adapter, or is a ceiling.
    """
    from harness import plugins
    from harness.config import StrategyOptions
    from harness.execution.composition import chain_of
    from harness.gate.ceiling import refuse_ceiling
    from harness.protocols import TakesAdapter

    strategies = {"base": StrategyOptions(use="zero_shot", model=model)}
    ids = [part.strip() for part in wanted.candidate.split("+")]
    kinds = {part: plugins.load("strategies", part, wanted.name, "candidate") for part in ids}
    taking = [part for part, kind in kinds.items() if isinstance(kind, TakesAdapter)]
    if len(taking) != 1:
        remedy = "write `candidate: adapter`, or a composition that begins with it"
        raise InputError(wanted.name, "candidate", "does not ask the adapter", remedy, wanted.candidate)
    if strangers := [key for key in wanted.options if key not in ids]:
        problem = f"is no part of the candidate {wanted.candidate}"
        raise InputError(wanted.name, f"options.{strangers[0]}", problem, nearest(strangers[0], ids))
    for name, path in adapters.items():
        parts = {part: dict(wanted.options.get(part, {})) for part in ids}
        parts[taking[0]] |= kinds[taking[0]].options_for(path, wanted.allow)
        options = parts if len(parts) > 1 else parts[taking[0]]
        strategies[name] = StrategyOptions(use=wanted.candidate, model=model, options=options)
    asked = experiment.model_copy(
        update={
            "name": f"gate-{wanted.name}",
            "models": {model: experiment.models[model]},
            "strategies": strategies,
            "incumbent": "base",
            "forgetting": _measured(wanted, experiment),
        }
    )
    for name in adapters:
        refuse_ceiling(chain_of(name, strategies, wanted.name).traits, name, wanted.name, "a candidate")
    return asked


def _measured(wanted: GateFile, experiment: Experiment) -> ForgettingOptions | None:
    """Return what is measured of candidates besides their answers, for the check of forgetting.

    It needs the base's weights once more for each candidate, so only a gate with that check asks for it.
    """
    from harness.config import ForgettingOptions

    if wanted.forgetting is None:
        return None
    given = experiment.forgetting or ForgettingOptions()
    return given.model_copy(update={"prompts": 0, "noise_items": 0, "timed_items": 0})
