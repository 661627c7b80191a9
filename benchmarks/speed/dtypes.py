"""float32 against bfloat16 on the device at hand: `python -m benchmarks.speed.dtypes`.

Encoding of prompts and decoding of answers, with the engine that answers in a run, for a real model and for a
Llama of 100 M random weights. Also how often the likeliest next token is another one in bfloat16. On a CPU
speeds are tokens a second of CPU time, which other programs on the machine hardly touch; on CUDA of wall
time.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.speed.inside import clock_of
from benchmarks.speed.measuring import spread
from benchmarks.speed.models import Setup
from harness.threads import share_processors

DTYPES = ("float32", "bfloat16")


@dataclass(frozen=True)
class Shape:
    """A batch: ``rows`` prompts of ``prompt`` tokens each, and ``new`` tokens of each answer."""

    rows: int
    prompt: int
    new: int


@dataclass(frozen=True)
class Subject:
    """A model, newly loaded in float32 by ``load``, and the token ids from which its prompts are cut."""

    name: str
    load: Callable[[], Any]
    ids: list[int]


@dataclass(frozen=True)
class Speeds:
    """Tokens a second, one entry a repeat."""

    prefill: list[float]
    decode: list[float]


def main() -> int:
    """Measure and print a table; return the exit code."""
    share_processors()
    options = _options()
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    shape = Shape(options.rows, options.prompt, options.new)
    name = torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    _say(f"{name}, torch {torch.__version__}; {shape.rows} rows, {shape.prompt} + {shape.new} tokens")
    _say(f"tokens a second of {'wall' if device == 'cuda' else 'CPU'} time; median (lowest to highest)")
    _say(f"{'':29} {'prefill':>26} {'decode':>26}")
    for subject in (_real(options.model), _random_llama()):
        modules = {dtype: subject.load().to(device, getattr(torch, dtype)).eval() for dtype in DTYPES}
        prompts = _prompts(subject.ids, shape)
        speeds = _measured(modules, prompts, shape.new, options.repeats)
        for dtype in DTYPES:
            prefill, decode = spread(speeds[dtype].prefill, 0), spread(speeds[dtype].decode, 0)
            _say(f"{subject.name:20} {dtype:8} {prefill:>26} {decode:>26}")
        faster = [
            f"{median(getattr(speeds['bfloat16'], part)) / median(getattr(speeds['float32'], part)):.2f}x"
            for part in ("prefill", "decode")
        ]
        _say(f"{'bfloat16 to float32':>29} {faster[0]:>26} {faster[1]:>26}")
        _say(f"{'another likeliest next token':>29} {_changed(modules, prompts):>25.1%}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="measurements of each [3]")
    parser.add_argument("--rows", type=int, default=32, metavar="N", help="rows of a batch [32]")
    parser.add_argument("--prompt", type=int, default=128, metavar="N", help="tokens of a prompt [128]")
    parser.add_argument("--new", type=int, default=16, metavar="N", help="tokens of an answer [16]")
    parser.add_argument("--model", default="smollm2", metavar="smollm2|FOLDER", help="a real model [smollm2]")
    return parser.parse_args()


# --- Models ---


def _real(model: str) -> Subject:
    """Return a real model with the text of prompts of our suites."""
    import torch
    import transformers

    from benchmarks.speed.real import TASK_OF, real_folder
    from harness.tasks.loading import load_task

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    folder = real_folder(model)
    tokenizer = transformers.AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )
    text = "\n\n".join(item.input for place in TASK_OF.values() for item in load_task(place).test)

    def load() -> Any:
        return transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, local_files_only=True, trust_remote_code=False
        )

    return Subject(Path(folder).name[:20], load, tokenizer(text, add_special_tokens=False)["input_ids"])


def _random_llama() -> Subject:
    """Return a model of 100 M random weights, always the same, with ids that say nothing."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=32000,
        hidden_size=640,
        intermediate_size=1728,
        num_hidden_layers=12,
        num_attention_heads=10,
        num_key_value_heads=5,
        tie_word_embeddings=False,
    )

    def load() -> Any:
        torch.manual_seed(0)
        return LlamaForCausalLM(config)

    return Subject("Llama, 100 M random", load, [31 * k * k % config.vocab_size for k in range(30011)])


def _prompts(ids: Sequence[int], shape: Shape) -> list[list[int]]:
    """Cut prompts from a text, which begins again where it ends."""
    endless = cycle(ids)
    return [list(islice(endless, shape.prompt)) for _ in range(shape.rows)]


# --- Measuring ---


def _measured(modules: dict[str, Any], prompts: list[list[int]], new: int, repeats: int) -> dict[str, Speeds]:
    """Measure the formats in turn, so that what else the machine does meets both; a first round warms up."""
    from harness.models.transformers.engine import Engine

    engines = {dtype: Engine(module) for dtype, module in modules.items()}
    found = {dtype: Speeds([], []) for dtype in modules}
    for repeat in range(repeats + 1):
        for dtype, engine in engines.items():
            prefill, decode = _timed(engine, prompts, new)
            if repeat:
                found[dtype].prefill.append(prefill)
                found[dtype].decode.append(decode)
    return found


def _timed(engine: Any, prompts: list[list[int]], new: int) -> tuple[float, float]:
    """Return the tokens a second of encoding a batch of prompts, and of answering it with ``new`` tokens."""
    import torch

    clock = clock_of(Setup(device=engine.module.device.type))
    with torch.inference_mode():
        started = clock()
        rows, logits, _ = engine.encode(prompts, new)
        encoded = clock()
        for _ in range(new):
            logits = engine.extend(rows, logits.argmax(dim=-1)[:, None])[:, -1]
        done = clock()
    return sum(map(len, prompts)) / (encoded - started), len(prompts) * new / (done - encoded)


def _changed(modules: dict[str, Any], prompts: list[list[int]]) -> float:
    """Return the share of positions whose likeliest next token is another one in bfloat16."""
    import torch

    first, second = (modules[dtype] for dtype in DTYPES)
    n_changed = 0
    with torch.inference_mode():
        for prompt in prompts:
            ids = torch.tensor([prompt], device=first.device)
            best = [module(input_ids=ids).logits.argmax(dim=-1) for module in (first, second)]
            n_changed += int((best[0] != best[1]).sum())
    return n_changed / sum(map(len, prompts))


def _say(line: str) -> None:
    """Write one line at once: measuring takes a while."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
