"""Model backends by id, and their protocol: each opens models of one kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel

from harness import plugins
from harness.config import ModelOptions, parse
from harness.digests import canonical_json
from harness.errors import InputError
from harness.progress import Progress, SilentProgress
from harness.protocols import Capabilities, CountsTokens, Model
from harness.types import ModelIdentity

_MEMBERS = ("options_type", "scores_choices", "check", "known", "open")


@dataclass(frozen=True)
class KnownModel:
    """What is known of a model before it is opened; None for what is not.

    Attributes:
        name: Its name.
        weights: The digest of its weights, as in its identity.
        settings: The digest of its settings.
        dtype: Its number format.
        context_length: Tokens that prompt and answer may have together, 0 where it will never be known.
        asked_with: As in its capabilities.
    """

    name: str
    weights: str | None = None
    settings: str | None = None
    dtype: str | None = None
    context_length: int | None = None
    asked_with: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Opening:
    """What a backend gets to open a model with.

    Attributes:
        place: The file that names the model, for errors and relative paths.
        key: Where in it the model is, such as ``model`` or ``models.small``.
        artifacts: A folder of the run that outlives its process; None where there is no run.
        progress: Shows what takes long.
        shared: What the models of one run share, such as the owner of what is loaded; backends store it
            under keys of their own.
        to_count: Whether the model will only count tokens, so that weights need not be there.
    """

    place: str
    key: str = "model"
    artifacts: Path | None = None
    progress: Progress = field(default_factory=SilentProgress)
    shared: dict[Any, Any] = field(default_factory=dict)
    to_count: bool = False


class Backend(Protocol):
    """A class with ``options_type``, built as ``Class(options)``; importing it loads no heavy library.

    ``scores_choices`` says whether its models score choices; if not, choice tasks are answered in words.
    """

    @property
    def scores_choices(self) -> bool:
        """Whether its models have `harness.protocols.ScoresChoices`."""
        ...

    @property
    def options_type(self) -> type[BaseModel]:
        """The pydantic model of its options."""
        ...

    def check(self, place: str, key: str) -> None:
        """Refuse with InputError what can be refused before any library is loaded or server is asked."""
        ...

    def known(self, place: str, key: str) -> KnownModel:
        """Return what is known about the model without opening it: nothing is loaded or fetched."""
        ...

    def open(self, opening: Opening) -> Model:
        """Return the model, ready to be asked.

        Raises:
            InputError: It is missing, broken, or cannot answer.
        """
        ...


def backend_of(entry: ModelOptions, place: str, key: str) -> Backend:
    """Return the backend of one model of an experiment, with its options.

    Args:
        entry: The model as the experiment names it.
        place: The experiment file, for errors.
        key: Where in it the model is.

    Raises:
        InputError: There is no such backend, or an option is invalid.
    """
    kind = plugins.load("models", entry.use, place, f"{key}.use")
    lacking = [name for name in _MEMBERS if not hasattr(kind, name)]
    if lacking:
        raise InputError(place, f"{key}.use", f"is no backend: it has no `{lacking[0]}`", "add it", entry.use)
    with plugins.sound(place, key, entry.use):
        backend: Backend = kind(parse(kind.options_type, dict(entry.options), place, key))
    return backend


def opened_model(entry: ModelOptions, opening: Opening) -> Model:
    """Open one model of an experiment, and check that it is a model.

    Raises:
        InputError: Its backend refuses or fails, or returns something other than a model.
    """
    backend = backend_of(entry, opening.place, opening.key)
    with plugins.sound(opening.place, opening.key, entry.use):
        model = backend.open(opening)
        _check_model(model)
    return model


def _check_model(model: Any) -> None:
    """Refuse an object without the members that every model has.

    Raises:
        TypeError: The first missing or wrong member.
    """
    for name, kind in (("identity", ModelIdentity), ("capabilities", Capabilities)):
        if not isinstance(getattr(model, name, None), kind):
            raise TypeError(f"open() must return a model, whose {name} is a {kind.__name__}")
    if not callable(getattr(model, "generate", None)):
        raise TypeError("open() must return a model, which has a method generate()")
    if isinstance(model, CountsTokens) and not isinstance(model.context_length, int):
        raise TypeError("context_length of a model must be a whole number")
    canonical_json(dict(model.capabilities.asked_with))
