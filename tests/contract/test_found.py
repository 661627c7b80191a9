"""Everything that is found keeps the contracts of its group; none of it is listed here."""

from __future__ import annotations

from typing import Any

from tests.contract._contracts import Contract


def test_strategy(a_strategy: Any, the_contract: Contract) -> None:
    the_contract(a_strategy)


def test_retriever(a_retriever: Any, the_contract: Contract) -> None:
    the_contract(a_retriever)


def test_metric(a_metric: Any, the_contract: Contract) -> None:
    the_contract(a_metric)


def test_model(a_model: Any, the_contract: Contract) -> None:
    the_contract(a_model)
