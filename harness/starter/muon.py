"""Muon for stacks of weight matrices, in the precision the device is fast at.

`torch.optim.Muon` orthogonalises in bf16, which a CPU without bf16 units does four times slower than fp32,
and one matrix at a time. Here matrices of one shape are stacked, so that a step is a few batched products.
"""

# ruff: noqa: TID253  (a program for torch; nothing imports it before it is wanted)

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def has_fast_bf16(device: str) -> bool:
    """Whether the device multiplies bf16 faster than fp32 (a CPU without units for it is slower)."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))


def orthogonalise(stack: Tensor, steps: int = 5) -> Tensor:
    """Moves every matrix towards its nearest semi-orthogonal one (quintic Newton-Schulz iteration).

    Args:
        stack: Matrices of one shape, (n_matrices, rows, columns).
        steps: Iterations; five bring the singular values into about 0.7 to 1.2.

    Returns:
        The matrices in the shape and type of `stack`.
    """
    a, b, c = NEWTON_SCHULZ
    tall = stack.size(1) > stack.size(2)
    x = stack.transpose(1, 2) if tall else stack
    x = x / x.flatten(1).norm(dim=1).clamp(min=1e-7)[:, None, None]
    if has_fast_bf16(x.device.type):
        x = x.to(torch.bfloat16)
    for _ in range(steps):
        gram = x @ x.transpose(1, 2)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.transpose(1, 2) if tall else x).to(stack.dtype)


class Muon(torch.optim.Optimizer):
    """Momentum, then orthogonalisation, for matrices only (Jordan et al. 2024).

    Args:
        params: Two-dimensional parameters.
        lr: Step length; the update of an (m, n) matrix is scaled by sqrt(max(1, m / n)).
        momentum: Nesterov momentum, 0 to 1.
        weight_decay: Decoupled weight decay, multiplied by the learning rate.
    """

    def __init__(
        self, params: Iterable[Tensor], lr: float = 0.02, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # noqa: ARG002
        """Takes one step; `closure` is not used."""
        for group in self.param_groups:
            by_shape: dict[tuple[int, ...], list[Tensor]] = {}
            for param in group["params"]:
                if param.grad is not None:
                    by_shape.setdefault(tuple(param.shape), []).append(param)
            for same in by_shape.values():
                self._step_stack(same, group)

    def _step_stack(self, params: list[Tensor], group: dict[str, Any]) -> None:
        momentum, lr = group["momentum"], group["lr"]
        directions = []
        for param in params:
            grad = param.grad
            assert grad is not None
            state = self.state[param]
            if "momentum_buffer" not in state:
                state["momentum_buffer"] = torch.zeros_like(param)
            buffer = state["momentum_buffer"]
            buffer.lerp_(grad, 1 - momentum)
            directions.append(grad.lerp(buffer, momentum))
        updates = orthogonalise(torch.stack(directions))
        rows, columns = params[0].shape
        scale = max(1.0, rows / columns) ** 0.5
        for param, update in zip(params, updates, strict=True):
            param.mul_(1 - lr * group["weight_decay"])
            param.add_(update, alpha=-lr * scale)
