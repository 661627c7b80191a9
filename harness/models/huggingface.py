"""Causal language models through transformers: from a folder or a hub id, with or without an adapter.

At most one set of weights is resident at a time, so that a base and its adapted copy never share a device. An
adapter takes over the weights of the base or adapter before it; the base itself, what others are compared
with, is always loaded anew and never had an adapter.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import torch
import transformers
from jinja2 import TemplateError

from harness.config import ModelOptions
from harness.digests import digest_of
from harness.errors import InputError
from harness.models.batching import halving, plan_batches
from harness.models.likelihood import log_likelihoods
from harness.models.resolve import adapter_digest, local_folder, parameter_count, weights_digest
from harness.models.weights import (
    Quantization,
    attach,
    context_length,
    detach,
    detachable,
    device_of,
    dtype_of,
    load_tokenizer,
    load_weights,
)
from harness.protocols import TokenLogProbs
from harness.types import (
    ChoiceScore,
    Failure,
    Generation,
    Message,
    ModelIdentity,
    Request,
    TokenUsage,
)

WINDOW = 512
"""Tokens that are read at once where the likelihood of a text is measured."""


class HuggingFaceModel:
    """A model under the waist of ``harness.protocols.Model``; weights are loaded on first use.

    Args:
        options: Which model, where, and in which number format.
        place: The experiment file, for errors.
        adapter: A folder with a saved peft adapter that has been checked.
        quantization: How the base is loaded.
    """

    _resident: ClassVar[HuggingFaceModel | None] = None

    def __init__(
        self,
        options: ModelOptions,
        place: object = "experiment",
        adapter: Path | None = None,
        quantization: Quantization = "none",
    ) -> None:
        self._options, self._place, self._adapter, self._quantization = options, place, adapter, quantization
        self.name = options.path
        self.folder = local_folder(options.path, options.revision, place)
        self.device = device_of(options, place)
        self.dtype = dtype_of(options, self.device)
        self.identity = ModelIdentity(
            name=options.path,
            weights_digest=weights_digest(self.folder),
            parameters=parameter_count(self.folder),
            adapter_digest=adapter_digest(adapter) if adapter else "",
            quantization=quantization,
            dtype=str(self.dtype).removeprefix("torch."),
        )
        self._loaded: Any = None
        self._merge = False

    # --- Loading ---

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer, padding on the left, with a chat template in any case."""
        return load_tokenizer(self.folder, self._place)

    @cached_property
    def context_length(self) -> int:
        """Tokens that prompt and answer may have together."""
        return context_length(self.folder)

    @property
    def module(self) -> Any:
        """The loaded weights, in evaluation mode; loading them evicts those of any other model."""
        if self._loaded is None:
            module = self._taken_over()
            if module is None:
                module, _ = self.fresh(self._quantization)
            if self._adapter is not None:
                module = attach(module, self._adapter)
                module = module.merge_and_unload() if self._merge else module
            self._loaded = module.eval()
        HuggingFaceModel._resident = self
        return self._loaded

    def _taken_over(self) -> Any:
        """Return the resident weights, bare, where an adapter can be put over them; else None."""
        other = HuggingFaceModel._resident
        if self._adapter is None or other is None or other._loaded is None or other._merge:
            return None
        pairs = ((model.folder, model.dtype, model.device, model._quantization) for model in (self, other))
        if len(set(pairs)) > 1 or not detachable(other._loaded):
            return None
        module, other._loaded = other._loaded, None
        return detach(module)

    def fresh(self, quantization: Quantization) -> tuple[Any, Any]:
        """Return a newly loaded ``(transformers model, tokenizer)`` on the device, shared with nothing."""
        _evict(HuggingFaceModel._resident)
        HuggingFaceModel._resident = None
        module = load_weights(self.folder, self.dtype, self.device, quantization, self._place)
        tokenizer = load_tokenizer(self.folder, self._place)
        if len(tokenizer) > module.get_input_embeddings().weight.shape[0]:
            remedy = "use the tokenizer that belongs to the weights"
            raise InputError(self._place, "model.path", "its tokenizer is larger than its embedding", remedy)
        return module, tokenizer

    def with_adapter(self, path: Path, quantization: Quantization) -> HuggingFaceModel:
        """Return this model with the saved adapter at ``path``, over a base of its own."""
        return HuggingFaceModel(self._options, self._place, path, quantization)

    def merged(self) -> HuggingFaceModel | None:
        """Return this model with its adapter merged in; None without one or on 4-bit weights."""
        if self._adapter is None or self._quantization != "none":
            return None
        copy = HuggingFaceModel(self._options, self._place, self._adapter, self._quantization)
        copy._merge = True
        return copy

    # --- Prompts ---

    def render(self, messages: Sequence[Message]) -> str:
        """Return the prompt as the model sees it; without a system turn its text joins the user turn."""
        turns = [message.model_dump() for message in messages]
        options = {"tokenize": False, "add_generation_prompt": turns[-1]["role"] != "assistant"}
        options |= self._options.template_options
        try:
            return str(self.tokenizer.apply_chat_template(turns, **options))
        except TemplateError:
            return str(self.tokenizer.apply_chat_template(_without_system(turns), **options))

    def _encode(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the number of tokens of the rendered prompt."""
        return len(self._encode(self.render(messages)))

    def batches(self, requests: Sequence[Request]) -> list[list[int]]:
        """Group requests of like decoding and length, longest first, within the token budget."""
        lengths = [self.count_tokens(request.messages) for request in requests]
        return plan_batches(requests, lengths, self._options.max_batch_tokens)

    # --- Answers ---

    def generate(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        """Answer one batch of generate requests, in order."""
        return halving(self._generate, requests)

    def score(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        """Judge the choices of a batch of choice requests, in order: each prompt is encoded once."""
        return [answer for request in requests for answer in halving(self._score, [request])]

    @torch.inference_mode()
    def _generate(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        started = time.perf_counter()
        decoding = requests[0].decoding
        prompts = [self.render(request.messages) for request in requests]
        batch = self.tokenizer(prompts, add_special_tokens=False, padding=True, return_tensors="pt").to(
            self.device
        )
        config = transformers.GenerationConfig(
            max_new_tokens=decoding.max_new_tokens,
            do_sample=decoding.temperature > 0,
            pad_token_id=self.tokenizer.pad_token_id,
            eos_token_id=self._end_tokens(),
            **(
                {"temperature": decoding.temperature, "top_p": decoding.top_p} if decoding.temperature else {}
            ),
            **({"stop_strings": list(decoding.stop)} if decoding.stop else {}),
        )
        if decoding.temperature:
            seed = digest_of([[request.item_id, request.seed, request.repeat] for request in requests])
            torch.manual_seed(int(seed[:15], 16))
        output = self.module.generate(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            generation_config=config,
            **({"tokenizer": self.tokenizer} if decoding.stop else {}),
        )
        latency_s = (time.perf_counter() - started) / len(requests)
        width = batch["input_ids"].shape[1]
        sizes = batch["attention_mask"].sum(dim=1).tolist()
        rows = output[:, width:].tolist()
        return [
            self._answer(row, int(size), decoding.stop, latency_s)
            for row, size in zip(rows, sizes, strict=True)
        ]

    def _answer(
        self, row: list[int], prompt_tokens: int, stop: tuple[str, ...], latency_s: float
    ) -> Generation:
        ends = set(self._end_tokens())
        end = next((i for i, token in enumerate(row) if token in ends), None)
        text = str(self.tokenizer.decode(row if end is None else row[:end], skip_special_tokens=True))
        cuts = [position for s in stop if (position := text.find(s)) >= 0]
        text = text[: min(cuts)] if cuts else text
        return Generation(
            text=text.strip(),
            usage=TokenUsage(prompt=prompt_tokens, completion=len(row) if end is None else end + 1),
            latency_s=latency_s,
            stop_reason="length" if end is None and not cuts else "stop",
        )

    def _end_tokens(self) -> list[int]:
        configured = self.module.generation_config.eos_token_id
        ends = configured if isinstance(configured, list) else [configured]
        return [
            int(token) for token in dict.fromkeys([*ends, self.tokenizer.eos_token_id]) if token is not None
        ]

    @torch.inference_mode()
    def _score(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        (request,) = requests
        started = time.perf_counter()
        prompt = self._encode(self.render(request.messages))
        end = [self.tokenizer.eos_token_id] if self.tokenizer.eos_token_id is not None else []
        options = [self._encode(choice) + end for choice in request.choices]
        likelihoods = log_likelihoods(self.module, prompt, options)
        if any(value != value for value in likelihoods):
            return [Failure(kind="not_a_number", message="the model gave NaN as a log-likelihood")]
        choices = tuple(
            ChoiceScore(text=text, log_likelihood=value, n_tokens=len(ids) - len(end), n_chars=len(text))
            for text, value, ids in zip(request.choices, likelihoods, options, strict=True)
        )
        best = max(choices, key=lambda choice: choice.log_likelihood)
        usage = TokenUsage(prompt=len(prompt), completion=sum(len(ids) for ids in options))
        latency_s = time.perf_counter() - started
        return [
            Generation(
                text=best.text, choices=choices, usage=usage, latency_s=latency_s, stop_reason="choice"
            )
        ]

    @torch.inference_mode()
    def token_log_probs(self, texts: Sequence[str], keep: int) -> TokenLogProbs:
        """Return how likely the texts are, in windows that share no token.

        Args:
            texts: Texts as the model reads them, without a chat template of their own.
            keep: Most tokens whose whole distributions are returned.
        """
        window = min(WINDOW, self.context_length)
        windows = [
            ids[start : start + window]
            for ids in map(self._encode, texts)
            for start in range(0, len(ids), window)
        ]
        n_tokens, nll, kept = 0, 0.0, []
        for ids in (ids for ids in windows if len(ids) > 1):
            tokens = torch.tensor([ids], device=self.device)
            log_probs = self.module(input_ids=tokens[:, :-1]).logits[0].float().log_softmax(-1)
            nll -= float(log_probs.gather(-1, tokens[0, 1:, None]).sum())
            if n_tokens < keep:
                kept.append(log_probs[: keep - n_tokens].cpu())
            n_tokens += len(ids) - 1
        return TokenLogProbs(n_tokens, nll, torch.cat(kept).numpy() if kept else None)


def _evict(model: HuggingFaceModel | None) -> None:
    if model is not None:
        model._loaded = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _without_system(turns: list[dict[str, str]]) -> list[dict[str, str]]:
    """Put the system text in front of the first user turn."""
    if len(turns) < 2 or turns[0]["role"] != "system":
        return turns
    first = {"role": "user", "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}
    return [first, *turns[2:]]
