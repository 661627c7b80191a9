"""How peft would initialise an adapter's weights on loading; what would fail there is refused first.

Loading initialises an adapter's weights by ``init_lora_weights`` before the saved ones replace them: an
unknown initialisation, or one that needs data that is not here, ends in obscure errors inside peft.
"""

from __future__ import annotations

import re

from strategies.tuning.methods.lora.examined import ExaminedAdapter
from strategies.tuning.methods.lora.files import CONFIG

_NAMED = ("gaussian", "eva", "olora", "orthogonal", "pissa", "lora_ga", "loftq")
_PISSA = re.compile(r"pissa_niter_[1-9][0-9]?")
"""PiSSA by fast SVD, with at most 99 iterations; 4 to 16 are usual."""
_SETTINGS = ("loftq_config", "eva_config", "corda_config", "lora_ga_config", "monteclora_config")
_LOFTQ = {"loftq_bits": (2, 4, 8), "loftq_iter": tuple(range(1, 11))}
_PLAIN_SAVING = "convert it with save_pretrained(path_initial_model_for_weight_conversion=...)"


def check_beginning(adapter: ExaminedAdapter) -> None:
    """Refuse an adapter whose weights peft cannot initialise, or would take endlessly to.

    Raises:
        InputError: Its ``init_lora_weights`` is unknown, or needs data that does not come with it.
    """
    for key in _SETTINGS:
        if (settings := adapter.config.get(key)) is not None and not isinstance(settings, dict):
            raise adapter.fault(CONFIG, f"{key} must be a mapping", "save the adapter without it", settings)
    begins = adapter.config.get("init_lora_weights", True)
    if begins is None or isinstance(begins, bool):
        return
    if begins == "corda":
        problem = "init_lora_weights changes the base by data that is not with the adapter"
        raise adapter.fault(CONFIG, problem, _PLAIN_SAVING, begins)
    if not isinstance(begins, str) or not (begins in _NAMED or _PISSA.fullmatch(begins)):
        problem = "init_lora_weights is not known"
        remedy = "save it with init_lora_weights true: the saved weights replace what it begins with"
        raise adapter.fault(CONFIG, problem, remedy, begins)
    if begins == "loftq":
        _check_loftq(adapter)


def _check_loftq(adapter: ExaminedAdapter) -> None:
    settings = adapter.config.get("loftq_config") or {}
    for key, allowed in _LOFTQ.items():
        value = settings.get(key) if isinstance(settings, dict) else settings
        if type(value) is not int or value not in allowed:
            problem = f"loftq_config.{key} must be one of {', '.join(map(str, allowed))}"
            raise adapter.fault(CONFIG, problem, _PLAIN_SAVING, "nothing" if value is None else value)
