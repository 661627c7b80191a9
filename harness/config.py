"""The experiment file: read, checked, and every fault told in one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.errors import InputError, nearest
from harness.strict_yaml import read_yaml

T = TypeVar("T", bound=BaseModel)


class Options(BaseModel):
    """Base of everything a user writes in YAML: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelOptions(Options):
    """One model: ``use`` names its backend, and ``options`` are that one's own."""

    use: str = "transformers"
    options: dict[str, Any] = {}


class StrategyOptions(Options):
    """One entry under ``strategies``: ``use`` names the strategy, ``options`` are its own."""

    use: str
    options: dict[str, Any] = {}


class ForgettingOptions(Options):
    """What is measured of a model that was adapted, beside the retention tasks.

    ``text`` is a file of general text whose likelihood is compared with the base's; ``builtin:general`` is
    the one that comes with Trilemma, and null measures none. On the prompts of ``prompts`` test items of each
    task the distance from the base is measured too. ``noise_items`` items of each retention task are asked of
    the base a second time, to see what changes by itself. On ``answers`` items of each retention task it is
    measured how much the question tells the model of its answer. On ``timed_items`` items of the first
    target task an adapter is timed beside its base and merged into it.
    """

    text: str | None = "builtin:general"
    prompts: int = Field(default=16, ge=0)
    noise_items: int = Field(default=25, ge=0)
    answers: int = Field(default=50, ge=0)
    timed_items: int = Field(default=8, ge=0)


LARGEST_SEED = 2**32 - 1
"""What every generator of random numbers takes."""
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED, strict=True)]


class Experiment(Options):
    """An experiment file, resolved: defaults filled in, shorthands written out.

    ``tasks`` are paths or globs relative to the file, ``builtin:SUITE[/TASK]``, or tasks written out in
    place, which the task loader checks. ``forgetting`` says what more is measured of adapted models, and null
    measures nothing more. ``limit`` takes that many test items of every task. ``seeds`` repeat
    everything that is random. ``incumbent`` is the strategy the others are compared with.
    """

    name: str = Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    description: str = ""
    model: ModelOptions = ModelOptions()
    embedder: str = "builtin:minilm"
    tasks: tuple[str | dict[str, Any], ...] = Field(min_length=1)
    strategies: dict[str, StrategyOptions] = Field(min_length=1)
    incumbent: str
    forgetting: ForgettingOptions | None = ForgettingOptions()
    seeds: tuple[Seed, ...] = Field(default=(0,), min_length=1)
    limit: int | None = Field(default=None, ge=1)
    on_long_prompt: Literal["refuse", "cut"] = "cut"
    temperature: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    repeats: int = Field(default=1, ge=1, le=10_000)


_MARKS = {
    "strategies": ("an experiment", "use it with `trilemma run`"),
    "experiment": ("a gate file", "use it with `trilemma gate`"),
    "items": ("a task", "name it under `tasks` of an experiment"),
}
"""The key that one kind of file alone has, to what such a file is and is for."""


def parse(kind: type[T], raw: Any, place: object, key: str = "") -> T:
    """Check ``raw`` against the pydantic model ``kind``.

    Args:
        kind: The model.
        raw: What YAML or JSON gave.
        place: The file it came from, for the error.
        key: The dotted path of ``raw`` inside that file, for the error.

    Raises:
        InputError: The first fault found, with its own dotted path.
    """
    if not isinstance(raw, dict):
        raise InputError(place, key, "must be a mapping of keys to values", "write `key: value` lines", raw)
    if not key:
        _refuse_other_kind(kind, raw, place)
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        raise _first_fault(error, kind, place, key) from None


def _refuse_other_kind(kind: type[BaseModel], raw: dict[str, Any], place: object) -> None:
    for mark, (what, remedy) in _MARKS.items():
        if mark in raw and mark not in kind.model_fields:
            raise InputError(place, "", f"is {what}, by its key `{mark}`", remedy)


