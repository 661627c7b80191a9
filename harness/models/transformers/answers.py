"""From token ids and log-likelihoods to answers, and plain generation by transformers."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import torch
import transformers

from harness.models.transformers.engine import Engine
from harness.models.transformers.likelihood import log_likelihoods
from harness.models.transformers.plain import before_question
from harness.models.transformers.positions import forget_lengths
from harness.models.transformers.prompts import Choices
from harness.models.transformers.reasoning import TAGS
from harness.models.transformers.sampling import Drawing, Draws
from harness.models.transformers.tries import Scored
from harness.types import ChoiceScore, Failure, Generation, Request, TokenUsage


def written(
    tokenizer: Any,
    ids: list[int],
    ends: Sequence[int],
    stop: Sequence[str],
    begun: str = "",
    asks_on: bool = False,
) -> Generation:
    """Return a generated answer, without its cost.

    Args:
        tokenizer: The model's tokenizer.
        ids: New token ids, possibly with padding after the end.
        ends: Token ids that end an answer.
        stop: Strings that end an answer, and are not part of it.
        asks_on: Whether the model may continue with another question, at whose label it was stopped.
        begun: A tag of reasoning that the prompt has opened: the answer begins inside it.
    """
    end = next((i for i, token in enumerate(ids) if token in ends), None)
    text = _text(tokenizer, ids[:end])
    cuts = [(position, s) for s in stop if (position := text.find(s)) >= 0]
    if cuts:
        position, cut = min(cuts)
        text = text[:position]
        if asks_on and cut.endswith("nswer:"):
            text = before_question(text)
    return Generation(
        text=f"{begun}{text}".strip(),
        usage=TokenUsage(completion=len(ids) if end is None else end + 1),
        stop_reason="length" if end is None and not cuts else "stop",
    )


def end_tokens(module: Any, tokenizer: Any, own: Sequence[int]) -> list[int]:
    """Return the token ids that end an answer: those in the model's settings, and those of its prompts."""
    configured = module.generation_config.eos_token_id
    ends = configured if isinstance(configured, list) else [configured]
    return [int(token) for token in dict.fromkeys([*ends, tokenizer.eos_token_id, *own]) if token is not None]


def _text(tokenizer: Any, ids: list[int]) -> str:
    """Return a text without special tokens, except tags of reasoning, which some models have as such."""
    special = getattr(tokenizer, "all_special_tokens", ())
    tags = {tokenizer.convert_tokens_to_ids(tag): tag for tag in TAGS if tag in special}
    parts, start = [], 0
    for at, token in enumerate(ids):
        if token in tags:
            parts += [tokenizer.decode(ids[start:at], skip_special_tokens=True), tags[token]]
            start = at + 1
    return "".join([*parts, str(tokenizer.decode(ids[start:], skip_special_tokens=True))])


def chosen(
    texts: Sequence[str], options: Sequence[Sequence[int]], scored: Scored, n_end: int
) -> Generation | Failure:
    """Return the likeliest choice with all log-likelihoods or bounds, without the tokens of its prompt.

    Args:
        texts: The choices.
        options: Token ids of each choice.
        scored: What is known of each choice; a bound is below the value of the likeliest choice.
        n_end: Tokens of an option that end the turn and are not part of the choice.
    """
    if any(map(math.isnan, scored.values)):
        return Failure(kind="not_a_number", message="the model gave NaN as a log-likelihood")
    choices = tuple(
        ChoiceScore(
            text=text, log_likelihood=value, exact=exact, n_tokens=len(ids) - n_end, n_chars=len(text)
        )
        for text, value, exact, ids in zip(texts, scored.values, scored.exact, options, strict=True)
    )
    best, ids = max(zip(choices, options, strict=True), key=lambda pair: pair[0].log_likelihood)
    usage = TokenUsage(completion=len(ids), scored=scored.n_read)
    return Generation(text=best.text, choices=choices, usage=usage, stop_reason="choice")


