"""What a strategy states about itself; all code that judges it uses this, never its id or options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

StrategyKind = Literal["prompt", "retrieve", "fine-tune", "combine", "other"]
Sight = Literal["examples", "index", "training"]


class Traits(BaseModel):
    """What a strategy states about itself.

    Attributes:
        kind: What kind of strategy it is.
        plain: Whether it asks the unchanged model with the task's own prompt, which adapted models are
            compared with.
        adapts: Whether adapted weights answer, wherever they were trained.
        retrieves: Whether it shows passages that it found; one of that kind does.
        sees: How training items reach it: as "examples" in prompts, in an "index" that is searched, or in
            "training". For an adapter trained elsewhere this is unknown, and nothing is stated.
        ceiling: Whether it is shown what no system can know (an oracle): measured, but never chosen.
        stages: The tasks of each stage of its training, in order; empty without stages.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: StrategyKind
    plain: bool = False
    adapts: bool = False
    retrieves: bool = False
    sees: tuple[Sight, ...] = ()
    ceiling: bool = False
    stages: tuple[tuple[str, ...], ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _as_its_kind_says(cls, stated: Any) -> Any:
        if isinstance(stated, dict) and stated.get("kind") == "retrieve":
            return {"retrieves": True} | stated
        return stated


UNSTATED = Traits(kind="other")
"""Traits of a strategy that states none."""


def base_of(strategy: str, traits: Mapping[str, Traits], answered_by: Mapping[str, str]) -> str | None:
    """Return the strategy that an adapted one is measured against: the first plain one on the same model.

    Args:
        strategy: The strategy.
        traits: All strategies of a run, each with what it states about itself.
        answered_by: The same, each with the name of its model.

    Returns:
        A strategy, possibly itself; None where none asks this model unchanged.
    """
    plain = (name for name, each in traits.items() if each.plain)
    return next((name for name in plain if answered_by[name] == answered_by[strategy]), None)


def joined(parts: Sequence[Traits]) -> Traits:
    """Return the traits of a composition; parts of different kinds are a combination."""
    kinds = {part.kind for part in parts}
    return Traits(
        kind=kinds.pop() if len(kinds) == 1 else "combine",
        plain=all(part.plain for part in parts),
        adapts=any(part.adapts for part in parts),
        retrieves=any(part.retrieves for part in parts),
        sees=tuple(dict.fromkeys(sight for part in parts for sight in part.sees)),
        ceiling=any(part.ceiling for part in parts),
        stages=tuple(stage for part in parts for stage in part.stages),
    )
