"""Whether a base is unchanged since loading: an exact digest of everything that answers depend on.

An adapter may change the base's weights, by its initialization (PiSSA, OLoRA, LoftQ, CorDA), its kind or its
settings, and removing it does not always restore them. No list of kinds says which do this: the base is
digested when it is loaded, and is used again only where it has the same digest without the adapter.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import torch

_CHUNK = 1 << 20
"""Words of four bytes that are multiplied at once."""
_PLAIN = (bool, int, float, str, type(None))
_OWN = frozenset({"training"})


def digest_of_module(module: Any) -> str:
    """Return the digest of a model's tensors, buffers, ties, modules, their settings and configurations.

    Each chunk of a tensor's bytes is read as whole numbers of 32 bits, multiplied by fixed odd ones of 64
    bits and summed modulo 2**64, on the device where it is: a change of one number is always detected, any
    other change is missed with probability 2**-32 or less. Multilinear hashing: Lemire and Kaser, 2014,
    "Strongly universal string hashing is fast".

    Args:
        module: A model of transformers without an adapter.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for line in _settings(module):
        digest.update(line.encode())
    sums: list[torch.Tensor] = []
    seen: dict[tuple[Any, ...], str] = {}
    for name, tensor in _tensors(module):
        place = (tensor.device, tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype)
        tied = seen.setdefault(place, name) if tensor.numel() else name
        digest.update(f"{name} {tied} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        if tied == name:
            sums.extend(_sums(tensor))
    for device in dict.fromkeys(each.device for each in sums):  # one transfer per device
        together = torch.stack([each for each in sums if each.device == device])
        digest.update(together.cpu().numpy().tobytes())
    return digest.hexdigest()


def _tensors(module: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield what is saved, 4-bit weights with their scales, and the buffers that are not saved."""
    state = module.state_dict()
    kept = {name: value for name, value in state.items() if isinstance(value, torch.Tensor)}
    kept |= {name: buffer for name, buffer in module.named_buffers() if name not in kept}
    for name in sorted(kept):
        yield name, kept[name].detach()


def _sums(tensor: torch.Tensor) -> Iterator[torch.Tensor]:
    """Yield a whole number for each chunk of a tensor's bytes, on its device."""
    flat = tensor.contiguous().reshape(-1)
    if (flat.storage_offset() * flat.element_size()) % 4:
        flat = flat.clone()
    flat = flat.view(torch.uint8)
    whole = flat.numel() // 4 * 4
    if whole:
        words = flat[:whole].view(torch.int32)
        odd = _odd_numbers(tensor.device)
        for start in range(0, words.numel(), _CHUNK):
            part = words[start : start + _CHUNK]
            yield (part * odd[: part.numel()]).sum()
    if whole < flat.numel():
        rest = flat[whole:].to(torch.int64)
        yield (rest << (8 * torch.arange(rest.numel(), device=tensor.device))).sum()


@lru_cache(maxsize=2)
def _odd_numbers(device: torch.device) -> torch.Tensor:
    """Return fixed odd numbers, int64, shape ``(_CHUNK,)``."""
    generator = torch.Generator().manual_seed(1)
    return (torch.randint(-(2**62), 2**62, (_CHUNK,), generator=generator) * 2 + 1).to(device)


def _settings(module: Any) -> Iterator[str]:
    """Yield which modules there are, with their plain settings, and the configurations."""
    for name, part in module.named_modules():
        own = vars(part)
        plain = {key: own[key] for key in sorted(own.keys() - _OWN) if _is_plain(own[key])}
        hooks = sum(len(own.get(kind) or ()) for kind in ("_forward_hooks", "_forward_pre_hooks"))
        called = [_place(own["forward"]) if "forward" in own else "", _place(type(part).forward)]
        yield f"{name} {_place(type(part))} {plain} {hooks} {called}\n"
    for key in ("config", "generation_config"):
        if (settings := getattr(module, key, None)) is not None:
            yield json.dumps(settings.to_dict(), sort_keys=True, default=repr) + "\n"


def _is_plain(value: Any) -> bool:
    """Whether a value is plain, or lists or mappings of plain values, whose text is always the same."""
    if isinstance(value, dict):
        return all(_is_plain(each) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return isinstance(value, _PLAIN)


def _place(named: Any) -> str:
    """Return where a class or function was written."""
    return f"{getattr(named, '__module__', '')}.{getattr(named, '__qualname__', type(named).__qualname__)}"
