"""Writes a trained state as a model folder: `python -m harness.starter.export STATE --out FOLDER`."""

# ruff: noqa: TID253  (a program for torch; nothing imports it before it is wanted)

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from harness.starter.pretrain import Recipe, new_model

MODEL = Path(__file__).parent / "model"
MOST_BYTES = 16_000_000
MOST_PARAMETERS = 8_000_000


def export(state_file: Path, out: Path) -> int:
    """Writes config, weights (bf16, which halves the file) and generation settings.

    Args:
        state_file: A `state.pt` of the pre-training.
        out: Folder of the model.

    Returns:
        Number of parameters.

    Raises:
        ValueError: When the model is larger than the repository allows.
    """
    from transformers import GenerationConfig

    state = torch.load(state_file, weights_only=True, map_location="cpu")
    model = new_model(Recipe(**state["recipe"]))
    model.load_state_dict(state["model"])
    count: int = sum(param.numel() for param in model.parameters())
    if count > MOST_PARAMETERS:
        raise ValueError(f"{state_file}: model: at most {MOST_PARAMETERS} parameters (got {count})")
    model = model.to(torch.bfloat16)
    model.config.use_cache = True
    model.generation_config = GenerationConfig(
        do_sample=False, pad_token_id=0, eos_token_id=1, max_new_tokens=64
    )
    model.save_pretrained(out)
    size = (out / "model.safetensors").stat().st_size
    if size > MOST_BYTES:
        raise ValueError(f"{out}/model.safetensors: size: at most {MOST_BYTES} bytes (got {size})")
    return count


def main(argv: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m harness.starter.export", description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("--out", type=Path, default=MODEL)
    args = parser.parse_args(argv)
    print(export(args.state, args.out), "parameters")  # noqa: T201


if __name__ == "__main__":
    main()
