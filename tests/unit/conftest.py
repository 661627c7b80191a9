"""What all unit tests have in common."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def smollm2_is_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made runs name SmolLM2 with digests of their own: whether it was converted here must not matter."""
    monkeypatch.setattr("harness.models.transformers.backend.conversion_of", lambda file: None)
