"""Metrics of the ``evaluate`` hub, or of a local folder, judged item by item."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import evaluate
from pydantic import Field

from harness.config import Options
from harness.errors import InputError, shorten
from harness.scoring import Case, Needs
from harness.types import Kind

PREFIX = "evaluate:"
_PROBE = "One two three four five six."


class HubOptions(Options):
    """How an external metric is read.

    ``score`` is the key of its result that counts; by default the first that gives two equal texts the best
    value. ``best`` is that value: 1, or 100 for percent, or 0 for an error rate, whose scores become
    ``1 - value``, at least 0. ``config`` is its configuration's name; ``arguments`` go to its ``compute``.
    """

    score: str | None = None
    best: float = Field(default=1.0, ge=0.0)
    config: str | None = None
    arguments: dict[str, Any] = Field(default={})


class HubMetric:
    """One score of a metric that ``evaluate.load`` finds, computed for each item alone, in [0, 1].

    Raises:
        InputError: It cannot be loaded, cannot judge a text against texts, or does not give two equal texts
            the value ``best``.
    """

    kinds: tuple[Kind, ...] = ("generate", "choice")
    needs = Needs()

    def __init__(self, use: str, options: HubOptions, place: object, key: str) -> None:
        self.names: tuple[str, ...] = (use,)
        self._options = options
        self._metric = _load(use, options.config, place, key)
        self._takes_several = True
        self._score = self._probed(use, place, key)

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        """Return the score for each case."""
        return [{self.names[0]: self._best(case.extracted, case.item.targets)} for case in cases]

    def _best(self, prediction: str, references: Sequence[str]) -> float:
        if self._takes_several:
            return self._scaled(self._result(prediction, list(references))[self._score])
        return max(self._scaled(self._result(prediction, text)[self._score]) for text in references)

    def _result(self, prediction: str, references: list[str] | str) -> dict[str, Any]:
        result: dict[str, Any] = self._metric.compute(
            predictions=[prediction], references=[references], **self._options.arguments
        )
        return {name: value[0] if _is_single(value) else value for name, value in result.items()}

    def _scaled(self, value: float) -> float:
        scaled = value / self._options.best if self._options.best else 1.0 - value
        return min(max(float(scaled), 0.0), 1.0)

    def _probed(self, use: str, place: object, key: str) -> str:
        """Return the key of the result that counts, after finding out how it takes references."""
        result, wanted = self._probe(use, place, key), self._options.score
        for name, value in result.items():
            equal = isinstance(value, Real) and math.isclose(value, self._options.best, abs_tol=1e-6)
            if equal and wanted in (None, name):
                return name
        found = f"{wanted or 'score'} of {self._options.best:g}, but {shorten(repr(result))}"
        raise InputError(
            place,
            key,
            f"gives two equal texts no {found}",
            "set `score` and `best` (100 for percent, 0 for an error rate)",
            use,
        )

    def _probe(self, use: str, place: object, key: str) -> dict[str, Any]:
        try:
            return self._result(_PROBE, [_PROBE])
        except Exception:  # noqa: BLE001 - external code; many metrics take one reference only
            self._takes_several = False
        try:
            return self._result(_PROBE, _PROBE)
        except Exception as error:  # noqa: BLE001
            problem = f"cannot judge a text against texts: {shorten(str(error))}"
            raise InputError(place, key, problem, "choose a metric of texts", use) from None


def _is_single(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1


def _load(use: str, config: str | None, place: object, key: str) -> Any:
    name = use.removeprefix(PREFIX)
    local = Path(place).parent / name if isinstance(place, Path) else Path(name)
    try:
        return evaluate.load(str(local) if local.exists() else name, config, keep_in_memory=True)
    except Exception as error:  # noqa: BLE001 - the hub, its files and their imports fail in many ways
        raise InputError(
            place,
            key,
            f"cannot be loaded by evaluate: {shorten(str(error))}",
            "check the name and the connection, or give the path of a folder that holds the metric",
            use,
        ) from None
