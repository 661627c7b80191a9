"""What an adapter from elsewhere states about itself: reported as its claim, since it was not measured here.

Its weights, its settings and its base are checked; what its training took, what was recorded about it and how
the base was loaded then are not, and cannot be.
"""

from __future__ import annotations

from typing import Any, Literal

from harness.errors import shorten
from harness.types import STATED, PrepareCost
from strategies.tuning.saved import MANIFEST, TuningManifest

_MOST_NOTES = 10


def cost_of(manifest: TuningManifest | None, artifact_bytes: int) -> PrepareCost:
    """Return what the training took according to the adapter; its size on disk is measured."""
    said = manifest.cost if manifest else PrepareCost()
    return said.model_copy(update={"artifact_bytes": artifact_bytes, "stated": manifest is not None})


def record_of(manifest: TuningManifest | None) -> dict[str, Any]:
    """Return what to keep of an adapter's manifest, under a key that says who states it."""
    if manifest is None:
        return {"trained_with_quantization": "not known", "cost_of_training": "not known"}
    return {
        "trained_with_quantization": f"{manifest.quantization}, {STATED}",
        "cost_of_training": f"{STATED} in {MANIFEST}",
        STATED: {key: value for key, value in manifest.record.items() if key != "notes"},
    }


def notes_of(manifest: TuningManifest | None, wanted: Literal["none", "nf4"] | None) -> list[str]:
    """Return notes that rest on the adapter's statements; ``wanted`` is the user's own setting."""
    if manifest is None:
        return []
    notes = [f"what its training took is {STATED}, not measured here"]
    if wanted is None and manifest.quantization != "none":
        notes.append(f"the base is loaded in {manifest.quantization} under it, {STATED}")
    said = manifest.record.get("notes")
    texts = [text for text in said if isinstance(text, str)] if isinstance(said, list) else []
    return notes + [f"{STATED}: {shorten(text, 300)}" for text in texts[:_MOST_NOTES]]
