"""The one place where a model's files are opened by transformers and sentence-transformers.

No code that comes with a model is ever imported, nor is the user asked whether it may be. Whatever a library
raises over broken files becomes a one-line error; running out of memory is raised unchanged.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness.errors import InputError, MissingDependencyError, TrilemmaError, shorten
from harness.models.transformers.kinds import loader_of
from harness.models.transformers.model_files import MODEL_PATH, read_object, refuse_adapter, refuse_code


@contextmanager
def refused(place: object, key: str, problem: str, remedy: str, value: Any = None) -> Iterator[None]:
    """Turn whatever a library raises, even a panic of its compiled part, into a one-line error.

    Raises:
        InputError: The library raised something: ``problem`` and its message.
    """
    from harness.models.transformers.batching import is_out_of_memory

    try:
        yield
    except (KeyboardInterrupt, SystemExit, TrilemmaError):
        raise
    except BaseException as error:  # a panic of a Rust library is not an Exception
        if is_out_of_memory(error):
            raise
        raise InputError(place, key, f"{problem}: {said(error)}", remedy, value) from None


def said(error: BaseException) -> str:
    """Return an error's message, in one line and shortened."""
    return shorten(str(error).strip() or type(error).__name__, 200)


def open_config(folder: str | Path, place: object, key: str = MODEL_PATH) -> Any:
    """Return the transformers configuration in ``folder``.

    Raises:
        InputError: It names custom code, is of an unknown type, or cannot be read.
    """
    import transformers

    refuse_code(Path(folder), place, key)
    kind = read_object(Path(folder) / "config.json", place, key).get("model_type")
    if isinstance(kind, str) and kind not in transformers.CONFIG_MAPPING:
        problem = (
            f"is of a type that transformers {transformers.__version__} do not know: {shorten(kind, 40)}"
        )
        raise InputError(place, key, problem, "update transformers, or name another model", str(folder))
    remedy = "restore the file, or fetch the model again"
    with refused(place, key, "its config.json cannot be read", remedy, str(folder)):
        return transformers.AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)


def open_model(
    folder: str | Path, place: object, key: str = MODEL_PATH, **arguments: Any
) -> tuple[Any, dict[str, Any]]:
    """Return the language model in ``folder``, and what transformers say of its loading.

    Raises:
        InputError: It has code of its own, is of another kind, or cannot be loaded.
    """
    config = open_config(folder, place, key)
    loader = loader_of(config, Path(folder), place, key)
    remedy = "see that transformers can load it, with safetensors weights"
    with refused(place, key, "cannot be loaded", remedy):
        module, report = loader.from_pretrained(
            folder,
            config=config,
            output_loading_info=True,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            **arguments,
        )
    return module, report


def empty_model(folder: str | Path, place: object, key: str = MODEL_PATH) -> Any:
    """Return the modules of the language model in ``folder`` without storage, on the device "meta".

    Raises:
        InputError: It has custom code or is of another kind.
    """
    import torch

    config = open_config(folder, place, key)
    loader = loader_of(config, Path(folder), place, key)
    with torch.device("meta"):
        return loader.from_config(config, trust_remote_code=False)


def open_tokenizer(folder: str | Path, place: object, key: str = MODEL_PATH, **arguments: Any) -> Any:
    """Return the tokenizer in ``folder``.

    Raises:
        InputError: There is none, it needs custom code or a package, or is broken.
    """
    import transformers

    refuse_code(Path(folder), place, key)
    _check_readers(Path(folder), place, key)
    remedy = "add the files of the model's tokenizer: tokenizer.json, or tokenizer.model"
    with refused(place, key, "has no tokenizer that can be opened", remedy):
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            folder, trust_remote_code=False, local_files_only=True, **arguments
        )
        tokenizer("a", add_special_tokens=False)
        return tokenizer


def _check_readers(folder: Path, place: object, key: str) -> None:
    """Refuse a tokenizer in SentencePiece's own format where the packages that read it are missing."""
    if (folder / "tokenizer.json").exists() or not any(folder.glob("*.model")):
        return
    for module, package in (("sentencepiece", "sentencepiece"), ("google.protobuf", "protobuf")):
        try:
            found = importlib.util.find_spec(module)
        except ModuleNotFoundError:  # its parent package is missing
            found = None
        if found is None:
            raise MissingDependencyError(f"{place}: {key}: the tokenizer (*.model)", package, "models")


def open_gguf(path: Path, place: object, key: str, remedy: str) -> tuple[Any, Any, dict[str, Any]]:
    """Return tokenizer and float32 model of a GGUF file, and what transformers report about loading it.

    Only this file is read: a tokenizer.json beside it would replace its own tokenizer.

    Raises:
        InputError: transformers cannot read it, or would ask to run code beside it.
    """
    import torch
    import transformers

    refuse_code(path.parent, place, key)
    refuse_adapter(path.parent, place, key)
    reading = refused(place, key, "transformers cannot read this GGUF file", remedy, str(path))
    with reading, TemporaryDirectory(prefix="trilemma-gguf-") as alone:
        (Path(alone) / path.name).symlink_to(path.resolve())
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            alone, gguf_file=path.name, trust_remote_code=False, local_files_only=True
        )
        module, report = transformers.AutoModelForCausalLM.from_pretrained(
            alone,
            dtype=torch.float32,
            output_loading_info=True,
            gguf_file=path.name,
            trust_remote_code=False,
            local_files_only=True,
        )
    return tokenizer, module, report


def open_embedder(folder: Path, **arguments: Any) -> Any:
    """Return the sentence-transformers model in ``folder``.

    Raises:
        InputError: It has custom code or cannot be loaded.
        ModuleNotFoundError: sentence-transformers are not installed.
    """
    from sentence_transformers import SentenceTransformer

    refuse_code(folder, "embedder", "")
    with refused(folder, "", "cannot be loaded as an embedder", "check the folder"):
        return SentenceTransformer(str(folder), trust_remote_code=False, local_files_only=True, **arguments)


def check_model(folder: str | Path, place: object, weights: bool = True, key: str = MODEL_PATH) -> int | None:
    """Refuse a model that cannot answer, without reading its weights; return how many tokens it embeds.

    Args:
        folder: The model's folder.
        place: The file that names it, for the error.
        weights: Whether its weights must be there.
        key: Where in the file that names it, for the error.

    Returns:
        The number of tokens; None where its configuration does not say.

    Raises:
        InputError: It has custom code, is of another kind, or its weights are not complete safetensors
            files.
    """
    from safetensors import safe_open

    config = open_config(folder, place, key)
    loader_of(config, Path(folder), place, key)
    files = sorted(Path(folder).glob("*.safetensors"))
    if weights and not files:
        remedy = "save them again with save_pretrained(); pickled ones (*.bin, *.pth) can run code"
        raise InputError(place, key, "has no weights in safetensors", remedy, str(folder))
    for path in files:
        problem, remedy = "cannot be loaded, its weights are broken", "fetch the model again"
        with refused(place, key, problem, remedy, str(path)), safe_open(path, framework="np"):
            pass
    n_embedded = getattr(config.get_text_config(decoder=True), "vocab_size", None)
    return n_embedded if isinstance(n_embedded, int) else None
