"""What is known of an experiment's model and embedder before they are opened."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from harness.backends import backend_of
from harness.config import Experiment, model_key
from harness.embedders.embedder import embedder_digest
from harness.plugins import sound


def known_of(experiment: Experiment, model: str, place: object) -> dict[str, Any]:
    """Return what is known of an experiment's embedder and of one of its models, by condition.

    A model is identified by the digests of its files if they are local, else by its name.

    Raises:
        InputError: The model's name is wrong, or its configuration cannot be read.
    """
    digest, key = embedder_digest(experiment.embedder), model_key(model)
    embedder = {"embedder": "a folder" if digest else experiment.embedder, "embedder_digest": digest}
    entry = experiment.models[model]
    backend = backend_of(entry, str(place), key)
    with sound(place, key, entry.use):
        known = asdict(backend.known(str(place), key))
    name = {"name": known.pop("name")} if known["weights"] is None else {}
    known.pop("name", None)
    return embedder | name | {condition: value for condition, value in known.items() if value is not None}
