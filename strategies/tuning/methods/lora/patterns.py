"""Patterns over the names of modules, tried before peft tries them: some would take practically for ever.

peft matches them by ``re``, which can be neither interrupted nor given a time limit. So the same matching is
done first in a separate process that the system ends after half a second of processor time.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from harness.errors import shorten
from strategies.tuning.methods.lora.examined import ExaminedAdapter
from strategies.tuning.methods.lora.files import CONFIG

_NESTED = re.compile(r"[+*}]\)*[+*{]|\([^()]*[+*][^()]*\)[+*{]")
_LONGEST = 4096
_MATCHING_S = 0.5
"""Seconds of processor time for all patterns over all names; 224 patterns over as many modules take 0.05."""
_WAITED_S = 20.0
_TRIAL = """
import json, re, signal, sys
if hasattr(signal, "setitimer"):  # else the wait for this process bounds it
    signal.setitimer(signal.ITIMER_VIRTUAL, float(sys.argv[1]))
patterns, names = json.load(sys.stdin)
for name in names:
    for pattern, is_whole in patterns:
        (re.fullmatch if is_whole else re.match)(pattern, name)
"""


def check_patterns(adapter: ExaminedAdapter, names: Sequence[str]) -> None:
    """Refuse what is not a regular expression, and what takes too long on a model's names.

    Args:
        adapter: The adapter.
        names: Names of all modules of the model.

    Raises:
        InputError: The first invalid pattern, or all together where they take too long.
    """
    keys, tried = [], []
    for key, pattern, as_used in _patterns(adapter.config):
        try:
            if not isinstance(pattern, str):
                raise TypeError("it is not a text")
            if len(pattern) > _LONGEST or _NESTED.search(pattern):
                raise adapter.fault(CONFIG, f"{key} is a pattern that could take for ever", _BY_NAME, pattern)
            re.compile(as_used)
        except (re.error, TypeError, OverflowError, RecursionError) as error:
            problem = f"{key} is no regular expression: {shorten(str(error), 80)}"
            raise adapter.fault(CONFIG, problem, _BY_NAME, pattern) from None
        keys.append(key)
        tried.append((as_used, as_used is pattern))
    if tried and not _ends(tried, names):
        problem = f"matching {', '.join(dict.fromkeys(keys))} takes more than {_MATCHING_S:g} s"
        raise adapter.fault(CONFIG, problem, _BY_NAME, f"{len(tried)} patterns, {len(names)} modules")


_BY_NAME = "list the modules by name"


def _patterns(config: dict[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Yield every pattern with its key, as written and as peft puts it into a larger one."""
    for key in ("target_modules", "exclude_modules"):
        if isinstance(pattern := config.get(key), str) and pattern.lower() != "all-linear":
            yield key, pattern, pattern
    for key, around in _WITHIN.items():
        patterns = config.get(key) or ()
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            yield key, pattern, around.replace("{}", str(pattern))


_WITHIN = {
    "rank_pattern": r"(.*\.)?({})$",
    "alpha_pattern": r"(.*\.)?({})$",
    "layers_pattern": r"(?:^|.*?\.){}\.(\d+)\.",
    "modules_to_save": r"(^|.*\.){}($|\..*)",
}
"""What peft puts around patterns that need not match a whole name."""


def _ends(patterns: Sequence[tuple[str, bool]], names: Sequence[str]) -> bool:
    """Whether matching all names in time succeeds; each pattern comes with whether it matches whole names."""
    command = [sys.executable, "-I", "-S", "-c", _TRIAL, str(_MATCHING_S)]
    try:
        done = subprocess.run(
            command, input=json.dumps([patterns, names]).encode(), capture_output=True, timeout=_WAITED_S
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
