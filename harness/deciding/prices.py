"""Price sheets: dated, sourced inputs that a user edits. No price is hard-coded."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from pydantic import Field, FiniteFloat, model_validator

from harness.config import Options, model_told, parse
from harness.errors import InputError, nearest
from harness.runs.manifest import RunManifest
from harness.strict_yaml import read_yaml

BUILTIN = "builtin:"
FOLDER = Path(__file__).parent.parent.parent / "configs" / "prices"
HOURS_A_MONTH = 730.0
"""365 days of 24 hours, over 12."""


class Serving(Options):
    """What answering costs: per token, or per machine hour.

    ``cache_read`` and ``cache_write`` are the prices of reading and writing a cached prompt token, as shares
    of an input token's. ``utilisation`` is the share of a machine hour spent answering.
    """

    input_per_million: FiniteFloat | None = Field(default=None, ge=0.0)
    output_per_million: FiniteFloat | None = Field(default=None, ge=0.0)
    cache_read: FiniteFloat = Field(default=1.0, ge=0.0)
    cache_write: FiniteFloat = Field(default=1.0, ge=0.0)
    embedding_per_million: FiniteFloat = Field(default=0.0, ge=0.0)
    per_hour: FiniteFloat | None = Field(default=None, ge=0.0)
    utilisation: FiniteFloat = Field(default=1.0, gt=0.0, le=1.0)

    @model_validator(mode="after")
    def _one_way(self) -> Serving:
        by_token = (self.input_per_million is not None, self.output_per_million is not None)
        if self.per_hour is None and not all(by_token):
            raise ValueError("needs per_hour, or input_per_million and output_per_million")
        if self.per_hour is not None and any(by_token):
            raise ValueError("has both per_hour and prices of tokens: use one of them")
        return self


class Tuned(Options):
    """What tokens of a tuned model cost, if they cost more than the base's."""

    input_per_million: FiniteFloat = Field(ge=0.0)
    output_per_million: FiniteFloat = Field(ge=0.0)


class Training(Options):
    """What training costs: per trained token, or per machine hour."""

    per_million_tokens: FiniteFloat = Field(default=0.0, ge=0.0)
    per_hour: FiniteFloat = Field(default=0.0, ge=0.0)


class Hosting(Options):
    """What a deployed tuned model costs per hour or per month, used or not."""

    per_hour: FiniteFloat = Field(default=0.0, ge=0.0)
    per_month: FiniteFloat = Field(default=0.0, ge=0.0)

    @property
    def monthly(self) -> float:
        """Cost of a month."""
        return self.per_hour * HOURS_A_MONTH + self.per_month


class Prices(Options):
    """What one model costs: answering, answering once it is tuned, training it, and hosting it when tuned."""

    serving: Serving
    tuned: Tuned | None = None
    training: Training = Training()
    hosting: Hosting = Hosting()


class PriceSheet(Options):
    """Prices with their date and source, in one currency.

    They are the same for every model, or are given in ``models``, by a model's name in the experiment or by
    its path.
    """

    name: str = Field(min_length=1)
    dated: dt.date
    source: str = Field(min_length=1)
    currency: str = Field(default="USD", min_length=1)
    serving: Serving | None = None
    tuned: Tuned | None = None
    training: Training = Training()
    hosting: Hosting = Hosting()
    models: dict[str, Prices] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_place(self) -> PriceSheet:
        for_all = self.model_fields_set & Prices.model_fields.keys()
        if self.models and for_all:
            raise ValueError(f"has both {min(for_all)} for all models and `models`: use one of them")
        if not self.models and self.serving is None:
            raise ValueError("needs serving, or models with their prices")
        return self

    def of(self, model: str, path: str) -> Prices:
        """Return the prices of a model.

        Args:
            model: Its name in the experiment.
            path: Its path there.

        Raises:
            InputError: The sheet has prices by model, but none for this one.
        """
        if self.serving is not None:
            return Prices(
                serving=self.serving, tuned=self.tuned, training=self.training, hosting=self.hosting
            )
        found = self.models.get(model) or self.models.get(path)
        if found is None:
            problem = f"has no prices of {model_told(model)} ({path})"
            remedy = f"add `{model}: {{serving: ...}}`; it has {', '.join(sorted(self.models))}"
            raise InputError(f"price sheet {self.name}", "models", problem, remedy)
        return found


def builtin_sheets() -> dict[str, Path]:
    """Return the sheets that come with Trilemma, by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}


def load_prices(name: str) -> PriceSheet:
    """Read a price sheet.

    Args:
        name: A file, or ``builtin:NAME`` for one of `builtin_sheets`.

    Raises:
        InputError: There is no such sheet, or something in it is wrong.
    """
    path = Path(name)
    if name.startswith(BUILTIN):
        sheets = builtin_sheets()
        known = name.removeprefix(BUILTIN)
        if known not in sheets:
            remedy = nearest(name, [BUILTIN + each for each in sheets])
            raise InputError("--prices", "", "is no built-in price sheet", remedy, name)
        path = sheets[known]
    return parse(PriceSheet, read_yaml(path), path)


def usual_prices(manifest: RunManifest) -> str:
    """Return the name of the default sheet for the kind of machine that a run was made on."""
    return f"{BUILTIN}own-gpu" if manifest.hardware.get("cuda_devices") else f"{BUILTIN}own-cpu"
