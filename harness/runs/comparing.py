"""Whether two runs can be compared: same tasks, judged the same way, answered under the same conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field

from harness.config import Seed
from harness.runs.manifest import RunManifest
from harness.types import Frozen, Task

_TOLD = {
    "weights": "the base model's weights or tokenizer are",
    "settings": "the base model's chat template or generation settings are",
    "embedder_digest": "the embedder's files are",
}
"""Sentences shown in place of digests, whose values mean nothing to a reader."""


class Conditions(Frozen):
    """Conditions shared by all answers of a strategy; ``weights`` and ``settings`` are its model's digests.

    ``name`` is the model's name in the experiment, which may differ between machines; ``embedder`` is
    the name of the embedder, or "a folder", of which ``embedder_digest`` is the digest. ``limit`` is how
    many test items of a task were asked, None for all. ``context_length`` is in tokens, 0 where not known.
    """

    name: str
    weights: str = Field(min_length=1)
    settings: str
    dtype: str = Field(min_length=1)
    quantization: str = Field(min_length=1)
    context_length: int = Field(ge=0, strict=True)
    asked_with: dict[str, Any]
    template_date: str
    embedder: str
    embedder_digest: str
    on_long_prompt: Literal["refuse", "cut"]
    temperature: float = Field(ge=0.0, allow_inf_nan=False, strict=True)
    repeats: int = Field(ge=1, le=10_000, strict=True)
    limit: int | None = Field(ge=1, strict=True)
    seeds: tuple[Seed, ...] = Field(min_length=1)

    @classmethod
    def of(cls, manifest: RunManifest, strategy: str) -> Self:
        """Return the conditions of a strategy of a run."""
        experiment, record = manifest.experiment, manifest.model_of(strategy)
        model = record.identity
        return cls(
            name=model.name,
            weights=model.weights_digest,
            settings=model.settings_digest,
            dtype=model.dtype,
            quantization=model.quantization,
            context_length=record.context_length,
            asked_with=record.asked_with,
            template_date=record.template_date,
            embedder="a folder" if manifest.embedder_digest else manifest.embedder,
            embedder_digest=manifest.embedder_digest,
            on_long_prompt=experiment["on_long_prompt"],
            temperature=float(experiment["temperature"]),
            repeats=experiment["repeats"],
            limit=experiment["limit"],
            seeds=tuple(experiment["seeds"]),
        )

    @property
    def told(self) -> str:
        """The seeds, limit and decoding, as text for a reader."""
        shown = ("seeds", "limit", "repeats", "temperature", "on_long_prompt", "dtype", "context_length")
        mine = self.model_dump()
        return "; ".join(f"{key.replace('_', ' ')} {_told(mine[key])}" for key in shown)

    def unlike(self, wanted: Mapping[str, Any], of: str) -> list[str]:
        """Say which conditions differ from those wanted.

        Args:
            wanted: Names of some conditions to what they should be.
            of: What the wanted conditions belong to, such as "the baseline".
        """
        mine = self.model_dump()
        return [
            f"{_TOLD[key]} not those of {of}"
            if key in _TOLD
            else f"{_SAID.get(key, key.replace('_', ' '))}: {_told(mine[key])} here, {_told(value)} in {of}"
            for key, value in wanted.items()
            if mine[key] != value
        ]


# --- Two runs ---

_NOT_A_SETTING = {"name", "limit", "seeds"}
"""What may differ between two runs without affecting the scores of the items that both have."""
_SAID = {
    "weights": "base model",
    "settings": "base model",
    "embedder": "embedder",
    "embedder_digest": "embedder",
    "asked_with": "model option",
    "template_date": "template date",
}
"""Names of the conditions that are not settings of the experiment, in the singular."""


def other_settings(first: RunManifest, later: RunManifest) -> tuple[str, ...]:
    """Name what differs between two runs besides tasks and strategies, and may explain a difference."""
    differing: set[str] = set()
    for strategy in first.answered_by.keys() & later.answered_by.keys():
        old, new = (Conditions.of(run, strategy).model_dump() for run in (first, later))
        differing |= {key for key in old if old[key] != new[key]}
    told = [key for key in Conditions.model_fields if key in differing - _NOT_A_SETTING]
    return tuple(dict.fromkeys(_SAID.get(key, f"{key.replace('_', ' ')} setting") for key in told))


def other_task(first: RunManifest, later: RunManifest, task: str) -> tuple[str, ...]:
    """Name what prevents comparing a task of two runs; empty if it can be compared."""
    judges = () if first.judges.get(task) == later.judges.get(task) else ("files of metrics",)
    return changed_in(first.tasks[task], later.tasks[task]) or judges


def changed_in(first: Task, later: Task) -> tuple[str, ...]:
    """Name the changes to a task that affect its questions or scores; empty if there are none."""
    changed = [key for key in Task.model_fields if getattr(first, key) != getattr(later, key)]
    told = tuple(key for key in changed if key not in ("digest", "judging"))
    if first.digest != later.digest:
        return told or ("items or documents",)
    return () if first.judging == later.judging else told or ("accepted answers",)


# --- Before a run ---


def wanted_by(experiment: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conditions that an experiment asks for, as far as they are known before it runs.

    Args:
        experiment: The experiment, resolved, as JSON holds it.
        known: What is known of its embedder and of the model that is asked, by condition.
    """
    keys = ("on_long_prompt", "temperature", "repeats", "limit")
    return {key: experiment[key] for key in keys} | {"seeds": tuple(experiment["seeds"])} | dict(known)


def _told(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return repr(value) if isinstance(value, str | dict) else str(value)
