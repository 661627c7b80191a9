"""What is refused in an adapter's settings: code to import, and values that cannot be computed with."""

from __future__ import annotations

import math
import re
from typing import Any

from harness.errors import nearest, shorten
from strategies.tuning.methods.lora.examined import ExaminedAdapter
from strategies.tuning.methods.lora.files import CONFIG
from strategies.tuning.methods.lora.strength import HIGHEST_RANK


def check_settings(adapter: ExaminedAdapter) -> None:
    """Refuse settings that name code, are not numbers, or ask for something unknown.

    Raises:
        InputError: The first fault found.
    """
    import dataclasses

    import peft

    known = {field.name for field in dataclasses.fields(peft.LoraConfig)}
    for key, value in adapter.config.items():
        if key not in known and not _unused(key, value, adapter.config):
            problem = f"the key {shorten(key)!r} is not known to peft {peft.__version__}"
            raise adapter.fault(CONFIG, problem, f"{nearest(key, known).partition('known:')[0]}update peft")
    for key, problem in _REFUSED_KEYS.items():
        if value := adapter.config.get(key):
            raise adapter.fault(CONFIG, f"{key} {problem}", "save the adapter without it", value)
    _check_mapping(adapter)
    _check_lengths(adapter)
    _check_numbers(adapter)


def _unused(key: str, value: Any, config: dict[str, Any]) -> bool:
    """Whether a key of a newer peft has no effect: it is empty, or belongs to a switch that is off.

    peft names them alike: ``qalora_group_size`` matters only where ``use_qalora`` is true.
    """
    switch = f"use_{key.partition('_')[0]}"
    return not value or (switch in config and not config[switch])


MOST_NAMES = 4096
"""Most entries of one setting: a model of 80 layers has about 560 modules to name."""


def _check_lengths(adapter: ExaminedAdapter) -> None:
    """Refuse more names than a model has modules: each is searched among all of them."""
    for key, value in adapter.config.items():
        if isinstance(value, list | dict) and len(value) > MOST_NAMES:
            problem = f"{shorten(key, 40)} must have at most {MOST_NAMES} entries"
            raise adapter.fault(CONFIG, problem, "save the adapter again", len(value))


_REFUSED_KEYS = {
    "megatron_config": "names code to import",
    "layer_replication": "would change the layers of the base",
    "alora_invocation_tokens": "has it work after certain tokens only, which answers do not wait for",
    "arrow_config": "mixes it with adapters that are not here",
}


def _check_mapping(adapter: ExaminedAdapter) -> None:
    """Refuse classes to import, except those of transformers that peft notes where no task is named.

    They are never imported: the experiment says what the base is.
    """
    mapping = adapter.config.get("auto_mapping")
    if not mapping:
        return
    library = mapping.get("parent_library") if isinstance(mapping, dict) else mapping
    if not isinstance(library, str) or not re.fullmatch(r"transformers(\.\w+)*", library):
        remedy = "save the adapter without it"
        raise adapter.fault(CONFIG, "auto_mapping names code to import", remedy, mapping)


def _check_numbers(adapter: ExaminedAdapter) -> None:
    """Refuse ranks and alphas that are not usable numbers."""
    config = adapter.config
    ranks = {"r": config.get("r", 8)} | mapping_of(adapter, "rank_pattern")
    alphas = {"lora_alpha": config.get("lora_alpha", 8)} | mapping_of(adapter, "alpha_pattern")
    for key, rank in ranks.items():
        if type(rank) is not int or not 1 <= rank <= HIGHEST_RANK:
            problem = f"{shorten(key, 40)} must be a whole number from 1 to {HIGHEST_RANK}"
            raise adapter.fault(CONFIG, problem, "train the adapter again", rank)
    for key, alpha in alphas.items():
        is_number = isinstance(alpha, int | float) and not isinstance(alpha, bool)
        if not is_number or not 0 < alpha < math.inf:  # an integer may be too large for a float
            problem = f"{shorten(key, 40)} must be above 0"
            raise adapter.fault(CONFIG, problem, "restore what it was trained with", alpha)


def mapping_of(adapter: ExaminedAdapter, key: str) -> dict[str, Any]:
    """Return a setting that is a mapping, empty where there is none; raises InputError for anything else."""
    value = adapter.config.get(key) or {}
    if not isinstance(value, dict):
        raise adapter.fault(CONFIG, f"{key} must be a mapping", "save the adapter again", value)
    return value
