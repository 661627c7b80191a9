"""Checkpoints of a training: which are complete, and what training had cost up to each."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from harness.digests import canonical_json, digest_of_file
from harness.types import PrepareCost

_SEAL = "seal.json"
_STATE = "trainer_state.json"


def seal(folder: Path, cost: PrepareCost) -> None:
    """Declare the checkpoint in ``folder`` complete: note the digest of every file, and the cost so far."""
    files = {path.name: digest_of_file(path) for path in sorted(folder.iterdir()) if path.name != _SEAL}
    partial = folder / f"{_SEAL}.partial"
    partial.write_text(canonical_json({"files": files, "cost": cost.model_dump()}), encoding="utf-8")
    partial.replace(folder / _SEAL)


def _sealed(folder: Path) -> dict[str, Any] | None:
    """Return the seal of a checkpoint if every file is unchanged since it was sealed."""
    try:
        content: dict[str, Any] = json.loads((folder / _SEAL).read_text(encoding="utf-8"))
        whole = all(digest_of_file(folder / name) == digest for name, digest in content["files"].items())
    except (OSError, ValueError, KeyError, AttributeError):
        return None
    return content if whole else None


def cost_at(folder: Path) -> PrepareCost:
    """Return what training had cost when the checkpoint in ``folder`` was written; it must be complete."""
    content = _sealed(folder)
    return PrepareCost.model_validate(content["cost"]) if content else PrepareCost()


def state_of(folder: Path) -> dict[str, Any]:
    """Return the Trainer's state in a checkpoint: ``global_step``, ``log_history`` and the like."""
    state: dict[str, Any] = json.loads((folder / _STATE).read_text(encoding="utf-8"))
    return state


def best_of(folder: Path) -> Path:
    """Return the checkpoint with the lowest validation loss up to ``folder``; without validation, itself."""
    step = state_of(folder).get("best_global_step")
    return folder.parent / f"checkpoint-{step}" if step else folder


def prune(folder: Path, keep: int) -> None:
    """Delete the checkpoints beside ``folder`` (the latest), except the last ``keep`` and the best one."""
    found = sorted(folder.parent.glob("checkpoint-*"), key=_step)
    best = best_of(folder)
    for old in found[:-keep]:
        if old != best:
            shutil.rmtree(old)


def last_whole(work: Path) -> Path | None:
    """Return the latest checkpoint in ``work`` to resume from, and delete any left half written by a kill.

    It is complete, and so is the best checkpoint that it refers to.
    """
    found = sorted(work.glob("checkpoint-*"), key=_step, reverse=True)
    whole = [folder for folder in found if _sealed(folder) is not None]
    for folder in whole:
        if best_of(folder) in whole:
            for other in found:
                if other not in whole or _step(other) > _step(folder):
                    shutil.rmtree(other)
            return folder
    for folder in found:
        shutil.rmtree(folder)
    return None


def _step(folder: Path) -> int:
    number = folder.name.partition("-")[2]
    return int(number) if number.isdigit() else -1
