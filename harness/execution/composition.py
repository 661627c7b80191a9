"""A strategy entry of an experiment, as a chain of strategies.

``lora+rag`` prepares LoRA first and then RAG on its result: each part's model, request builder and
finisher come from the part before it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from harness import plugins
from harness.config import SOLE_MODEL, StrategyOptions, parse
from harness.digests import code_digest, digest_of, digest_of_files
from harness.errors import InputError, nearest, shorten
from harness.execution.finishing import Finishing
from harness.files import LARGEST_RECORD
from harness.protocols import (
    ChecksModel,
    Model,
    NamesFiles,
    PrepareContext,
    Prepared,
    RequestBuilder,
    StatesTraits,
    Strategy,
)
from harness.traits import UNSTATED, Traits, joined
from harness.types import PrepareCost, TrainingData

T = TypeVar("T")


@dataclass(frozen=True)
class Part:
    """One strategy of a chain; ``key`` is the place of its options in the experiment file."""

    id: str
    key: str
    options: dict[str, Any]
    strategy: Strategy
    traits: Traits = UNSTATED

    @property
    def identity(self) -> dict[str, Any]:
        """Everything that determines what it does, except files that it names, as plain data."""
        return {"id": self.id, "options": self.options, "code": code_digest(type(self.strategy))}


@dataclass(frozen=True)
class Chain:
    """The strategies behind one name of an experiment, in the order they are prepared.

    ``model`` is the name of the experiment's model that they are prepared over.
    """

    name: str
    parts: tuple[Part, ...]
    model: str = SOLE_MODEL

    @property
    def traits(self) -> Traits:
        """The combined traits that its parts declare."""
        return joined([part.traits for part in self.parts])

    def recipe(self, place: str) -> list[dict[str, Any]]:
        """Return everything about the chain that determines its answers, as plain data."""
        return [part.identity | {"files": digest_of_files(self._files(part, place))} for part in self.parts]

    def _files(self, part: Part, place: str) -> Sequence[Path]:
        if not isinstance(part.strategy, NamesFiles):
            return ()
        with plugins.sound(place, part.key, part.id):
            return part.strategy.files(place)

    def check(self, tasks: Sequence[TrainingData], place: str) -> None:
        """Let every part refuse what it can check without a model."""
        for part in self.parts:
            with plugins.sound(place, part.key, part.id):
                part.strategy.check(tasks, place, part.key)

    def check_model(self, model: Model, tasks: Sequence[TrainingData], place: str) -> None:
        """Let every part refuse what it can check with the model's files, before any strategy answers."""
        for part in self.parts:
            if isinstance(part.strategy, ChecksModel):
                with plugins.sound(place, part.key, part.id):
                    part.strategy.check_model(model, tasks, place, part.key)

    def prepare(self, context: PrepareContext) -> Ready:
        """Prepare every part over the one before it; costs are summed, records are kept per part.

        Raises:
            InputError: A part refuses its input, or answers with an adapter that its traits do not declare.
        """
        cost, record, finishing = PrepareCost(), {}, []
        for part in self.parts:
            prepared = part.strategy.prepare(context)
            if not isinstance(prepared, Prepared):
                raise TypeError(f"{part.id}: prepare() must return a Prepared, not {shorten(prepared)}")
            _check_record(part, prepared.record)
            _check_adapts(part, context.model, prepared.model, context.place)
            cost, record[part.id] = cost + prepared.cost, prepared.record
            context = dataclasses.replace(context, model=prepared.model, build=prepared.build)
            if prepared.finish is not None:
                context = dataclasses.replace(context, finish=prepared.finish)
                finishing.append(part.identity)
        cost = cost.model_copy(update={"adapted": self.traits.adapts})
        finish = Finishing(context.finish, digest_of(finishing)) if finishing else Finishing()
        return Ready(context.model, context.build, finish, cost, record)


@dataclass(frozen=True)
class Ready:
    """A chain that is ready to answer: its last part prepared, with the costs and records of all parts."""

    model: Model
    build: RequestBuilder
    finishing: Finishing
    cost: PrepareCost
    record: dict[str, Any]