def judged(
    engine: Engine, requests: Sequence[Request], prompts: Sequence[list[int]], options: Sequence[Choices]
) -> list[Generation | Failure]:
    """Score the choices of a batch, with its cost; a choice without tokens fails only its own item.

    Args:
        engine: What reads them.
        requests: With their choices.
        prompts: Token ids of each prompt.
        options: Token ids of its choices.
    """
    started = time.perf_counter()
    if not all(all(own.options) for own in options):
        nothing = Failure(kind="empty_choice", message="a choice has no tokens, and none ends a turn")
        return [
            nothing if () in own.options else judged(engine, [request], [prompt], [own])[0]
            for request, prompt, own in zip(requests, prompts, options, strict=True)
        ]
    read = [prompt + list(own.lead) for prompt, own in zip(prompts, options, strict=True)]
    every = any(request.every_choice for request in requests)
    following = [list(map(list, own.options)) for own in options]
    found, shared = log_likelihoods(engine, read, following, every)
    answers = [
        chosen(request.choices, own.options, scored, own.n_end)
        for request, own, scored in zip(requests, options, found, strict=True)
    ]
    return with_cost(answers, read, shared, started)


def plain_answers(
    module: Any,
    tokenizer: Any,
    requests: Sequence[Request],
    prompts: list[list[int]],
    ends: list[int],
    together: bool,
) -> list[list[int]]:
    """Return the new token ids of each prompt as transformers generate them, padded after their end.

    Args:
        module: The model.
        tokenizer: Its tokenizer.
        requests: With the same decoding settings.
        prompts: Token ids of each prompt.
        ends: Token ids that end an answer.
        together: Whether they are answered in one batch; else one by one.
    """
    if together:
        return transformers_answers(module, tokenizer, requests, prompts, ends)
    pairs = zip(requests, prompts, strict=True)
    return [
        transformers_answers(module, tokenizer, [request], [prompt], ends)[0] for request, prompt in pairs
    ]


def transformers_answers(
    module: Any, tokenizer: Any, requests: Sequence[Request], prompts: list[list[int]], ends: list[int]
) -> list[list[int]]:
    """Return the new token ids of each prompt as transformers generate them, padded after their end."""
    decoding = requests[0].decoding
    width = max(map(len, prompts))
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else next(iter(ends), 0)
    ids = torch.tensor([[pad] * (width - len(prompt)) + prompt for prompt in prompts], device=module.device)
    seen = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=module.device)
    stopping = {"stop_strings": list(decoding.stop)} if decoding.stop else {}
    config = transformers.GenerationConfig(
        max_new_tokens=decoding.max_new_tokens,
        do_sample=False,
        pad_token_id=pad,
        eos_token_id=ends or None,
        **stopping,
    )
    drawing = transformers.LogitsProcessorList([Drawing(Draws(requests))] if decoding.temperature else [])
    forget_lengths(module)
    output = module.generate(
        input_ids=ids,
        attention_mask=seen,
        generation_config=config,
        logits_processor=drawing,
        **({"tokenizer": tokenizer} if decoding.stop else {}),
    )
    rows: list[list[int]] = output[:, width:].tolist()
    return rows


def with_cost(
    answers: Sequence[Generation | Failure], prompts: Sequence[Sequence[int]], shared: int, started: float
) -> list[Generation | Failure]:
    """Add the time of a batch in equal parts, and its prompts; the first one paid for what they share."""
    latency_s = (time.perf_counter() - started) / len(answers)
    costed: list[Generation | Failure] = []
    for i, (answer, prompt) in enumerate(zip(answers, prompts, strict=True)):
        if isinstance(answer, Generation):
            usage = answer.usage + TokenUsage(prompt=len(prompt), cached_prompt=shared if i else 0)
            answer = answer.model_copy(update={"usage": usage, "latency_s": latency_s})
        costed.append(answer)
    return costed
