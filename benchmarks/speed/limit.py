"""How near the engine is to what the machine can do: `python -m benchmarks.speed.limit`.

The operations that the workload needs, each token of the prompts' prefix tree read once, over the rate of the
machine's matrix product give the least possible seconds; the engine is called directly, in this process, on
one thread. See `benchmarks.speed.flops` for the count. A step of decoding a small batch is not bound by
operations but by reading the weights and the keys and values of its rows; what that takes at least is shown
beside.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.speed.contenders import TASKS
from benchmarks.speed.flops import Shape, Work, needed, plain_answers, plain_choices
from benchmarks.speed.inside import Inside, clock_of, heading, opened
from benchmarks.speed.measuring import markdown, say, spread
from benchmarks.speed.rates import Rates, measured
from harness.types import Generation, Request


@dataclass(frozen=True)
class Part:
    """One half of a task, with its least seconds by three bounds and the seconds of every repeat.

    Attributes:
        name: What it is called in the table.
        needed: The least work.
        plain: The work without sharing.
        at_best: Least seconds at the best rate of any product.
        at_own: Seconds of the same work at the rates of the products that the model does; attention at the
            best rate.
        reading: Least seconds to read weights, keys and values; 0 where that sets no limit.
        taken: Seconds that the engine took.
    """

    name: str
    needed: Work
    plain: Work
    at_best: float
    at_own: float
    reading: float
    taken: list[float]


def main() -> int:
    """Measure rates and engine, print the tables; return the exit code."""
    with opened(__doc__) as (inside, options):
        shape = Shape.of(inside.model.module.config)
        rates = measured(inside.model.module, shape, inside.workload.setup)
        parts = [part for task in TASKS for part in _task(task, inside, shape, rates, options.repeats)]
        steps = _steps(inside, rates.rows[True])
    sys.stdout.write(rates.table() + heading(options))
    sys.stdout.write(_work_table(parts, shape) + steps + _fractions(parts))
    return 0


# --- What the engine takes, and what it needs ---


def _task(task: str, inside: Inside, shape: Shape, rates: Rates, repeats: int) -> list[Part]:
    requests = inside.requests(task)
    answers, encoding, rest = _answered(task, inside, requests, repeats)
    prompts = inside.prompt_ids(requests)
    if task == "choice":
        options = inside.option_ids(requests)
        least, plain = needed(prompts, options), plain_choices(prompts, options)
        names, reading = ("choices: prompts", "choices: options"), 0.0
    else:
        # New tokens differ wherever prompts do, so any number that is not a token id represents them.
        new = [[-1] * answer.usage.completion for answer in answers]
        least, plain = needed(prompts, [[tokens] for tokens in new]), plain_answers(prompts, new)
        names = ("generation: prefill", "generation: decode")
        reading = _bytes_read(inside, requests, prompts, answers) / rates.bytes_s
    bound = _Bound(shape, rates)
    return [
        Part(names[0], least.prompts, plain.prompts, *bound.of(least.prompts, decoding=False), 0.0, encoding),
        Part(names[1], least.rest, plain.rest, *bound.of(least.rest, task != "choice"), reading, rest),
    ]


def _answered(
    task: str, inside: Inside, requests: list[Request], repeats: int
) -> tuple[list[Generation], list[float], list[float]]:
    """Return the answers, and for every repeat the seconds of encoding prompts and of all else."""
    clock, spent = clock_of(inside.workload.setup), [0.0]
    engine: Any = inside.model.engine
    encode = engine.encode

    def watched(*arguments: Any) -> Any:
        before = clock()
        rows = encode(*arguments)
        spent[0] += clock() - before
        return rows

    engine.encode = watched
    answers = inside.answers(requests[:2], task)  # not counted: what is made ready only once
    encoding, rest = [], []
    for repeat in range(repeats):
        engine._prefixes.clear()
        spent[0], before = 0.0, clock()
        answers = inside.answers(requests, task)
        whole = clock() - before
        encoding.append(spent[0])
        rest.append(whole - spent[0])
        told = f"{task}, {len(requests)} items: prompts {encoding[-1]:.2f} s, the rest {rest[-1]:.2f} s"
        say(f"{repeat + 1}/{repeats} {told}")
    engine.encode = encode
    return answers, encoding, rest


def _steps(inside: Inside, n_rows: int) -> str:
    """Tell what a step of decoding costs with one row and with a whole batch: a row more costs little."""
    requests = inside.requests("generation")
    told = []
    for rows in dict.fromkeys((1, min(n_rows, len(requests)))):
        some = requests[:rows]
        answers, _, rest = _answered("generation", inside, some, 5)
        n_steps = max(1, max(answer.usage.completion for answer in answers) - 1)
        told.append(f"{1000 * median(rest) / n_steps:.1f} ms with {rows} rows")
    return f"A step of decoding takes {', '.join(told)}.\n\n".replace("with 1 rows", "with 1 row")


@dataclass(frozen=True)
class _Bound:
    """From work to the least seconds that it takes."""

    shape: Shape
    rates: Rates

    def of(self, work: Work, decoding: bool) -> tuple[float, float]:
        """Return the seconds at the best rate of any product, and at the rates of the model's own ones."""
        shape, rates = self.shape, self.rates
        rows = rates.rows[decoding]
        head = 2 * shape.hidden * shape.vocabulary * work.logits
        own_s = head / rates.by_shape[rows, shape.hidden, shape.vocabulary]
        own_s += sum(
            shape.layers * 2 * k * n * work.tokens / rates.by_shape[rows, k, n] for k, n in shape.matrices
        )
        attention = 4 * shape.layers * shape.attention * work.seen
        return work.flops(shape) / rates.best, own_s + attention / rates.best


