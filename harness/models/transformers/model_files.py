"""A model's folder, checked before any library opens it: complete, readable, and without custom code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import InputError, shorten

_NAMES = (
    "config.json",
    "tokenizer_config.json",
    "generation_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "processor_config.json",
    "preprocessor_config.json",
    "adapter_config.json",
)
MODEL_PATH = "model.path"
"""Key of an experiment's only model; one of several is at ``models.<name>.path``."""
_LARGEST = 1 << 26
"""Most bytes of a configuration; real ones have less than a hundredth of it."""
_IMPLEMENTATIONS = ("attn_implementation", "_attn_implementation", "experts_implementation")
_SENTENCE_MODULES = ("modules.json", "router_config.json")
_NO_CODE = "name a model that transformers know themselves; code in a model's folder is never run"


def check_files(folder: Path, place: object, key: str) -> None:
    """Refuse a model's folder whose files cannot be read or belong to something else; loads no library.

    Raises:
        InputError: A configuration is not a JSON object, the folder is an adapter's, or weights are missing.
    """
    found = {path.name: read_object(path, place, key) for path in _configurations(folder)}
    refuse_adapter(folder, place, key)
    if "config.json" not in found:
        remedy = "name the folder that save_pretrained() wrote, or a GGUF file"
        raise InputError(place, key, "is a folder without config.json", remedy, str(folder))
    for index, names in weights_named(folder, place, key):
        if absent := sorted(name for name in names if not (folder / name).is_file()):
            problem = f"lacks {len(absent)} files of weights that {index} names, {absent[0]} first"
            raise InputError(place, key, problem, "fetch the model again", str(folder))


def weights_named(folder: Path, place: object, key: str) -> list[tuple[str, set[str]]]:
    """Return the indexes of a model's weights by name, each with the files that it names in the folder.

    Raises:
        InputError: An index cannot be read, names no weights, or names some outside the folder.
    """
    found = []
    for index in sorted(folder.glob("*.safetensors.index.json")):
        files = read_object(index, place, key).get("weight_map")
        if not isinstance(files, dict):
            raise InputError(
                place, key, f"{index.name} names no weights", "fetch the model again", str(folder)
            )
        names = set(map(str, files.values()))
        if outside := sorted(n for n in names if Path(n).is_absolute() or ".." in Path(n).parts):
            problem = f"{index.name} names weights outside the folder, {outside[0]} first"
            raise InputError(place, key, problem, "fetch the model again", str(folder))
        found.append((index.name, names))
    return found


def refuse_adapter(folder: Path, place: object, key: str) -> None:
    """Refuse a folder with an adapter in it: transformers would open its base and apply it.

    Raises:
        InputError: There is one, alone or beside a model.
    """
    path = folder / "adapter_config.json"
    if not path.exists():
        return
    if (folder / "config.json").exists():
        problem = "holds an adapter beside the model (adapter_config.json)"
        raise InputError(place, key, problem, "move the adapter to a folder of its own", str(folder))
    base = read_object(path, place, key).get("base_model_name_or_path")
    remedy = f"name its base as `model`{_named(base)}, and the folder in a strategy {{use: adapter, path: …}}"
    raise InputError(place, key, "is the folder of an adapter, not of a model", remedy, str(folder))


def _named(base: Any) -> str:
    return f" (it says {shorten(base)!r})" if isinstance(base, str) and base else ""


def _configurations(folder: Path) -> Iterator[Path]:
    return (folder / name for name in _NAMES if (folder / name).exists() or (folder / name).is_symlink())


def read_object(path: Path, place: object, key: str) -> dict[str, Any]:
    """Return the JSON object in ``path``.

    Raises:
        InputError: It cannot be read, is too large, or is not a JSON object.
    """
    remedy = "restore the file, or fetch the model again"
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(place, key, f"{path.name} is too large", remedy, str(path))
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(
            place, key, f"{path.name} cannot be read: {error.strerror}", remedy, str(path)
        ) from None
    except (ValueError, RecursionError) as error:
        raise InputError(place, key, f"{path.name} is not JSON: {error}", remedy, str(path)) from None
    if not isinstance(value, dict):
        raise InputError(place, key, f"{path.name} must hold a JSON object", remedy, str(path))
    return value


def refuse_code(folder: Path, place: object, key: str) -> None:
    """Refuse a model that needs custom code, naming that code; nothing is imported.

    An entry of ``auto_map`` that names a class which transformers have themselves is accepted: theirs is
    used, not the one in the folder.

    Args:
        folder: The model's folder, of a language model or an embedder.
        place: The file that names the model, for the error.
        key: The key that names the model in that file, for the error.

    Raises:
        InputError: A configuration names such code.
    """
    for path in [*_configurations(folder), *_of_parts(folder)]:
        config = read_object(path, place, key)
        for code in _named_code(config):
            shown = path.relative_to(folder)
            raise InputError(
                place, key, f"needs code of its own: {shown} names {code}", _NO_CODE, str(folder)
            )
    for name in _SENTENCE_MODULES:
        for path in sorted(folder.rglob(name)):
            for code in _foreign_modules(path, place, key):
                problem = f"needs code of its own: {path.relative_to(folder)} names {code}"
                raise InputError(place, key, problem, _NO_CODE, str(folder))
    if (folder / "custom_generate").exists():
        problem = "comes with code that writes its answers: custom_generate"
        raise InputError(place, key, problem, "remove it to let the model answer as others do", str(folder))


def _of_parts(folder: Path) -> list[Path]:
    """Return the configurations of an embedder's parts, which are in folders of their own."""
    if not (folder / "modules.json").exists():
        return []
    return sorted(path for path in folder.rglob("*.json") if path.name in _NAMES and path.parent != folder)


def _named_code(config: dict[str, Any]) -> Iterator[str]:
    """Yield what a configuration asks to import or fetch that transformers do not have."""
    for part in (value for value in _values(config) if isinstance(value, dict)):
        for name in _texts(part.get("auto_map")):
            if not _is_native(name):
                yield f"{name} (auto_map)"
        for key in _IMPLEMENTATIONS:
            yield from (f"{text} ({key})" for text in _texts(part.get(key)) if "/" in text)
        for text in _texts(part.get("activation_function")):
            if "." in text and not text.startswith("torch.nn."):
                yield f"{text} (activation_function)"


def _texts(value: Any) -> Iterator[str]:
    """Yield the strings in a JSON value, at any depth."""
    return (each for each in _values(value) if isinstance(each, str))


def _values(value: Any) -> Iterator[Any]:
    """Yield a JSON value and all values in it, at any depth."""
    left = [value]
    while left:
        value = left.pop()
        yield value
        if isinstance(value, dict | list):
            left += value.values() if isinstance(value, dict) else value


def _is_native(reference: str) -> bool:
    """Whether transformers have the class that an entry ``repository--module.Class`` names."""
    import transformers

    name = reference.rpartition(".")[2]
    return name.isidentifier() and name in dir(transformers)


def _foreign_modules(path: Path, place: object, key: str) -> Iterator[str]:
    """Yield the classes that the parts of a sentence-transformers model name outside that library."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(place, key, f"{path.name} is not JSON: {error}", "restore it", str(path)) from None
    entries = value if isinstance(value, list) else [value]
    kinds = [entry.get("type") or entry.get("types") for entry in entries if isinstance(entry, dict)]
    for kind in _texts(kinds):
        if not kind.startswith("sentence_transformers."):
            yield f"{kind} ({path.name})"
