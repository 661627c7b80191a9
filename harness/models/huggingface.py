"""Causal language models through transformers: from a folder or a hub id, with or without an adapter.

At most one set of weights is resident at a time, so that a base and its adapted copy never share a device. An
adapter takes over the weights of the base or adapter before it where those are still what was loaded; the
base itself, what others are compared with, is always loaded anew and never had an adapter.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import torch

from harness.config import ModelOptions
from harness.errors import InputError, shorten
from harness.models.answers import chosen, plain_answers, with_cost, written
from harness.models.batching import (
    MAX_BATCH_CHOICE_ITEMS,
    MAX_BATCH_ITEMS,
    halving,
    is_out_of_memory,
    plan_batches,
)
from harness.models.budgets import BatchBudgets, Setting, setting_of
from harness.models.context import ContextLength, context_of
from harness.models.engine import Engine
from harness.models.greedy import StopStrings, greedy
from harness.models.likelihood import log_likelihoods, text_log_probs
from harness.models.model_files import read_object, refuse_code
from harness.models.opening import check_model
from harness.models.prefixes import families
from harness.models.pristine import bare, digest_of_module
from harness.models.probing import probe
from harness.models.prompts import Choices, Prompts
from harness.models.quantization import stored_in
from harness.models.rendering import date_told
from harness.models.resolve import adapter_digest, local_folder, parameter_count, weights_digest
from harness.models.trials import Trials
from harness.models.weights import (
    Quantization,
    attach,
    check_size,
    device_of,
    dtype_of,
    load_tokenizer,
    load_weights,
)
from harness.progress import Progress, SilentProgress
from harness.protocols import TokenLogProbs
from harness.types import (
    Failure,
    Generation,
    Message,
    ModelIdentity,
    Request,
)

WINDOW = 512
"""Tokens that are read at once where the likelihood of a text is measured."""

ENCODING = 2
"""Number of the way in which answers are encoded; another gives other answers."""

SEARCHED_TOKENS = 64
"""Tokens of choices that a search for the likeliest one reads of a row at most, by and large."""


class HuggingFaceModel:
    """A model under the waist of ``harness.protocols.Model``; weights are loaded on first use.

    Args:
        options: Which model, where, and in which number format.
        place: The experiment file, for errors.
        adapter: A folder with a saved peft adapter that has been checked.
        quantization: How the base is loaded.
        budgets: How many tokens a batch may have, where ``options`` leave it open.
        progress: Told of the conversion of a GGUF file.
    """

    _resident: ClassVar[HuggingFaceModel | None] = None

    def __init__(
        self,
        options: ModelOptions,
        place: object = "experiment",
        adapter: Path | None = None,
        quantization: Quantization = "none",
        budgets: BatchBudgets | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._options, self._place, self._adapter = options, place, adapter
        self._budgets = budgets or BatchBudgets()
        self._progress = progress or SilentProgress()
        self.name = options.path
        self.folder = local_folder(options.path, options.revision, place, progress)
        refuse_code(Path(self.folder), place, "model.path")
        stored = stored_in(read_object(Path(self.folder) / "config.json", place, "model.path"))
        self._quantization: Quantization = "nf4" if stored == "nf4" else quantization
        self.device = device_of(options, place)
        self.dtype = dtype_of(options, self.device)
        self.identity = ModelIdentity(
            name=options.path,
            weights_digest=weights_digest(self.folder),
            parameters=parameter_count(self.folder),
            adapter_digest=adapter_digest(adapter) if adapter else "",
            quantization=stored if self._quantization == "none" else self._quantization,
            dtype=str(self.dtype).removeprefix("torch."),
        )
        self._loaded: Any = None
        self._engine: Engine | None = None
        self._stops: dict[tuple[str, ...], StopStrings] = {}
        self._trials: dict[str, Trials] = {}
        self._merge = False
        self._base_digest = ""

    # --- Loading ---

    def check(self, weights: bool = True) -> None:
        """Refuse a model that cannot answer, before its weights are loaded or anything slow begins.

        Args:
            weights: Whether its weights must be there; to count tokens they need not.

        Raises:
            InputError: It is of another kind, broken, or has no tokenizer or chat template that works.
        """
        n_embedded = check_model(self.folder, self._place, weights)
        check_size(self.tokenizer, n_embedded, self._place)
        if self._options.context_length is None and self._read_context.assumed:
            self._progress.say(f"{self.name}: {self._read_context}")

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer, padding on the left, with a chat template in any case."""
        return load_tokenizer(self.folder, self._place, self._options.template_options)

    @cached_property
    def context_length(self) -> int:
        """Tokens that prompt and answer may have together: the experiment's word, else the model's files'."""
        return self._options.context_length or self._read_context.tokens

    @cached_property
    def _read_context(self) -> ContextLength:
        return context_of(self.folder, self._place)

    @property
    def module(self) -> Any:
        """The loaded weights, in evaluation mode; loading them evicts those of any other model."""
        if self._loaded is None:
            module = self._taken_over()
            if module is None:
                module, _ = self.fresh(self._quantization)
                self._base_digest = digest_of_module(module)
            if self._adapter is not None:
                module = attach(module, self._adapter)
                module = module.merge_and_unload() if self._merge else module
            self._loaded = module.eval()
        HuggingFaceModel._resident = self
        return self._loaded

    @property
    def engine(self) -> Engine:
        """What answers; it goes with the weights, and all prefixes that they encoded go with it."""
        module = self.module
        if self._engine is None or self._engine.module is not module:
            self._engine = Engine(module, self._trials_of(module))
        return self._engine

    def _trials_of(self, module: Any) -> Trials:
        """Return what was tried of these weights: layers of low rank in them change nothing about lengths."""
        kind = str(getattr(getattr(module, "active_peft_config", None), "peft_type", "LORA"))
        key = f"{self._quantization} {kind.rpartition('.')[-1]}"
        return self._trials.setdefault(key, Trials(lambda said: self._progress.say(f"{self.name}: {said}")))

    def _taken_over(self) -> Any:
        """Return the resident weights, bare, where they are as they were loaded; else None."""
        other = HuggingFaceModel._resident
        if self._adapter is None or other is None or other._loaded is None or other._merge:
            return None
        pairs = ((model.folder, model.dtype, model.device, model._quantization) for model in (self, other))
        if len(set(pairs)) > 1:
            return None
        module = other._loaded
        _evict(other)
        module = bare(module)
        if module is None or digest_of_module(module) != other._base_digest:
            return None
        self._base_digest = other._base_digest
        return module

    def fresh(self, quantization: Quantization) -> tuple[Any, Any]:
        """Return a newly loaded ``(transformers model, tokenizer)`` on the device, shared with nothing."""
        _evict(HuggingFaceModel._resident)
        HuggingFaceModel._resident = None
        module = load_weights(self.folder, self.dtype, self.device, quantization, self._place)
        tokenizer = load_tokenizer(self.folder, self._place, self._options.template_options)
        check_size(tokenizer, module.get_input_embeddings().weight.shape[0], self._place)
        return module, tokenizer

    def with_adapter(self, path: Path, quantization: Quantization) -> HuggingFaceModel:
        """Return this model with the saved adapter at ``path``, over a base of its own."""
        return self._copy(path, quantization)

    def merged(self) -> HuggingFaceModel | None:
        """Return this model with its adapter merged in; None without one or on 4-bit weights."""
        if self._adapter is None or self.identity.quantization != "none":
            return None
        copy = self._copy(self._adapter, self._quantization)
        copy._merge = True
        return copy

    def _copy(self, adapter: Path, quantization: Quantization) -> HuggingFaceModel:
        """Return a model over the same files, whose prompts are the same: they are encoded once for all."""
        copy = HuggingFaceModel(
            self._options, self._place, adapter, quantization, self._budgets, self._progress
        )
        copy.tokenizer, copy._prompts, copy._trials = self.tokenizer, self._prompts, self._trials
        return copy

    # --- Prompts ---

    @cached_property
    def _prompts(self) -> Prompts:
        return Prompts(self.tokenizer, self._options.template_options, self._place)

    @property
    def template_date(self) -> str:
        """The day that the chat template is told in place of today; empty where it writes none."""
        return date_told(self.tokenizer.chat_template, self._options.template_options)

    def render(self, messages: Sequence[Message]) -> str:
        """Return the prompt as the model sees it; without a system turn its text joins the user turn."""
        return self._prompts.prompt(messages).text

    def _ids(self, request: Request) -> list[int]:
        return list(self._prompts.prompt(request.messages).ids)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the number of tokens of the rendered prompt."""
        return len(self._prompts.prompt(messages).ids)

    def answer_tokens(self, request: Request) -> int:
        """Return the most tokens that an answer takes: of the longest choice or all that may be written."""
        if not request.choices:
            return request.decoding.max_new_tokens
        choices = self._choices(request)
        return len(choices.lead) + max(map(len, choices.options))

    def batches(self, requests: Sequence[Request]) -> list[list[int]]:
        """Group requests of like decoding, beginning and length, longest first, within the token budget."""
        prompts = [self._prompts.prompt(request.messages).ids for request in requests]
        requests = list(map(self._stopping, requests))
        most = MAX_BATCH_CHOICE_ITEMS if requests and requests[0].choices else MAX_BATCH_ITEMS
        sizes, tokens = list(map(self._size, requests)), self._max_batch_tokens
        return plan_batches(requests, sizes, families(prompts), tokens, most[self.device])

    def _size(self, request: Request) -> int:
        """Return the most tokens of a request's row, of a search those that it rarely exceeds."""
        if not request.choices:
            return self.count_tokens(request.messages) + request.decoding.max_new_tokens
        choices = self._choices(request)
        answer = sum(map(len, choices.options))
        if not request.every_choice:
            answer = min(answer, SEARCHED_TOKENS)
        return self.count_tokens(request.messages) + len(choices.lead) + answer

    @property
    def _max_batch_tokens(self) -> int:
        wanted = self._options.max_batch_tokens
        if wanted != "auto":
            return wanted
        return self._budgets.of(self._setting, self._probe if self.device == "cuda" else None)

    @cached_property
    def _setting(self) -> Setting:
        return setting_of(self.identity, self.device)

    def _probe(self) -> int:
        return probe(self.engine, MAX_BATCH_ITEMS[self.device], self.context_length)

    def _ran_out(self, requests: Sequence[Request]) -> None:
        if self._options.max_batch_tokens == "auto":
            self._budgets.ran_out(self._setting, len(requests) * max(map(self._size, requests)))

    def _choices(self, request: Request) -> Choices:
        return self._prompts.choices(request.messages, request.choices)

    def _stopping(self, request: Request) -> Request:
        """Return a request that stops also where the form of its prompt says that an answer ends."""
        learned, most = self._adapter is not None, request.decoding.max_new_tokens
        stops = () if request.choices else self._prompts.stops(request.messages, learned, most)
        new = tuple(stop for stop in stops if stop not in request.decoding.stop)
        if not new:
            return request
        decoding = request.decoding.model_copy(update={"stop": (*request.decoding.stop, *new)})
        return request.model_copy(update={"decoding": decoding})

    def answer_form(self, request: Request) -> str:
        """Return what an answer depends on beside the text of its prompt: how it is encoded and ended."""
        form = self._prompts.form(request.messages)
        return json.dumps([ENCODING, form.lead, form.gap, form.end, self._stopping(request).decoding.stop])

    def answer_ids(self, messages: Sequence[Message], answer: str) -> tuple[list[int], list[int]]:
        """Return the token ids of a prompt and of an answer to it with its end, as they are scored."""
        return self._prompts.answer(messages, answer)

    # --- Answers ---

    def generate(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        """Answer one batch of generate requests, in order."""
        self._ready()
        return halving(self._generate, requests, self._ran_out)

    def score(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        """Judge the choices of one batch of choice requests, in order."""
        self._ready()
        return halving(self._score, requests, self._ran_out)

    def _ready(self) -> None:
        """Load the weights before anything is answered: what goes wrong then is not an item's fault.

        Raises:
            InputError: They do not fit the memory.
        """
        try:
            _ = self.module
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            problem = f"does not fit the memory of {self.device}: {shorten(str(error))}"
            remedy = "use a smaller model, `dtype: bfloat16`, or weights in 4 bits (`use: qlora`)"
            raise InputError(self._place, "model.path", problem, remedy, self.name) from None

    @torch.inference_mode()
    def _generate(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        started = time.perf_counter()
        requests = list(map(self._stopping, requests))
        decoding = requests[0].decoding
        prompts = [self._ids(request) for request in requests]
        ends, shared = self._end_tokens(), 0
        longest = max(map(len, prompts)) + decoding.max_new_tokens
        if decoding.temperature == 0 and self.engine.shares(longest):
            stop = self._stop(decoding.stop)
            answers, shared = greedy(self.engine, prompts, decoding.max_new_tokens, ends, stop)
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

    def _end_tokens(self) -> list[int]:
        configured = self.module.generation_config.eos_token_id
        ends = configured if isinstance(configured, list) else [configured]
        ends = [*ends, self.tokenizer.eos_token_id, *self._prompts.end_ids]
        return [int(token) for token in dict.fromkeys(ends) if token is not None]

    @torch.inference_mode()
    def _score(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        started = time.perf_counter()
        options = [self._choices(request) for request in requests]
        if not all(all(found.options) for found in options):
            nothing = Failure(kind="empty_choice", message="a choice has no tokens, and none ends a turn")
            return [
                nothing if () in own.options else self._score([r])[0]
                for r, own in zip(requests, options, strict=True)
            ]
        prompts = [
            self._ids(request) + list(own.lead) for request, own in zip(requests, options, strict=True)
        ]
        every = any(request.every_choice for request in requests)
        following = [list(map(list, own.options)) for own in options]
        found, shared = log_likelihoods(self.engine, prompts, following, every)
        judged = [
            chosen(request.choices, own.options, scored, own.n_end)
            for request, own, scored in zip(requests, options, found, strict=True)
        ]
        return with_cost(judged, prompts, shared, started)

    @torch.inference_mode()
    def token_log_probs(self, texts: Sequence[str], keep: int) -> TokenLogProbs:
        """Return how likely the texts are, in windows that share no token.

        Args:
            texts: Texts as the model reads them, without a chat template of their own.
            keep: Most tokens whose whole distributions are returned.
        """
        encoded = list(map(self._prompts.encode, texts))
        return text_log_probs(self.module, encoded, min(WINDOW, self.context_length), keep)


def _evict(model: HuggingFaceModel | None) -> None:
    if model is not None:
        model._loaded = model._engine = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
