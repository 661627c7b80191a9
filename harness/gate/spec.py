"""The gate file: its schema and how it is read."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from harness.config import Options, parse
from harness.errors import InputError, nearest
from harness.strict_yaml import read_yaml
from harness.types import Replacement, Task

Against = Literal["baseline", "base"]


class TaskCheck(Options):
    """Tasks that must not lose more than a margin of their primary score.

    ``tasks`` is a task's name or a glob such as ``meridian/*`` or ``*``. ``against`` is the committed
    baseline or the base model. Every task is a check of its own, unless ``together`` judges their mean.
    """

    tasks: str = Field(min_length=1)
    margin: float = Field(default=0.02, gt=0.0, lt=1.0)
    against: Against = "baseline"
    together: bool = False


def _written_out(value: Any) -> Any:
    return {"tasks": value} if isinstance(value, str) else value


class Budgets(Options):
    """Limits on the cost of answering.

    ``tokens_per_item`` and ``latency`` are ratios to the reference: tokens to the baseline if there is one,
    else to the base model; latency (median seconds per answer) to the base model in the same run.
    ``error_rate`` is the largest share of failed items.
    """

    tokens_per_item: float | None = Field(default=None, gt=0.0)
    latency: float | None = Field(default=None, gt=0.0)
    error_rate: float = Field(default=0.0, ge=0.0, le=1.0)


class GateFile(Options):
    """A gate: what is asked, and what a candidate must meet.

    ``experiment`` names the experiment file whose model, tasks, seeds and limit are used; its strategies are
    not run. With several models ``model`` names the one that candidates adapt, by default the first.
    ``candidate`` is how a candidate's adapter is asked: ``adapter``, or a composition such as ``adapter+rag``
    with ``options`` of its parts. ``baseline`` is written by `trilemma baseline promote`. Items with a tag of
    ``must_pass`` must all be right. ``refusals`` is the margin for refusing questions that have no answer,
    ``forgetting`` for the mean of the retention tasks, both against the base model. ``allow`` names what
    candidates may do to the base besides adding low-rank products to layers, such as ``modules_to_save``: a
    candidate that does anything else is refused. For planning, ``expected_flips`` is the share of items on
    which a candidate is expected to differ, and ``expected_together`` the share of clusters (`cluster:` of a
    task) in which all items go the same way.
    """

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    experiment: str
    model: str | None = None
    candidate: str = "adapter"
    options: dict[str, dict[str, Any]] = Field(default_factory=dict)
    allow: tuple[Replacement, ...] = ()
    baseline: str | None = None
    alpha: float = Field(default=0.05, gt=0.0, lt=0.5)
    checks: tuple[Annotated[TaskCheck, BeforeValidator(_written_out)], ...] = ()
    budgets: Budgets = Budgets()
    must_pass: tuple[str, ...] = ()
    refusals: float | None = Field(default=None, gt=0.0, lt=1.0)
    forgetting: float | None = Field(default=None, gt=0.0, lt=1.0)
    expected_flips: float = Field(default=0.1, ge=0.0, le=1.0)
    expected_together: float = Field(default=0.2, ge=0.0, le=1.0)

    def model_of(self, models: Collection[str], place: Path) -> str:
        """Return the name of the model that candidates adapt.

        Raises:
            InputError: The experiment has no model of that name.
        """
        if self.model is None:
            return next(iter(models))
        if self.model not in models:
            problem = "is not one of the experiment's models"
            raise InputError(place, "model", problem, nearest(self.model, models), self.model)
        return self.model

    def matched(self, check: TaskCheck, tasks: Iterable[str]) -> list[str]:
        """Return the names of the tasks that a check selects."""
        return [
            name
            for name in tasks
            if fnmatch.fnmatchcase(name, check.tasks) or name.rpartition("/")[2] == check.tasks
        ]


def load_gate(path: Path) -> GateFile:
    """Read a gate file.

    Raises:
        InputError: The file, or anything in it, is invalid.
    """
    raw = read_yaml(path)
    if isinstance(raw, dict):
        raw.setdefault("name", path.stem)
    gate = parse(GateFile, raw, path)
    nothing = not gate.checks and not gate.must_pass and gate.refusals is None and gate.forgetting is None
    if nothing:
        raise InputError(
            path, "checks", "the gate checks nothing", "add `checks: [{tasks: '*', margin: 0.02}]`"
        )
    if gate.baseline is None and any(check.against == "baseline" for check in gate.checks):
        index = next(i for i, check in enumerate(gate.checks) if check.against == "baseline")
        remedy = "add `baseline: FILE` (trilemma baseline promote writes it), or `against: base`"
        raise InputError(path, f"checks.{index}.against", "there is no baseline to compare with", remedy)
    return gate


def check_tasks(gate: GateFile, tasks: dict[str, Task], place: Path) -> None:
    """Refuse checks that select no task, and retention checks without retention tasks.

    Raises:
        InputError: The first invalid check.
    """
    for index, check in enumerate(gate.checks):
        if not gate.matched(check, tasks):
            remedy = nearest(check.tasks, tasks)
            raise InputError(
                place, f"checks.{index}.tasks", "matches no task of the experiment", remedy, check.tasks
            )
    if gate.forgetting is not None and not any(task.role == "retention" for task in tasks.values()):
        remedy = "add tasks with `role: retention` to the experiment, such as builtin:general"
        raise InputError(place, "forgetting", "the experiment has no retention task", remedy)
    if gate.refusals is not None and not any(task.refusal for task in tasks.values()):
        raise InputError(place, "refusals", "no task of the experiment has a `refusal`", "leave it out")
