"""A strategy that is shown the right passages is a ceiling to measure retrieval by: it never ships."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.analysis.rows import is_ceiling
from harness.errors import InputError


def refuse_ceiling(experiment: Mapping[str, Any], strategy: str, place: object, role: str) -> None:
    """Refuse a ceiling where something is wanted that can be used.

    Args:
        experiment: The experiment, resolved, as JSON holds it.
        strategy: One of its strategies.
        place: What names it, for the error.
        role: What it was to be, such as "a candidate".

    Raises:
        InputError: It, or a part of it, has `oracle: true`.
    """
    if is_ceiling(experiment, strategy):
        problem = f"is shown the documents that hold the answers (oracle: true), so it cannot be {role}"
        raise InputError(place, strategy, problem, "name a strategy that finds its passages itself")