def _first_fault(error: ValidationError, kind: type[BaseModel], place: object, key: str) -> InputError:
    faults = error.errors(include_url=False)
    # a key with a slip is both unknown and missing: what stands in the file is what can be corrected
    fault = next((each for each in faults if each["type"] == "extra_forbidden"), faults[0])
    path = ".".join([*([key] if key else []), *(str(part) for part in fault["loc"])])
    name = str(fault["loc"][-1]) if fault["loc"] else ""
    if fault["type"] == "extra_forbidden":
        known = kind.model_fields if len(fault["loc"]) == 1 else _fields_at(kind, fault["loc"][:-1])
        return InputError(place, path, "is not a known key", nearest(name, known))
    if fault["type"] == "missing":
        return InputError(place, path, "is missing", f"add `{name}: ...`")
    problem = fault["msg"].removeprefix("Value error, ")
    problem = problem[0].lower() + problem[1:]
    return InputError(place, path, problem, "correct the value", fault["input"])


def _fields_at(kind: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Return the field names of the nested model that ``loc`` leads to, as far as annotations tell."""
    current: Any = kind
    for part in loc:
        field = getattr(current, "model_fields", {}).get(part)
        if field is None:
            continue
        current = next(_models_in(field.annotation), current)
    return list(getattr(current, "model_fields", {}))


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that stand anywhere in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def load_experiment(path: Path) -> Experiment:
    """Read an experiment file.

    Raises:
        InputError: The file, or anything in it, is not right.
    """
    raw = read_yaml(path)
    if not isinstance(raw, dict):
        raise InputError(path, "", "must be a mapping of keys to values", "see `trilemma init`", raw)
    return resolve_experiment(raw, path)


def is_experiment(path: Path) -> bool:
    """Whether a file is an experiment, by its keys.

    Raises:
        InputError: It is a YAML file that cannot be read.
    """
    if path.suffix not in (".yaml", ".yml") or not path.is_file():
        return False
    raw = read_yaml(path)
    return isinstance(raw, dict) and "strategies" in raw


def resolve_experiment(raw: dict[str, Any], place: object) -> Experiment:
    """Write out the shorthands of an experiment and check it.

    ``model: PATH`` stands for ``model: {path: PATH}``, one task for a list of one, and under ``strategies``
    a bare id for itself with no options.
    """
    raw = dict(raw)
    if isinstance(raw.get("model"), str):
        raw["model"] = {"path": raw["model"]}
    if isinstance(raw.get("tasks"), str | dict):
        raw["tasks"] = [raw["tasks"]]
    if isinstance(raw.get("seeds"), int):
        raw["seeds"] = [raw["seeds"]]
    if isinstance(place, Path):
        raw.setdefault("name", place.stem)
    if "strategies" in raw:
        raw["strategies"] = _written_out(raw["strategies"], place)
        raw.setdefault("incumbent", next(iter(raw["strategies"]), ""))
    experiment = parse(Experiment, raw, place)
    if experiment.incumbent not in experiment.strategies:
        raise InputError(
            place,
            "incumbent",
            "is not one of the strategies",
            nearest(experiment.incumbent, experiment.strategies),
            experiment.incumbent,
        )
    return experiment


def _written_out(strategies: Any, place: object) -> dict[str, Any]:
    if isinstance(strategies, list):
        strategies = {entry: None for entry in strategies if isinstance(entry, str)}
    if not isinstance(strategies, dict):
        raise InputError(
            place, "strategies", "must map names to options", "write `zero_shot: {}`", strategies
        )
    written: dict[str, Any] = {}
    for name, options in strategies.items():
        options = {} if options is None else options
        if not isinstance(options, dict):
            raise InputError(
                place, f"strategies.{name}", "must be a mapping of options", f"write `{name}: {{}}`", options
            )
        if set(options) == {"use", "options"}:  # written out already
            written[str(name)] = options
        else:
            rest = {key: value for key, value in options.items() if key != "use"}
            written[str(name)] = {"use": str(options.get("use", name)), "options": rest}
    return written
