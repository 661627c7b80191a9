"""Pre-trains the starter model: `python -m harness.starter.pretrain --help`."""

# ruff: noqa: TID253  (a program for torch; nothing imports it before it is wanted)

from __future__ import annotations

import argparse
import json
import math
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from harness.starter.initialise import initialise
from harness.starter.mixture import COURSES
from harness.starter.muon import Muon, has_fast_bf16
from harness.starter.recall import PAD, Row, recall_rows

DEFAULT_OUT = Path(".starter-training")


@dataclass(frozen=True)
class Recipe:
    """Everything that, with the code, decides the weights.

    Attributes:
        stage: `recall` (random tokens), `lessons` (looking up), `mixture` (all generated tasks), `labels`
            (labels from examples in the prompt, easy ones first), `owners`
            (values that an owner and a key decide together) or `polish` (all at full difficulty).
        seed: Seed of the weights and of every batch.
        steps: Steps of the stage; the learning rate's course depends on it.
        tokens: Least number of tokens a step.
        micro_tokens: Most padded tokens in one forward pass.
        muon_lr: Peak learning rate of the matrices.
        adam_lr: Peak learning rate of embeddings and norms.
        warmup: Steps of linear rise.
        decay_from: Share of the steps after which the rate falls.
        final: Rate at the end as a share of the peak.
        vocab, hidden, mlp, layers, heads, positions, rope_theta: The shape of the model.
    """

    stage: str = "recall"
    seed: int = 0
    steps: int = 300
    tokens: int = 5000
    micro_tokens: int = 3000
    muon_lr: float = 0.02
    adam_lr: float = 3e-3
    warmup: int = 20
    decay_from: float = 0.5
    final: float = 0.0
    vocab: int = 4096
    hidden: int = 256
    mlp: int = 512
    layers: int = 6
    heads: int = 8
    positions: int = 2048
    rope_theta: float = 100_000.0


