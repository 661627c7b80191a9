"""What peft would do with an adapter's settings as it loads one, refused before it does.

Loading begins an adapter's weights by ``init_lora_weights`` before the saved ones replace them, and reads
patterns over the names of layers: a way of beginning that is not known, or that needs what is not here, and a
pattern that is no regular expression end in errors from deep within.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from harness.errors import shorten
from strategies._adapter_files import CONFIG
from strategies._adapter_settings import Examined

_NAMED = ("gaussian", "eva", "olora", "orthogonal", "pissa", "lora_ga", "loftq")
_PISSA = re.compile(r"pissa_niter_[1-9][0-9]?")
"""PiSSA by a fast decomposition, in at most 99 rounds; 4 to 16 are usual."""
_LOFTQ = {"loftq_bits": (2, 4, 8), "loftq_iter": tuple(range(1, 11))}
_PLAIN_SAVING = "convert it with save_pretrained(path_initial_model_for_weight_conversion=...)"


def check_beginning(adapter: Examined) -> None:
    """Refuse an adapter whose weights peft cannot begin, and one that it would begin for ever.

    Raises:
        InputError: Its ``init_lora_weights`` are not known, or need data that is not with it.
    """
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


def _check_loftq(adapter: Examined) -> None:
    settings = adapter.config.get("loftq_config") or {}
    for key, allowed in _LOFTQ.items():
        value = settings.get(key) if isinstance(settings, dict) else settings
        if type(value) is not int or value not in allowed:
            problem = f"loftq_config.{key} must be one of {', '.join(map(str, allowed))}"
            raise adapter.fault(CONFIG, problem, _PLAIN_SAVING, "nothing" if value is None else value)


def check_expressions(adapter: Examined) -> None:
    """Refuse a pattern over the names of layers that is no regular expression.

    Raises:
        InputError: The first that is none.
    """
    for key, pattern, as_used in _expressions(adapter.config):
        try:
            if not isinstance(pattern, str):
                raise TypeError("it is no text")
            re.compile(as_used)
        except (re.error, TypeError, OverflowError, RecursionError) as error:
            problem = f"{key} is no regular expression: {shorten(str(error), 80)}"
            raise adapter.fault(CONFIG, problem, "list the modules by name", pattern) from None


def _expressions(config: dict[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Yield every pattern with its key, as it stands and as peft puts it into a larger one."""
    for key in ("target_modules", "exclude_modules"):
        if isinstance(pattern := config.get(key), str):
            yield key, pattern, pattern
    for key in ("rank_pattern", "alpha_pattern"):
        for pattern in config.get(key) or ():
            yield key, pattern, rf"(.*\.)?({pattern})$"
    patterns = config.get("layers_pattern") or ()
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        yield "layers_pattern", pattern, rf".*\.{pattern}\.(\d+)\."
