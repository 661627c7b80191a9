"""Refuses ceilings: a strategy that is shown the right passages measures retrieval and is never deployed."""

from __future__ import annotations

from harness.errors import InputError
from harness.traits import Traits


def refuse_ceiling(traits: Traits, strategy: str, place: object, role: str) -> None:
    """Refuse a ceiling where a deployable strategy is required.

    Args:
        traits: The traits that the strategy declares.
        strategy: Its name.
        place: What names it, for the error.
        role: What it was meant as, such as "a candidate".

    Raises:
        InputError: It is a ceiling.
    """
    if traits.ceiling:
        problem = f"is shown the documents that hold the answers (oracle: true), so it cannot be {role}"
        raise InputError(place, strategy, problem, "name a strategy that finds its passages itself")
