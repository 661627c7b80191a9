"""Damaged files of every kind are read or refused in one line, soon: a part of the search in `_fuzzing`.

``TRILEMMA_FUZZ_EXAMPLES=20000`` looks for longer.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit._fuzzing import SECONDS, Target, targets, tried

EXAMPLES = int(os.environ.get("TRILEMMA_FUZZ_EXAMPLES", "3000"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


@pytest.fixture(scope="module")
def good(folder: Path) -> dict[str, Target]:
    return targets(folder)


@pytest.mark.slow
@given(seed=st.integers(0, 2**32), place=st.integers(0, 1000))
@settings(deadline=None, max_examples=EXAMPLES, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_damaged_file_is_read_or_refused_soon(
    folder: Path, good: dict[str, Target], seed: int, place: int
) -> None:
    name = sorted(good)[place % len(good)]
    assert tried(folder, good[name], seed) < SECONDS, name
