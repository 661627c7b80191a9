"""The engine and the plain loops of transformers: `python -m benchmarks.speed.against_generate`.

Same model and prompts. Questions are answered by the engine, by `generate` one prompt at a time, and by
`generate` in batches of 64, sorted by length and padded on the left; choices by the engine, and by one pass
for each option. All in this process, on one thread; only the loops are timed, with prompts encoded to token
ids before. Prints medians of CPU seconds (on a GPU: of elapsed time), last the ratios, and ends with 1 where
an answer differs. In bfloat16, where batches of another shape round otherwise, answers that differ are
counted but no fault.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.speed.inside import Inside, clock_of, heading, opened
from benchmarks.speed.measuring import markdown, say, spread
from benchmarks.speed.models import Setup
from benchmarks.speed.workload import MAX_NEW_TOKENS, STOP
from harness.types import Request

BATCH = 64

Answers = list[str]
"""For every request the greedy text, or the number of the likeliest option."""


@dataclass(frozen=True)
class Way:
    """A way to answer all requests of a task; of several, the first is the engine."""

    task: str
    name: str
    answer: Callable[[], Answers]


def main() -> int:
    """Measure, compare, print; return the exit code."""
    with opened(__doc__) as (inside, options):
        ways = list(_ways(inside, _plain_model(inside)))
        seconds, answers = _measured(ways, inside, options.repeats)
    different = list(_different(ways, answers))
    setup = inside.workload.setup
    sys.stdout.write(heading(options) + _table(ways, seconds, setup))
    for line in different[:10]:
        sys.stdout.write(f"differs: {line}\n")
    found = f"{len(different)} answers differ" if different else "all equal, item by item"
    sys.stdout.write(f"answers: {found}\nratios: {', '.join(_ratios(ways, seconds))}\n")
    return 1 if different and setup.dtype == "float32" else 0


def _plain_model(inside: Inside) -> Any:
    """Return the model as transformers load it, apart from the engine's."""
    import torch
    from transformers import AutoModelForCausalLM

    workload, setup = inside.workload, inside.workload.setup
    dtype = getattr(torch, setup.dtype)
    return (
        AutoModelForCausalLM.from_pretrained(workload.model, dtype=dtype, trust_remote_code=False)
        .to(setup.device)
        .eval()
    )


def _ways(inside: Inside, module: Any) -> Iterator[Way]:
    questions, choices = inside.requests("generation"), inside.requests("choice")
    prompts = inside.prompt_ids(questions)
    engine: dict[str, list[Request]] = {"generation": questions, "choice": choices}
    yield Way("generation", "engine", lambda: _of_engine(inside, engine["generation"], "generation"))
    for name, size in (("generate, one by one", 1), (f"generate, batches of {BATCH}", BATCH)):
        yield Way("generation", name, lambda n=size: generated(module, inside.model.tokenizer, prompts, n))  # type: ignore[misc]
    yield Way("choice", "engine", lambda: _of_engine(inside, engine["choice"], "choice"))
    asked, options = inside.prompt_ids(choices), inside.option_ids(choices)
    yield Way("choice", "one pass an option", lambda: likeliest(module, asked, options))


# --- The ways ---


def _of_engine(inside: Inside, requests: list[Request], task: str) -> Answers:
    inside.model.engine._prefixes.clear()  # of the repeat before
    texts = [answer.text for answer in inside.answers(requests, task)]
    if task == "generation":
        return texts
    return [str(request.choices.index(text)) for request, text in zip(requests, texts, strict=True)]


def generated(module: Any, tokenizer: Any, prompts: Sequence[list[int]], batch: int) -> Answers:
    """Return the greedy text that follows each prompt, by `generate` of transformers.

    Args:
        module: A causal language model.
        tokenizer: Its tokenizer, which pads on the left.
        prompts: Token ids of each prompt.
        batch: Prompts of one call, longest first.
    """
    import torch

    texts = [""] * len(prompts)
    order = sorted(range(len(prompts)), key=lambda i: -len(prompts[i]))
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        padded = tokenizer.pad({"input_ids": [prompts[i] for i in chosen]}, return_tensors="pt")
        padded = padded.to(module.device)
        with torch.inference_mode():
            output = module.generate(
                **padded,
                max_new_tokens=MAX_NEW_TOKENS,
                do_sample=False,
                stop_strings=[STOP],
                tokenizer=tokenizer,
            )
        new = tokenizer.batch_decode(output[:, padded["input_ids"].shape[1] :], skip_special_tokens=True)
        for i, text in zip(chosen, new, strict=True):
            texts[i] = text.partition(STOP)[0].strip()
    return texts


def likeliest(module: Any, prompts: Sequence[list[int]], options: Sequence[Sequence[list[int]]]) -> Answers:
    """Return the number of each prompt's likeliest option, every option read behind its prompt."""
    import torch

    chosen = []
    for prompt, own in zip(prompts, options, strict=True):
        values = []
        for option in own:
            ids = torch.tensor([prompt + option[:-1]], device=module.device)
            with torch.inference_mode():
                log_probs = module(input_ids=ids).logits[0, -len(option) :].float().log_softmax(-1)
            following = torch.tensor(option, device=module.device)[:, None]
            values.append(float(log_probs.gather(-1, following).sum()))
        chosen.append(str(values.index(max(values))))
    return chosen


# --- What came of it ---

Seconds = Mapping[Way, list[float]]


def _measured(ways: Sequence[Way], inside: Inside, repeats: int) -> tuple[Seconds, dict[Way, list[Answers]]]:
    clock = clock_of(inside.workload.setup)
    for task in ("generation", "choice"):
        inside.answers(inside.requests(task)[:2], task)  # not counted: what is made ready only once
    seconds: dict[Way, list[float]] = {way: [] for way in ways}
    answers: dict[Way, list[Answers]] = {way: [] for way in ways}
    for repeat in range(repeats):
        for way in ways:
            before = clock()
            answers[way].append(way.answer())
            seconds[way].append(clock() - before)
            say(f"{repeat + 1}/{repeats} {way.task}, {way.name}: {seconds[way][-1]:.2f} s")
    return seconds, answers


def _different(ways: Sequence[Way], answers: Mapping[Way, list[Answers]]) -> Iterator[str]:
    """Yield what does not agree with the engine's first answers: of any way, any repeat, item by item."""
    for way in ways:
        expected = answers[_engine(ways, way.task)][0]
        for repeat, found in enumerate(answers[way], start=1):
            for i, (ours, theirs) in enumerate(zip(expected, found, strict=True)):
                if ours != theirs:
                    yield f"{way.task}, {way.name}, repeat {repeat}, item {i}: {ours!r} / {theirs!r}"


def _engine(ways: Sequence[Way], task: str) -> Way:
    return next(way for way in ways if way.task == task)


def _table(ways: Sequence[Way], seconds: Seconds, setup: Setup) -> str:
    what = "CPU s" if setup.device == "cpu" else "elapsed s"
    rows = [(way.task, way.name, spread(seconds[way], 2)) for way in ways]
    return markdown(("task", "way", what), rows)


def _ratios(ways: Sequence[Way], seconds: Seconds) -> Iterator[str]:
    for way in ways:
        ours = _engine(ways, way.task)
        if way is not ours:
            yield f"{way.task}, {way.name} {median(seconds[way]) / median(seconds[ours]):.1f}x"


if __name__ == "__main__":
    sys.exit(main())
