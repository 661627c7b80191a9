"""What a gate can see before anything is run: sizes, margins, power."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.errors import InputError
from harness.gate.spec import GateFile
from harness.stats import detectable_loss, fewest_items, items_for_margin
from harness.types import Frozen, Task


class PlannedCheck(Frozen):
    """One check as its size allows it.

    ``detectable`` is the smallest margin that so many items hold with power 0.8 when nothing is lost and the
    expected share of items flips; ``needed`` are the items for the margin that is asked for.
    """

    name: str
    n: int
    margin: float
    fewest: int
    needed: int
    detectable: float

    @property
    def enough(self) -> bool:
        """Whether the margin can be held with the expected flips, four times in five."""
        return self.n >= self.needed


def plan(
    gate: GateFile, tasks: Mapping[str, Task], n_test: Mapping[str, int], place: Path
) -> list[PlannedCheck]:
    """Return what every check can see.

    Args:
        gate: The gate.
        tasks: The experiment's tasks.
        n_test: Test items of each that will be asked.
        place: The gate file, for errors.

    Raises:
        InputError: A check could not pass even without a single flip.
    """
    sizes: list[tuple[str, str, int, float]] = []
    for index, check in enumerate(gate.checks):
        names = gate.matched(check, dict(tasks))
        if check.together:
            sizes.append((f"checks.{index}", check.tasks, sum(n_test[name] for name in names), check.margin))
        else:
            sizes += [(f"checks.{index}", name, n_test[name], check.margin) for name in names]
    if gate.forgetting is not None:
        n = sum(n_test[name] for name, task in tasks.items() if task.role == "retention")
        sizes.append(("forgetting", "forgetting", n, gate.forgetting))
    found = []
    for key, name, n, margin in sizes:
        fewest = fewest_items(margin, gate.alpha)
        if n < fewest:
            least = detectable_loss(n, 0.0, gate.alpha)
            remedy = f"ask more items, or set a margin of {least:.3f} or more"
            problem = (
                f"{n} items of {name} cannot hold a margin of {margin:g}: it takes {fewest} without a flip"
            )
            raise InputError(place, key, problem, remedy)
        needed = items_for_margin(margin, gate.expected_flips, 0.0, gate.alpha) or fewest
        detectable = detectable_loss(n, gate.expected_flips, gate.alpha)
        found.append(
            PlannedCheck(name=name, n=n, margin=margin, fewest=fewest, needed=needed, detectable=detectable)
        )
    return found
