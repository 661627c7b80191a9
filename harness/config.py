"""The experiment file: read and checked, with a one-line error for every fault."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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
    """One model: ``use`` names its backend, and ``options`` are the backend's own."""

    use: str = "transformers"
    options: dict[str, Any] = {}


SOLE_MODEL = "model"
"""Name of the only model of an experiment, given under the key ``model``."""


def model_key(name: str) -> str:
    """Return where a model of an experiment is in its file."""
    return "model" if name == SOLE_MODEL else f"models.{name}"


def model_told(name: str) -> str:
    """Return what a model of an experiment is called in a sentence."""
    return "the model" if name == SOLE_MODEL else f"the model {name}"


def model_label(name: str, path: str) -> str:
    """Return what a model is called in a table: its path, after its name where several may be meant."""
    return path if name == SOLE_MODEL else f"{name}: {path}"


class StrategyOptions(Options):
    """One entry under ``strategies``: ``use`` names the strategy, ``options`` are its own.

    ``model`` is the name of the experiment's model that answers.
    """

    use: str
    model: str = SOLE_MODEL
    options: dict[str, Any] = {}


class ForgettingOptions(Options):
    """What is measured on an adapted model, besides the retention tasks.

    ``text`` is a file of general text whose likelihood is compared with the base's; ``builtin:general`` is
    the one that comes with Trilemma, and null measures none. On the prompts of ``prompts`` test items of each
    task the distance from the base is measured too. ``noise_items`` items of each retention task are asked of
    the base a second time, to see what changes by chance. On ``answers`` items of each retention task it is
    measured how much the question tells the model about its answer. On ``timed_items`` items of the first
    target task an adapter is timed beside its base and merged into it.
    """

    text: str | None = "builtin:general"
    prompts: int = Field(default=16, ge=0)
    noise_items: int = Field(default=25, ge=0)
    answers: int = Field(default=50, ge=0)
    timed_items: int = Field(default=8, ge=0)


LARGEST_SEED = 2**32 - 1
"""Largest seed that every random number generator accepts."""
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED, strict=True)]


class Experiment(Options):
    """An experiment file, resolved: defaults filled in, shorthands written out.

    ``models`` are the models by name, of which each strategy names the one that answers; left out there, it
    is the first. ``tasks`` are paths or globs relative to the file, ``builtin:SUITE[/TASK]``, or tasks
    written out in place, which the task loader checks. ``forgetting`` says what else is measured on adapted
    models, and null measures nothing else. ``limit`` is the number of test items used per task. ``seeds``
    repeat everything that is random. ``incumbent`` is the strategy the others are compared with.
    """

    name: str = Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    description: str = ""
    models: dict[str, ModelOptions] = Field(min_length=1)
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
"""The key that only one kind of file has, to what such a file is and is for."""


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
    # a mistyped key is both unknown and missing: report the one in the file, which can be corrected
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
    """Return the field names of the nested model that ``loc`` leads to, as far as annotations show."""
    current: Any = kind
    for part in loc:
        field = getattr(current, "model_fields", {}).get(part)
        if field is None:
            continue
        current = next(_models_in(field.annotation), current)
    return list(getattr(current, "model_fields", {}))


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that occur anywhere in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def load_experiment(path: Path) -> Experiment:
    """Read an experiment file.

    Raises:
        InputError: The file, or anything in it, is invalid.
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

    A model written as PATH is short for ``{use: transformers, path: PATH}``, ``model`` for ``models`` with
    one, one task for a list of one, and under ``strategies`` a bare id for itself with no options.
    """
    raw = dict(raw)
    raw["models"] = models = _models(raw, place)
    raw.pop("model", None)
    if isinstance(raw.get("tasks"), str | dict):
        raw["tasks"] = [raw["tasks"]]
    if isinstance(raw.get("seeds"), int):
        raw["seeds"] = [raw["seeds"]]
    if isinstance(place, Path):
        raw.setdefault("name", place.stem)
    if "strategies" in raw:
        raw["strategies"] = _written_out(raw["strategies"], models, place)
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


def _models(raw: Mapping[str, Any], place: object) -> dict[str, ModelOptions]:
    """Return the models of an experiment by name, from its ``model`` or its ``models``."""
    if "models" not in raw:
        given = {SOLE_MODEL: raw.get("model", {})}
    elif "model" in raw:
        remedy = "name it under `models` and leave `model` out"
        raise InputError(place, "model", "stands beside `models`", remedy, raw["model"])
    else:
        given = raw["models"]
    if not isinstance(given, dict) or not given:
        remedy = "write `models: {small: PATH, large: PATH}`, or `model: PATH` for one"
        raise InputError(place, "models", "must map names to models", remedy, given)
    if unnamed := [name for name in given if not isinstance(name, str) or not name.strip()]:
        raise InputError(place, "models", "has a model without a name", "name it by a text", repr(unnamed[0]))
    return {name: _model(options, place, model_key(name)) for name, options in given.items()}


def _model(given: Any, place: object, key: str) -> ModelOptions:
    given = {"path": given} if isinstance(given, str) else given
    if isinstance(given, dict) and set(given) != {"use", "options"}:  # otherwise it is already written out
        rest = {name: value for name, value in given.items() if name != "use"}
        given = {**({"use": given["use"]} if "use" in given else {}), "options": rest}
    return parse(ModelOptions, given, place, key)


def _written_out(strategies: Any, models: Collection[str], place: object) -> dict[str, Any]:
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
        entry = {"use": str(options.get("use", name)), "model": options.get("model", next(iter(models)))}
        if entry["model"] not in [*models]:
            raise _no_model(entry["model"], models, place, f"strategies.{name}.model")
        written_out = {"use", "options"} <= options.keys() <= {"use", "model", "options"}
        rest = {key: value for key, value in options.items() if key not in ("use", "model")}
        written[str(name)] = entry | {"options": options["options"] if written_out else rest}
    return written


def _no_model(given: Any, models: Collection[str], place: object, key: str) -> InputError:
    remedy = "name the models under `models`, in place of `model`"
    if SOLE_MODEL not in models:
        remedy = nearest(str(given), models)
    return InputError(place, key, "is not one of the experiment's models", remedy, given)
