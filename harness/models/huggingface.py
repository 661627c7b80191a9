"""Causal language models through transformers: from a folder or a hub id, with or without an adapter.

At most one set of weights is resident at a time, so that a base and its adapted copy never share a device.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
import transformers
from jinja2 import TemplateError
from safetensors import SafetensorError

from harness.config import ModelOptions
from harness.digests import digest_of, digest_of_files
from harness.errors import InputError
from harness.models.resolve import model_path
from harness.types import ChoiceScore, Failure, Generation, Message, ModelIdentity, Request, TokenUsage

Quantization = Literal["none", "nf4"]

# For base models, which come without a template: turns apart by blank lines, an answer ended by eos.
PLAIN_TEMPLATE = (
    "{% for message in messages %}{{ message.content }}"
    "{% if message.role == 'assistant' %}{{ eos_token }}{% endif %}{{ '\n\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Answer: ' }}{% endif %}"
)
MAX_BATCH_ITEMS = 32
MAX_LOGITS = 1 << 26
_WEIGHT_PATTERNS = (
    "*.safetensors",
    "config.json",
    "tokenizer*.json",
    "tokenizer.model",
    "vocab.json",
    "merges.txt",
)
_WEIGHT_PATTERNS_ALSO = (
    "chat_template.jinja",
    "generation_config.json",
    "special_tokens_map.json",
    "*.index.json",
)


class HuggingFaceModel:
    """A model under the waist of ``harness.types.Model``; weights are loaded on first use.

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
        self.folder = local_folder(options, place)
        self.device = _device(options, place)
        self.dtype = _dtype(options, self.device)
        self.identity = ModelIdentity(
            name=options.path,
            weights_digest=_weights_digest(self.folder),
            adapter_digest=digest_of_files(_adapter_files(adapter)) if adapter else "",
            quantization=quantization,
            dtype=str(self.dtype).removeprefix("torch."),
        )
        self._loaded: Any = None

    # --- Loading ---

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer, padding on the left, with a chat template in any case."""
        return self._fresh_tokenizer()

    def _fresh_tokenizer(self) -> Any:
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(
                self.folder, padding_side="left", local_files_only=True
            )
        except (OSError, ValueError) as error:
            raise InputError(
                self._place, "model.path", f"has no tokenizer: {error}", "add its files"
            ) from None
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
        if not tokenizer.chat_template:
            tokenizer.chat_template = PLAIN_TEMPLATE
        return tokenizer

    @cached_property
    def context_length(self) -> int:
        """Tokens that prompt and answer may have together."""
        config = transformers.AutoConfig.from_pretrained(self.folder, local_files_only=True)
        for name in ("max_position_embeddings", "n_positions", "max_sequence_length"):
            if isinstance(getattr(config, name, None), int):
                return int(getattr(config, name))
        return 2048

    @property
    def module(self) -> Any:
        """The loaded weights, in evaluation mode; loading them evicts those of any other model."""
        if self._loaded is None:
            _evict(HuggingFaceModel._resident)
            module, _ = self.fresh(self._quantization)
            if self._adapter is not None:
                module = _attach(module, self._adapter)
            self._loaded = module.eval()
        HuggingFaceModel._resident = self
        return self._loaded

    def fresh(self, quantization: Quantization) -> tuple[Any, Any]:
        """Return a newly loaded ``(transformers model, tokenizer)`` on the device, shared with nothing."""
        _evict(HuggingFaceModel._resident)
        HuggingFaceModel._resident = None
        arguments: dict[str, Any] = {}
        if quantization == "nf4":
            from harness.models.quantization import nf4_config

            arguments["quantization_config"] = nf4_config(self.dtype)
        try:
            module, report = transformers.AutoModelForCausalLM.from_pretrained(
                self.folder,
                output_loading_info=True,
                dtype=self.dtype,
                device_map={"": self.device},
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                **arguments,
            )
        except (OSError, ValueError, ImportError, KeyError, RuntimeError, SafetensorError) as error:
            if isinstance(error, torch.OutOfMemoryError):
                raise
            raise self._unloadable(str(error).strip().splitlines()[0]) from None
        absent = sorted(report["missing_keys"]) + sorted(str(key) for key in report["mismatched_keys"])
        if absent:  # transformers would fill them with random numbers and only warn
            raise self._unloadable(
                f"{len(absent)} tensors are missing or of another shape, {absent[0]} first"
            )
        if quantization == "nf4":
            from harness.models.quantization import defend

            defend(module)
        tokenizer = self._fresh_tokenizer()
        if len(tokenizer) > module.get_input_embeddings().weight.shape[0]:
            remedy = "use the tokenizer that belongs to the weights"
            raise InputError(self._place, "model.path", "its tokenizer is larger than its embedding", remedy)
        return module, tokenizer

    def _unloadable(self, problem: str) -> InputError:
        remedy = "see that transformers can load it, with safetensors weights"
        return InputError(self._place, "model.path", f"cannot be loaded: {problem}", remedy, self.name)

    def with_adapter(self, path: Path, quantization: Quantization) -> HuggingFaceModel:
        """Return this model with the saved adapter at ``path``, over a base of its own."""
        return HuggingFaceModel(self._options, self._place, path, quantization)

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
        widths = [max(1, len(request.choices)) for request in requests]
        order = sorted(
            range(len(requests)),
            key=lambda i: (requests[i].decoding.model_dump_json(), -widths[i], -lengths[i], i),
        )
        batches: list[list[int]] = []
        for i in order:
            batch = batches[-1] if batches else []
            if batch and requests[batch[0]].decoding == requests[i].decoding and len(batch) < MAX_BATCH_ITEMS:
                longest = lengths[batch[0]] + requests[i].decoding.max_new_tokens
                if (len(batch) + 1) * widths[batch[0]] * longest <= self._options.max_batch_tokens:
                    batch.append(i)
                    continue
            batches.append([i])
        return batches

    # --- Answers ---

    def generate(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        """Answer one batch of generate requests, in order."""
        return _halving(self._generate, requests)

    def score(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        """Judge the choices of a batch of choice requests, in order: each prompt is encoded once."""
        return [answer for request in requests for answer in _halving(self._score, [request])]

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
        likelihoods = self._log_likelihoods(prompt, options)
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

    def _log_likelihoods(self, prompt: list[int], options: list[list[int]]) -> list[float]:
        """Return log p(option | prompt) in nats; the prompt is encoded once and its cache is shared."""
        ids = torch.tensor([prompt], device=self.device)
        first = self.module(input_ids=ids, use_cache=True, logits_to_keep=1)
        first_logprobs = first.logits[0, -1].float().log_softmax(-1)
        vocabulary = first_logprobs.shape[0]
        longest = max(len(option) for option in options)
        chunk = max(
            1, min(MAX_LOGITS // (longest * vocabulary), self._options.max_batch_tokens // len(prompt) * 4)
        )
        values: list[float] = []
        for start in range(0, len(options), chunk):
            part = options[start : start + chunk]
            values += self._continue(part, copy.deepcopy(first.past_key_values), len(prompt), first_logprobs)
        return values

    def _continue(
        self, options: list[list[int]], cache: Any, n_prompt: int, first: torch.Tensor
    ) -> list[float]:
        longest = max(len(option) for option in options)
        padded = [option + [0] * (longest - len(option)) for option in options]
        ids = torch.tensor(padded, device=self.device)
        real = torch.tensor([[i < len(o) for i in range(longest)] for o in options], device=self.device)
        values = first[ids[:, 0]]
        if longest > 1:
            cache.batch_repeat_interleave(len(options))
            mask = torch.cat([real.new_ones(len(options), n_prompt), real[:, :-1]], dim=1).long()
            logits = self.module(input_ids=ids[:, :-1], attention_mask=mask, past_key_values=cache).logits
            gathered = logits.float().log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
            values = values + (gathered * real[:, 1:]).sum(dim=1)
        return [float(value) for value in values]


def local_folder(options: ModelOptions, place: object) -> str:
    """Return the folder with the model's files, fetching a hub id where a hub can be reached.

    Raises:
        InputError: The id cannot be fetched.
    """
    path = model_path(options.path, place)
    if Path(path).is_dir():
        return path
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    patterns = [*_WEIGHT_PATTERNS, *_WEIGHT_PATTERNS_ALSO]
    try:
        return str(snapshot_download(path, revision=options.revision, allow_patterns=patterns))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError):
        remedy = "check the id and the connection, or name a local folder or builtin:starter"
        raise InputError(place, "model.path", "cannot be fetched from the hub", remedy, path) from None


def _weights_digest(folder: str) -> str:
    files = sorted({file for pattern in _WEIGHT_PATTERNS for file in Path(folder).glob(pattern)})
    return digest_of_files(files)


def _adapter_files(folder: Path) -> list[Path]:
    return [folder / "adapter_model.safetensors", folder / "adapter_config.json"]


def _device(options: ModelOptions, place: object) -> str:
    available = torch.cuda.is_available()
    if options.device == "cuda" and not available:
        raise InputError(place, "model.device", "no CUDA device is here", "use auto or cpu", "cuda")
    return "cuda" if options.device == "cuda" or (options.device == "auto" and available) else "cpu"


def _dtype(options: ModelOptions, device: str) -> torch.dtype:
    if options.dtype != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[options.dtype]
    return torch.bfloat16 if device == "cuda" and torch.cuda.is_bf16_supported() else torch.float32


def _attach(module: Any, adapter: Path) -> Any:
    from peft import PeftModel

    return PeftModel.from_pretrained(module, str(adapter), is_trainable=False)


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


def _halving(
    answer: Callable[[Sequence[Request]], list[Generation | Failure]], requests: Sequence[Request]
) -> list[Generation | Failure]:
    """Answer a batch; when memory runs out, answer its halves; one request that does not fit has failed."""
    return list(_answers(answer, requests))


def _answers(
    answer: Callable[[Sequence[Request]], list[Generation | Failure]], requests: Sequence[Request]
) -> Iterator[Generation | Failure]:
    try:
        yield from answer(requests)
        return
    except torch.OutOfMemoryError as error:
        problem = str(error).splitlines()[0]
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if len(requests) == 1:
        yield Failure(kind="out_of_memory", message=problem)
        return
    middle = len(requests) // 2
    yield from _answers(answer, requests[:middle])
    yield from _answers(answer, requests[middle:])
