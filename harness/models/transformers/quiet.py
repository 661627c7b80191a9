"""Library chatter, kept off the terminal."""

from __future__ import annotations

import logging
import os
import warnings


def quiet_libraries() -> None:
    """Make transformers and what it loads log only errors; imports transformers."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    # peft reads a property that newer transformers have renamed.
    warnings.filterwarnings("ignore", ".is_gradient_checkpointing. is deprecated", FutureWarning)
    quiet_loggers()


def quiet_loggers() -> None:
    """Keep what libraries log below an error off the terminal, such as a missing optional kernel package."""
    for name in ("absl", "bitsandbytes"):
        logging.getLogger(name).setLevel(logging.ERROR)
