"""Causal language models through transformers: from a folder or a hub id, with or without an adapter."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch

from harness.backends import Opening
from harness.models.transformers.answers import end_tokens, judged, plain_answers, with_cost, written
from harness.models.transformers.batching import MAX_BATCH_ITEMS, halving, in_samples
from harness.models.transformers.budgets import BatchBudgets, setting_of
from harness.models.transformers.context import ContextLength, context_of
from harness.models.transformers.decoding import StopStrings, decode
from harness.models.transformers.engine import Engine
from harness.models.transformers.identity import settings_digest, weights_digest
from harness.models.transformers.likelihood import text_log_probs
from harness.models.transformers.model_files import read_object, refuse_code
from harness.models.transformers.opening import check_model, empty_model
from harness.models.transformers.options import ENCODING, TransformersOptions, asked_with
from harness.models.transformers.probing import probe
from harness.models.transformers.prompts import Choices, Prompts
from harness.models.transformers.quantization import stored_in
from harness.models.transformers.rendering import date_told
from harness.models.transformers.resident import Owner, Source, Weights
from harness.models.transformers.resolve import local_folder, parameter_count
from harness.models.transformers.sampling import Draws
from harness.models.transformers.sizing import Sizing
from harness.models.transformers.weights import Quantization, check_size, device_of, dtype_of, load_tokenizer
from harness.protocols import Capabilities, SavedWeights, TokenLogProbs
from harness.runs.provenance import loaders
from harness.types import Failure, Generation, Message, ModelIdentity, Request

WINDOW = 512
"""Tokens that are read at once when the likelihood of a text is measured."""


class TransformersModel:
    """A causal language model; its weights are loaded on first use.

    Args:
        options: Which model, where, and in which number format.
        opening: Where the experiment names it, for errors, and what reports a conversion.
        saved: Trained weights to answer with, which have been checked.
        quantization: How the base is loaded.
        budgets: How many tokens a batch may have, where ``options`` do not say.
        owner: Owns what is loaded of the models that share it; by default this model's own.
    """

    def __init__(
        self,
        options: TransformersOptions,
        opening: Opening | None = None,
        saved: SavedWeights | None = None,
        quantization: Quantization = "none",
        budgets: BatchBudgets | None = None,
        owner: Owner | None = None,
    ) -> None:
        self._opening = opening = opening or Opening("experiment")
        self._options, self._saved = options, saved
        place = self._place = opening.place
        self._key = f"{opening.key}.path"
        self._budgets = budgets or BatchBudgets()
        self.name = options.path
        self.folder = local_folder(options.path, options.revision, place, opening.progress, self._key)
        refuse_code(Path(self.folder), place, self._key)
        stored = stored_in(read_object(Path(self.folder) / "config.json", place, self._key))
        self._quantization: Quantization = "nf4" if stored == "nf4" else quantization
        self.device = device_of(options, place, f"{opening.key}.device")
        self.dtype = dtype_of(options, self.device)
        self.identity = ModelIdentity(
            name=options.name,
            weights_digest=weights_digest(self.folder),
            settings_digest=settings_digest(self.folder),
            parameters=parameter_count(self.folder),
            adapter_digest=saved.digest() if saved else "",
            quantization=stored if self._quantization == "none" else self._quantization,
            dtype=str(self.dtype).removeprefix("torch."),
            loaded_by=f"{loaders()}, encoding {ENCODING}",
        )
        source = Source(self.folder, self.dtype, self.device, self._quantization)
        digests = self.identity.weights_digest, self.identity.settings_digest, self.identity.adapter_digest
        self.weights = Weights(owner or Owner(), source, saved, digests, {}, self._say, place, self._key)
        self._stops: dict[tuple[str, ...], StopStrings] = {}

    def _say(self, text: str) -> None:
        self._opening.progress.say(f"{self.name}: {text}")

    # --- Loading ---

    def check(self, weights: bool = True) -> None:
        """Refuse a model that cannot answer, before its weights are loaded or anything slow starts.

        Args:
            weights: Whether its weights must be there; counting tokens does not need them.

        Raises:
            InputError: It is of another kind, broken, or has no working tokenizer or chat template.
        """
        n_embedded = check_model(self.folder, self._place, weights, self._key)
        check_size(self.tokenizer, n_embedded, self._place, self._key)
        if self._options.context_length is None and self._read_context.assumed:
            self._say(str(self._read_context))

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer, padding on the left, always with a chat template."""
        return load_tokenizer(self.folder, self._place, self._options.template_options, self._key)

    @cached_property
    def context_length(self) -> int:
        """Tokens that prompt and answer may have together: as the experiment says, else the model's files."""
        return self._options.context_length or self._read_context.tokens

    @cached_property
    def capabilities(self) -> Capabilities:
        """Its device, the source of its context length, and the date given to its template."""
        options = self._options
        source = "said by the experiment" if options.context_length else self._read_context.said
        date = date_told(self.tokenizer.chat_template, options.template_options)
        device: Literal["cpu", "cuda"] = "cuda" if self.device == "cuda" else "cpu"
        return Capabilities(device, source, date, asked_with(options))

    @cached_property
    def _read_context(self) -> ContextLength:
        return context_of(self.folder, self._place, self._key)

    @property
    def module(self) -> Any:
        """The loaded weights, in evaluation mode; loading them evicts those of any other model."""
        return self.weights.module

    def loaded(self) -> Any:
        """Return the weights, in evaluation mode."""
        return self.module

    @property
    def engine(self) -> Engine:
        """The engine that answers; it is dropped with the weights."""
        return self.weights.engine

    def empty(self) -> Any:
        """Return the transformers model without storage: its modules and the shapes of its weights."""
        return empty_model(self.folder, self._place, self._key)

    def fresh(self, quantization: Quantization) -> tuple[Any, Any]:
        """Return a newly loaded ``(transformers model, tokenizer)`` on the device, shared with nothing."""
        module = self.weights.base(quantization)
        tokenizer = load_tokenizer(self.folder, self._place, self._options.template_options, self._key)
        check_size(tokenizer, module.get_input_embeddings().weight.shape[0], self._place, self._key)
        return module, tokenizer

    def with_adapter(self, saved: SavedWeights, quantization: Quantization) -> TransformersModel:
        """Return this model answering with saved weights, over an unmodified base."""
        return self._copy(saved, quantization)

    def merged(self) -> TransformersModel | None:
        """Return this model with its adapter merged in; None without one or on 4-bit weights."""
        if self._saved is None or not self._saved.mergeable or self.identity.quantization != "none":
            return None
        copy = self._copy(self._saved, self._quantization)
        copy.weights.merge = True
        return copy

    def _copy(self, saved: SavedWeights, quantization: Quantization) -> TransformersModel:
        """Return a model over the same files with the same prompts, which are encoded once for all."""
        copy = TransformersModel(
            self._options,
            self._opening,
            saved,
            quantization,
            self._budgets,
            self.weights.owner,
        )
        copy.tokenizer, copy._prompts = self.tokenizer, self._prompts
        copy.weights.trials = self.weights.trials
        return copy

    # --- Prompts ---

    @cached_property
    def _prompts(self) -> Prompts:
        return Prompts(self.tokenizer, self._options.template_options, self._place)

    def render(self, messages: Sequence[Message]) -> str:
        """Return the prompt as the model sees it; an unsupported system turn is joined to the user turn."""
        return self._prompts.prompt(messages).text

    def _ids(self, request: Request) -> list[int]:
        return list(self._prompts.prompt(request.messages).ids)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the number of tokens of the rendered prompt."""
        return len(self._prompts.prompt(messages).ids)

    def answer_tokens(self, request: Request) -> int:
        """Return the most tokens that an answer takes: of the longest choice, or the generation limit."""
        if not request.choices:
            return request.decoding.max_new_tokens
        choices = self._choices(request)
        return len(choices.lead) + max(map(len, choices.options))

    def batches(self, requests: Sequence[Request]) -> list[list[int]]:
        """Group requests by decoding, prefix and length, longest first, within the token budget."""
        return self._sizing.batches(list(map(self._stopping, requests)))

    @cached_property
    def _sizing(self) -> Sizing:
        wanted, setting = self._options.max_batch_tokens, setting_of(self.identity, self.device)
        return Sizing(self._prompts, wanted, self._budgets, setting, self.device, self._probe)

    def _probe(self) -> int:
        return probe(self.engine, MAX_BATCH_ITEMS[self.device], self.context_length)

    def _choices(self, request: Request) -> Choices:
        return self._prompts.choices(request.messages, request.choices)

    def _stopping(self, request: Request) -> Request:
        """Return a request that also stops where the form of its prompt ends an answer."""
        learned, most = self._saved is not None, request.decoding.max_new_tokens
        stops = () if request.choices else self._prompts.stops(request.messages, learned, most)
        new = tuple(stop for stop in stops if stop not in request.decoding.stop)
        if not new:
            return request
        decoding = request.decoding.model_copy(update={"stop": (*request.decoding.stop, *new)})
        return request.model_copy(update={"decoding": decoding})

    def answer_form(self, request: Request) -> str:
        """Return what an answer depends on besides the text of its prompt: how it is encoded and ended."""
        form = self._prompts.form(request.messages)
        return json.dumps([ENCODING, form.lead, form.gap, form.end, self._stopping(request).decoding.stop])

    def answer_ids(self, messages: Sequence[Message], answer: str) -> tuple[list[int], list[int]]:
        """Return the token ids of a prompt and of an answer to it with its end, as they are scored."""
        return self._prompts.answer(messages, answer)

    # --- Answers ---

    def generate(self, requests: Sequence[Request]) -> list[tuple[Generation, ...] | Failure]:
        """Answer one batch of generate requests, in order; several samples may take several."""
        self.weights.ready(self.name)
        return in_samples(
            requests, self.batches, lambda some: halving(self._generate, some, self._sizing.ran_out)
        )

    def score(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        """Score the choices of one batch of choice requests, in order."""
        self.weights.ready(self.name)
        return halving(self._score, requests, self._sizing.ran_out)

    @torch.inference_mode()
    def _generate(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        started = time.perf_counter()
        requests = list(map(self._stopping, requests))
        decoding = requests[0].decoding
        prompts = [self._ids(request) for request in requests]
        ends, shared = end_tokens(self.module, self.tokenizer, self._prompts.end_ids), 0
        longest = max(map(len, prompts)) + decoding.max_new_tokens
        if self.engine.shares(longest):
            stop, draws = self._stop(decoding.stop), Draws(requests) if decoding.temperature else None
            answers, shared = decode(self.engine, prompts, decoding.max_new_tokens, ends, stop, draws)
        else:
            together = len({len(prompt) for prompt in prompts}) == 1 or self.engine.pads(longest)
            answers = plain_answers(self.module, self.tokenizer, requests, prompts, ends, together)
        begun = [self._prompts.begun(request.messages) for request in requests]
        texts = [
            written(self.tokenizer, answer, ends, decoding.stop, start, self._prompts.is_plain)
            for answer, start in zip(answers, begun, strict=True)
        ]
        return with_cost(texts, prompts, shared, started)

    def _stop(self, strings: tuple[str, ...]) -> StopStrings | None:
        if strings and strings not in self._stops:
            self._stops[strings] = StopStrings(self.tokenizer, strings)
        return self._stops.get(strings)

    @torch.inference_mode()
    def _score(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        prompts, options = list(map(self._ids, requests)), list(map(self._choices, requests))
        return judged(self.engine, requests, prompts, options)

    @torch.inference_mode()
    def token_log_probs(self, texts: Sequence[str], keep: int) -> TokenLogProbs:
        """Return how likely the texts are, in windows that share no token.

        Args:
            texts: Texts as the model reads them, without a chat template of their own.
            keep: Most tokens whose whole distributions are returned.
        """
        encoded = list(map(self._prompts.encode, texts))
        return text_log_probs(self.module, encoded, min(WINDOW, self.context_length), keep)