def new_model(recipe: Recipe) -> Any:
    """A `LlamaForCausalLM` of the recipe's shape with the structured start of `initialise`."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=recipe.vocab,
        hidden_size=recipe.hidden,
        intermediate_size=recipe.mlp,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.heads,
        max_position_embeddings=recipe.positions,
        tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": recipe.rope_theta},
        pad_token_id=PAD,
        bos_token_id=None,
        eos_token_id=1,
    )
    model = LlamaForCausalLM(config)
    initialise(model, recipe.seed)
    return model


def optimisers(model: Any, recipe: Recipe) -> tuple[Muon, torch.optim.AdamW]:
    """Muon for the matrices of the layers, AdamW for embeddings and norms."""
    matrices: list[Tensor] = []
    rest: list[Tensor] = []
    for name, param in model.named_parameters():
        (matrices if param.ndim == 2 and "embed" not in name else rest).append(param)
    adam = torch.optim.AdamW(rest, lr=recipe.adam_lr, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    return Muon(matrices, lr=recipe.muon_lr), adam


def rate(recipe: Recipe, step: int) -> float:
    """Learning rate of a step as a share of the peak: rises, stays, falls linearly to `final`."""
    if step < recipe.warmup:
        return (step + 1) / recipe.warmup
    start = recipe.decay_from * recipe.steps
    if step <= start:
        return 1.0
    return recipe.final + (1.0 - recipe.final) * max(0.0, (recipe.steps - step) / (recipe.steps - start))


def micro_batches(rows: list[Row], most: int) -> list[tuple[Tensor, Tensor, list[str]]]:
    """Rows of like length together, padded on the right.

    Args:
        rows: The rows of one step.
        most: Most padded tokens in one micro-batch (one longer row makes one of its own).

    Returns:
        Ids and weights, each (rows, tokens), and the family of each row.
    """
    batches = []
    pending: list[Row] = []
    for row in [*sorted(rows, key=lambda row: len(row.ids)), None]:
        if pending and (row is None or len(row.ids) * (len(pending) + 1) > most):
            width = len(pending[-1].ids)
            ids = torch.full((len(pending), width), PAD)
            weights = torch.zeros(len(pending), width)
            for index, each in enumerate(pending):
                ids[index, : len(each.ids)] = torch.tensor(each.ids)
                weights[index, : len(each.ids)] = torch.tensor(each.weights)
            batches.append((ids, weights, [each.family for each in pending]))
            pending = []
        if row is not None:
            pending.append(row)
    return batches


def supervised_loss(
    core: Any, head: Tensor, ids: Tensor, weights: Tensor, precision: Any
) -> tuple[Tensor, Tensor]:
    """Weighted negative log-likelihood; the output layer is computed only where a token is predicted.

    Args:
        core: The model without its output layer.
        head: Output matrix, (vocabulary, hidden).
        ids: Token ids, (rows, tokens).
        weights: Weight of predicting each token, (rows, tokens).
        precision: Context manager for the forward pass.

    Returns:
        The sum of the weighted loss, and for each token whether it was predicted and the model's first
        choice, (rows, tokens - 1).
    """
    with precision:
        hidden = core(ids, use_cache=False).last_hidden_state[:, :-1]
        wanted = weights[:, 1:] > 0
        logits = hidden[wanted] @ head.T
    target = ids[:, 1:][wanted]
    each = torch.nn.functional.cross_entropy(logits.float(), target, reduction="none")
    hits = torch.zeros_like(wanted)
    hits[wanted] = logits.detach().argmax(-1) == target
    return (each * weights[:, 1:][wanted]).sum(), hits


class FirstTokens:
    """Share of answers whose first token is right, by family, since the last report.

    The rest of an answer is copying, which is right all along; finding what to copy shows in the first token.
    """

    def __init__(self) -> None:
        self.right: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()

    def add(self, weights: Tensor, hits: Tensor, families: list[str]) -> None:
        """Counts the answers of a batch; weights (rows, tokens), hits (rows, tokens - 1)."""
        predicted = weights > 0
        first = predicted[:, 1:] & ~predicted[:, :-1]
        for family, seen, right in zip(
            families, first.sum(1).tolist(), (first & hits).sum(1).tolist(), strict=True
        ):
            self.seen[family] += seen
            self.right[family] += right

    def report(self) -> dict[str, float]:
        """The shares; starts anew."""
        shares = {family: round(self.right[family] / n, 3) for family, n in sorted(self.seen.items()) if n}
        self.right.clear()
        self.seen.clear()
        return shares


def fast_precision(device: str) -> Any:
    """bf16 autocast where `has_fast_bf16`, else fp32."""
    return torch.autocast(device, dtype=torch.bfloat16, enabled=has_fast_bf16(device))


def _weights(start_from: Path) -> dict[str, Tensor]:
    """Return the weights of a `state.pt`, or those of an exported model folder in fp32."""
    if start_from.is_file():
        kept: dict[str, Tensor] = torch.load(start_from, weights_only=True)["model"]
        return kept
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(start_from, dtype=torch.float32, local_files_only=True)
    weights: dict[str, Tensor] = model.state_dict()
    return weights


class Trainer:
    """Runs one stage from its state on disk to its end.

    Args:
        recipe: What to run.
        out: Folder for the state and the log.
        start_from: Weights to start from, a `state.pt` or a model folder; None for new ones.
    """

    def __init__(self, recipe: Recipe, out: Path, start_from: Path | None = None) -> None:
        self.recipe = recipe
        self.out = out
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = new_model(recipe)
        if start_from is not None:
            self.model.load_state_dict(_weights(start_from))
        self.model.to(self.device)
        self.muon, self.adam = optimisers(self.model, recipe)
        self.step = 0
        self.seen_tokens = 0
        self.wall_s = 0.0
        self.first_tokens = FirstTokens()
        out.mkdir(parents=True, exist_ok=True)
        if (out / "state.pt").exists():
            self._load()

    def _load(self) -> None:
        state = torch.load(self.out / "state.pt", weights_only=True)
        if state["recipe"] != asdict(self.recipe):
            raise ValueError(f"{self.out}/state.pt: recipe: another recipe; use another --out")
        self.model.load_state_dict(state["model"])
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])
        self.step, self.seen_tokens, self.wall_s = state["step"], state["tokens"], state["wall_s"]

    def save(self) -> None:
        """Writes the whole state, so that a later run goes on as if unbroken."""
        state = {
            "recipe": asdict(self.recipe),
            "model": self.model.state_dict(),
            "muon": self.muon.state_dict(),
            "adam": self.adam.state_dict(),
            "step": self.step,
            "tokens": self.seen_tokens,
            "wall_s": self.wall_s,
        }
        part = self.out / "state.pt.part"
        torch.save(state, part)
        part.replace(self.out / "state.pt")

    def rows(self) -> list[Row]:
        """The rows of the current step; they depend on the recipe and the step alone."""
        recipe = self.recipe
        if recipe.stage == "recall":
            return recall_rows(recipe.seed, self.step, recipe.steps, recipe.vocab, recipe.tokens)
        from harness.starter.mixture import course_rows

        return course_rows(recipe.stage, recipe.seed, self.step, recipe.steps, recipe.tokens)

    def train_step(self) -> dict[str, float]:
        """One optimiser step; returns loss, share of predicted tokens right, and tokens."""
        rows = self.rows()
        total = sum(sum(row.weights[1:]) for row in rows)
        predicted = sum(sum(w > 0 for w in row.weights[1:]) for row in rows)
        loss_sum, hit_sum = 0.0, 0
        head = self.model.model.embed_tokens.weight
        for ids, weights, families in micro_batches(rows, self.recipe.micro_tokens):
            ids, weights = ids.to(self.device), weights.to(self.device)
            loss, hits = supervised_loss(self.model.model, head, ids, weights, fast_precision(self.device))
            torch.autograd.backward(loss / total)
            loss_sum += float(loss.detach())
            hit_sum += int(hits.sum())
            self.first_tokens.add(weights, hits, families)
        share = rate(self.recipe, self.step)
        for optimiser, peak in ((self.muon, self.recipe.muon_lr), (self.adam, self.recipe.adam_lr)):
            for group in optimiser.param_groups:
                group["lr"] = peak * share
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.muon.step()
        self.adam.step()
        self.model.zero_grad(set_to_none=True)
        self.step += 1
        self.seen_tokens += sum(len(row.ids) for row in rows)
        return {"loss": loss_sum / total, "right": hit_sum / predicted}

    def run(self, save_every_s: float = 120.0, log_every: int = 20, stop_at: int | None = None) -> None:
        """Trains to the end of the stage (or to step `stop_at`), saving on the way."""
        last_save = time.monotonic()
        last = None if stop_at is None else min(stop_at, self.recipe.steps)
        while self.step < (last if last is not None else self.recipe.steps):
            before = time.monotonic()
            result = self.train_step()
            self.wall_s += time.monotonic() - before
            if self.step % log_every == 0:
                line: dict[str, Any] = {
                    "step": self.step,
                    "tokens": self.seen_tokens,
                    "wall_s": round(self.wall_s, 1),
                }
                line |= {key: round(value, 4) for key, value in result.items()}
                line["first_tokens"] = self.first_tokens.report()
                with (self.out / "log.jsonl").open("a") as log:
                    log.write(json.dumps(line) + "\n")
            if time.monotonic() - last_save > save_every_s:
                self.save()
                last_save = time.monotonic()
        self.save()


def steps_for(recipe: Recipe, minutes: float, out: Path) -> Recipe:
    """Turns a budget of minutes into steps by timing a few; the number is then part of the recipe.

    Args:
        recipe: The recipe.
        minutes: Wall-clock budget.
        out: Folder for the state of the trial, which is left empty.
    """
    trial = Trainer(recipe, out / "trial")
    before = time.monotonic()
    for _ in range(6):
        trial.train_step()
    step_s = (time.monotonic() - before) / 6
    return replace(recipe, steps=max(1, math.floor(minutes * 60 / step_s)))


def main(argv: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m harness.starter.pretrain", description=__doc__)
    parser.add_argument("stage", choices=["recall", *COURSES])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--from", dest="start_from", type=Path)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--tokens", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--muon-lr", type=float, default=0.02)
    parser.add_argument("--adam-lr", type=float, default=3e-3)
    parser.add_argument("--decay-from", type=float, default=0.5)
    parser.add_argument("--stop-at", type=int)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    recipe = Recipe(
        stage=args.stage,
        seed=args.seed,
        tokens=args.tokens,
        decay_from=args.decay_from,
        muon_lr=args.muon_lr,
        adam_lr=args.adam_lr,
    )
    kept = args.out / "recipe.json"
    if kept.exists():
        recipe = Recipe(**json.loads(kept.read_text()))
    else:
        if args.steps:
            recipe = replace(recipe, steps=args.steps)
        elif args.minutes:
            recipe = steps_for(recipe, args.minutes, args.out)
        args.out.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(asdict(recipe), indent=1))
    print(json.dumps(asdict(recipe)), flush=True)  # noqa: T201
    Trainer(recipe, args.out, args.start_from).run(stop_at=args.stop_at)


if __name__ == "__main__":
    main()
