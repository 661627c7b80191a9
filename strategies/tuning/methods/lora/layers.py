"""Which layers of a model an adapter is on: read from its modules without weights, before anything runs."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import InputError, shorten
from strategies.tuning.methods.lora.options import LoraSettings
from strategies.tuning.modules import number_of_experts, of_experts, pattern_of, reached

ALL_LINEAR = "all-linear"
_PAST = ("out_proj", "conv1d")
"""With ``dt_proj``, layers of state-space models whose kernels bypass an adapter."""


@dataclass(frozen=True)
class Adapted:
    """The layers an adapter is on.

    Attributes:
        layers: Number of layers by name, with ``*`` for numbers in the name.
        share: Share of the weights that are in these layers, 0 to 1.
        experts: Share of the weights that are in experts without an adapter, 0 to 1.
        left_out: Layers that "all-linear" leaves out, as ``layers``: routers, and what text does not reach.
    """

    layers: dict[str, int]
    share: float
    experts: float
    left_out: dict[str, int]

    def record(self) -> dict[str, Any]:
        """Return its part of the preparation's record."""
        found: dict[str, Any] = {"adapted": self.layers, "adapted_share": self.share}
        return found | ({"not_adapted": self.left_out} if self.left_out else {})

    def notes(self) -> list[str]:
        """Return a note for the reader where experts are not adapted."""
        if self.experts < 0.005:
            return []
        bare, on = f"{self.experts:.0%}", f"{self.share:.0%}"
        return [f"the experts, {bare} of the weights, have no adapter; the layers that have one are {on}"]


def lora_config(options: LoraSettings, module: Any) -> Any:
    """Return peft's settings of an adapter for a model that has none yet."""
    import peft

    targets = options.target_modules
    left_out = sorted(_left_out(module)) if targets == ALL_LINEAR else []
    config = peft.LoraConfig(
        task_type="CAUSAL_LM",
        r=options.rank,
        lora_alpha=options.alpha,
        lora_dropout=options.dropout,
        target_modules=targets if isinstance(targets, str) else list(targets),
        exclude_modules=left_out or None,
        use_rslora=options.use_rslora,
        use_dora=options.use_dora,
    )
    routers = _plain_routers(module) if targets == ALL_LINEAR else set()
    return _resolved_without(routers, config, module) if routers else config


def _resolved_without(routers: set[str], config: Any, module: Any) -> Any:
    """Return settings as peft resolves them for a mixture with fused experts, without its routers.

    With "all-linear", peft also adapts a router that is a plain weight, and no setting prevents it.
    """
    import peft
    import torch

    with torch.device("meta"):
        twin = type(module)._from_config(module.config)
    found = peft.get_peft_model(twin, config, low_cpu_mem_usage=True).peft_config["default"]
    found.target_parameters = {
        each
        for each in found.target_parameters or ()
        if not any(name == each or name.endswith(f".{each}") for name in routers)
    }
    return found


def wrapped(options: LoraSettings, module: Any, place: str, **how: Any) -> Any:
    """Return a model with a new adapter over it.

    Raises:
        InputError: It has no layer of the names wanted, or one of them cannot be adapted.
    """
    import peft

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what peft corrects by itself
            return peft.get_peft_model(module, lora_config(options, module), **how)
    except ValueError as error:
        names = ", ".join(sorted({name.rpartition(".")[2] for name, _ in _linear(module)} - {"lm_head"})[:12])
        remedy = f"name linear layers of this model: {names}" if names else "name another model"
        said = str(error).splitlines()[0].partition(". ")[0]
        problem = f"does not fit the model: {shorten(said, 160)}"
        raise InputError(place, "target_modules", problem, remedy) from None


def adapted(options: LoraSettings, empty: Any, place: str) -> Adapted:
    """Return the layers an adapter would be on.

    Args:
        options: Options of the method.
        empty: The model's modules on the device "meta"; not to be used afterwards.
        place: The experiment file, for errors.

    Raises:
        InputError: The names wanted do not fit the model.
    """
    from peft.tuners.tuners_utils import BaseTunerLayer

    whole = sum(each.numel() for each in empty.parameters())
    n_experts = number_of_experts(empty.config.get_text_config(decoder=True))
    experts = {
        name: each.numel()
        for name, each in empty.named_parameters()
        if of_experts(name, each.shape, n_experts)
    }
    left_out = Counter[str]()
    if options.target_modules == ALL_LINEAR:
        left_out.update(pattern_of(name) for name in _left_out(empty) | _plain_routers(empty))
    model = wrapped(options, empty, place, low_cpu_mem_usage=True)
    layers = dict(
        _weight(name, layer) for name, layer in model.named_modules() if isinstance(layer, BaseTunerLayer)
    )
    bare = sum(n for name, n in experts.items() if not {name, name.rpartition(".")[0]} & layers.keys())
    return Adapted(
        layers=dict(sorted(Counter(map(pattern_of, layers)).items())),
        share=sum(layers.values()) / whole,
        experts=bare / whole,
        left_out=dict(sorted(left_out.items())),
    )


def _weight(name: str, layer: Any) -> tuple[str, int]:
    """Return the base's name of what a peft layer wraps, and its number of weights.

    Fused experts are plain parameters of one module, each with its own wrapper, nested in one another.
    """
    name = name.removeprefix("base_model.model.").replace(".base_layer", "")
    parameter = getattr(layer, "parameter_name", None)
    weight = getattr(layer.get_base_layer(), parameter or "weight")
    return (f"{name}.{parameter}" if parameter else name), int(weight.numel())


def _linear(module: Any) -> Iterator[tuple[str, Any]]:
    """Yield the layers that peft treats as linear, by name, in plain numbers or in 4 bits."""
    import torch
    from transformers.pytorch_utils import Conv1D

    for name, layer in module.named_modules():
        if isinstance(layer, torch.nn.Linear | Conv1D):
            yield name, layer


def _left_out(module: Any) -> set[str]:
    """Return the linear layers that "all-linear" must leave out.

    They are routers, whose few outputs choose experts and whose weights are read directly; image and audio
    towers, which text never passes through, so that nothing is learnt there; and layers whose weights
    state-space models read directly.
    """
    text = module.config.get_text_config(decoder=True)
    n_experts = number_of_experts(text)
    passed = reached(module) if text is not module.config else None
    is_state_space = text.model_type in ("mamba", "mamba2", "falcon_mamba", "falcon_h1", "nemotron_h")
    found = set()
    for name, layer in _linear(module):
        last = name.rpartition(".")[2]
        is_router = _chooses(name, layer.weight.shape, n_experts)
        is_past = last == "dt_proj" or (is_state_space and last in _PAST)
        if is_router or is_past or (passed is not None and id(layer) not in passed):
            found.add(name)
    return found


def _plain_routers(module: Any) -> set[str]:
    """Return the routers of a mixture that are plain weights, not linear layers."""
    n_experts = number_of_experts(module.config.get_text_config(decoder=True))
    linear = {name for name, _ in _linear(module)}
    return {
        name
        for name, weight in module.named_parameters()
        if (owner := name.rpartition(".")[0]) not in linear
        and weight.dim() == 2
        and _chooses(owner, weight.shape, n_experts)
    }


def _chooses(name: str, shape: Sequence[int], n_experts: int) -> bool:
    """Whether a layer of this name and shape gives a number for each expert."""
    named = "gate" in name.rpartition(".")[2] or "router" in name
    return n_experts > 1 and named and shape[0] == n_experts