@dataclass(frozen=True)
class Apart:
    """Strategies that are refused individually, such as a gate's candidates: the others continue.

    Attributes:
        names: The strategies.
        refused: Those of them that were refused, each with the line that says why.
    """

    names: frozenset[str] = frozenset()
    refused: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def each(self, name: str) -> Iterator[None]:
        """Record the block's refusal if the strategy is one of these; raise it for any other.

        Raises:
            InputError: The block refused a strategy that is not one of these.
        """
        try:
            yield
        except InputError as error:
            if name not in self.names:
                raise
            self.refused[name] = str(error)

    def left(self, by_name: Mapping[str, T]) -> dict[str, T]:
        """Return the entries of strategies that have not been refused, by their names."""
        return {name: value for name, value in by_name.items() if name not in self.refused}

    @property
    def empty(self) -> bool:
        """Whether there are such strategies and all of them are refused."""
        return bool(self.names) and self.names <= self.refused.keys()


def chain_of(name: str, entries: Mapping[str, StrategyOptions], place: str) -> Chain:
    """Build the chain of one entry under ``strategies``.

    The options of a part of ``a+b`` are those under the entry's own key ``a``, else those of the entry named
    ``a``, else the defaults.

    Raises:
        InputError: An id is unknown or used twice, an option is invalid, or a part would use options
            that were chosen for another model.
    """
    entry = entries[name]
    ids = [part.strip() for part in entry.use.split("+")]
    for part_id in ids:
        plugins.check_known("strategies", part_id, place, f"strategies.{name}")
        if ids.count(part_id) > 1:
            raise InputError(
                place, f"strategies.{name}", "names a part twice", "name each part once", entry.use
            )
    if len(ids) == 1:
        return Chain(name, (_part(ids[0], entry.options, place, f"strategies.{name}"),), entry.model)
    strangers = [key for key in entry.options if key not in ids]
    if strangers:
        raise InputError(
            place, f"strategies.{name}.{strangers[0]}", "is none of its parts", nearest(strangers[0], ids)
        )
    parts = []
    for part_id in ids:
        own = f"strategies.{name}.{part_id}"
        if part_id in entry.options:
            parts.append(_part(part_id, entry.options[part_id] or {}, place, own))
        elif part_id in entries and entries[part_id].use == part_id:
            _check_same_model(name, part_id, entries, place)
            parts.append(_part(part_id, entries[part_id].options, place, f"strategies.{part_id}"))
        else:
            parts.append(_part(part_id, {}, place, own))
    return Chain(name, tuple(parts), entry.model)


def _check_same_model(name: str, part_id: str, entries: Mapping[str, StrategyOptions], place: str) -> None:
    """Refuse options of an entry on another model, which may not be meant for this one."""
    mine, other = entries[name].model, entries[part_id].model
    if mine != other and entries[part_id].options:
        problem = (
            f"answers with the model {mine}, and the options of its part {part_id} are those for {other}"
        )
        remedy = f"write `model: {other}`, or options of its own under `strategies.{name}.{part_id}`"
        raise InputError(place, f"strategies.{name}", problem, remedy)


def _part(part_id: str, raw: Any, place: str, key: str) -> Part:
    kind = plugins.load("strategies", part_id, place, key)
    lacking = [name for name in ("options_type", "check", "prepare") if not hasattr(kind, name)]
    if lacking:
        raise InputError(place, key, f"is no strategy: it has no `{lacking[0]}`", "add it", part_id)
    with plugins.sound(place, key, part_id):
        options = parse(kind.options_type, raw, place, key)
        strategy = kind(options)
        stated = strategy.traits if isinstance(strategy, StatesTraits) else UNSTATED
        traits = stated if isinstance(stated, Traits) else parse(Traits, stated, place, f"{key}: its traits")
        return Part(part_id, key, options.model_dump(mode="json"), strategy, traits)


def _check_record(part: Part, record: object) -> None:
    """Refuse a record that cannot be stored.

    Raises:
        TypeError: It is not a mapping, or contains something that JSON cannot represent.
    """
    try:
        if isinstance(record, dict) and len(json.dumps(record)) <= LARGEST_RECORD:
            return
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"{part.id}: the record of prepare() cannot be kept: {error}") from None
    problem = f"must be a dict of at most {LARGEST_RECORD >> 20} MiB"
    raise TypeError(f"{part.id}: the record of prepare() {problem}, not {shorten(record)}")


def _check_adapts(part: Part, before: Model, now: Model, place: str) -> None:
    """Refuse an adapter that the traits do not declare: it would be priced and judged as the base."""
    if now.identity.adapter_digest != before.identity.adapter_digest and not part.traits.adapts:
        problem = "answers with an adapter, which its traits do not state"
        raise InputError(place, part.key, problem, "give the class `traits` with adapts=True", part.id)