def _bytes_read(
    inside: Inside, requests: list[Request], prompts: list[list[int]], answers: list[Generation]
) -> float:
    """Return the bytes that the steps of decoding read: all weights once a step, keys and values once a row.

    Those of the tokens that a whole batch shares are read once for all of its rows.
    """
    from harness.models.transformers.prefixes import shared_length

    module = inside.model.module
    size = module.get_output_embeddings().weight.element_size()
    embedded = module.get_input_embeddings().weight.numel()
    weights = size * (sum(weight.numel() for weight in module.parameters()) - embedded)
    config = module.config
    dim = config.hidden_size // config.num_attention_heads
    token = 2 * size * config.num_hidden_layers * config.num_key_value_heads * dim
    total = 0.0
    for batch in inside.model.batches(requests):
        shared = shared_length([prompts[i] for i in batch])
        steps = [answers[i].usage.completion - 1 for i in batch]
        own = sum(
            n * (len(prompts[i]) - shared) + n * (n + 1) // 2 for i, n in zip(batch, steps, strict=True)
        )
        total += max(steps) * (weights + token * shared) + token * own
    return total


# --- Tables ---


def _work_table(parts: list[Part], shape: Shape) -> str:
    header = ("part", "tokens", "without sharing", "GFLOP", "without sharing", "least s", "at own sizes")
    rows = [
        (
            part.name,
            f"{part.needed.tokens:,}",
            f"{part.plain.tokens:,}",
            f"{part.needed.flops(shape) / 1e9:.1f}",
            f"{part.plain.flops(shape) / 1e9:.1f}",
            f"{part.at_best:.2f}",
            f"{part.at_own:.2f}",
            f"{part.reading:.2f}" if part.reading else "",
            spread(part.taken, 2),
            f"{part.at_best / median(part.taken):.0%}",
        )
        for part in parts
    ]
    return markdown((*header, "reading s", "taken s", "least / taken"), rows)


def _fractions(parts: list[Part]) -> str:
    lines = []
    for task in ("generation", "choices", ""):
        own = [part for part in parts if part.name.startswith(task)]
        taken = median(sum(together) for together in zip(*(part.taken for part in own), strict=True))
        best, nearest = (sum(values) for values in zip(*map(_limits, own), strict=True))
        lines.append(
            f"{task or 'all'}: {taken:.2f} s taken; operations alone need {best:.2f} s ({best / taken:.0%}), "
            f"with reading where that takes longer {nearest:.2f} s ({nearest / taken:.0%})\n"
        )
    return "".join(lines)


def _limits(part: Part) -> tuple[float, float]:
    return part.at_best, max(part.at_best, part.reading)


if __name__ == "__main__":
    sys.exit(main())
