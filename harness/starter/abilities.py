"""Measures the starter model on held-out seeds and names: `python -m harness.starter.abilities`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.starter.synthesis import Example, Source, make
from harness.starter.synthesis.reading import NOT_FOUND, reading
from harness.stats import wilson_interval

MODEL = Path(__file__).parent / "model"
TARGETS = {"reading": 0.85, "labels": 0.80, "general": 0.95, "refusal": 0.80}


@dataclass(frozen=True)
class Ability:
    """A measured share.

    Attributes:
        name: What was measured.
        right: Number of answers that are exactly right.
        n: Number of questions.
        target: The share that is asked for, or None.
    """

    name: str
    right: int
    n: int
    target: float | None = None

    @property
    def share(self) -> float:
        """Share of right answers; 1.0 is best."""
        return self.right / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share."""
        return wilson_interval(self.right, self.n)


def _collect(
    make_one: Callable[[Source], Example], wanted: Callable[[Example], bool], name: str, n: int
) -> list[Example]:
    """The first `n` wanted examples of the held-out split whose last answer counts."""
    found: list[Example] = []
    index = 0
    while len(found) < n:
        example = make_one(Source(f"abilities/{name}/{index}", "heldout"))
        index += 1
        if example.counts[-1] and wanted(example):
            found.append(example)
    return found


def heldout_examples(n: int) -> dict[str, list[Example]]:
    """The examples of each ability.

    Args:
        n: Examples an ability.
    """

    def answered(example: Example) -> bool:
        return example.answer != NOT_FOUND

    def always(_: Example) -> bool:
        return True

    def one_question(source: Source) -> Example:
        return reading(source, 1.0, turns=1, refuse=0.0)

    def refusing(source: Source) -> Example:
        return reading(source, 1.0, turns=1, refuse=1.0)

    examples = {
        "reading": _collect(one_question, answered, "reading", n),
        "refusal": _collect(refusing, lambda example: not answered(example), "refusal", n),
    }
    families = {
        "labels": "label_turns", "labels in a list": "label_list", "nearest example": "nearest",
        "general": "general",
        "formats": "formats", "extraction": "extraction", "text operations": "textops", "sums": "sums",
        "sentiment": "sentiment", "copying": "copying", "named labels": "named_labels",
    }  # fmt: skip
    for name, family in families.items():
        examples[name] = _collect(lambda source, f=family: make(f, source, 1.0), always, name, n)  # type: ignore[misc]
    return examples


def messages(example: Example) -> list[dict[str, str]]:
    """The conversation up to the last question, as chat messages."""
    chat = [{"role": "system", "content": example.system}] if example.system is not None else []
    for user, assistant in example.turns[:-1]:
        chat += [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]
    return [*chat, {"role": "user", "content": example.question}]


def answers(model: Any, tokenizer: Any, examples: list[Example], batch: int = 16) -> list[str]:
    """Greedy answers.

    Args:
        model: A causal language model.
        tokenizer: Its tokenizer.
        examples: The conversations.
        batch: Conversations generated at a time.
    """
    import torch

    prompts = [
        tokenizer.apply_chat_template(messages(example), tokenize=False, add_generation_prompt=True)
        for example in examples
    ]
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    found = [""] * len(prompts)
    tokenizer.padding_side = "left"
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        inputs = tokenizer(
            [prompts[i] for i in chosen], return_tensors="pt", padding=True, add_special_tokens=False
        )
        with torch.inference_mode():
            out = model.generate(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                max_new_tokens=96 if examples[0].family == "extraction" else 40,
                do_sample=False,
            )
        texts = tokenizer.batch_decode(out[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        for index, text in zip(chosen, texts, strict=True):
            found[index] = text.strip()
    return found


def field_matches(answer: str, wanted: str) -> tuple[int, int]:
    """Right fields and all fields of a JSON answer.

    Args:
        answer: What the model wrote.
        wanted: The JSON that is right.
    """
    gold = json.loads(wanted)
    try:
        got = json.loads(answer)
    except json.JSONDecodeError:
        got = {}
    got = got if isinstance(got, dict) else {}
    return sum(key in got and got[key] == value for key, value in gold.items()), len(gold)


def measure(folder: Path, n: int, threads: int = 2) -> list[Ability]:
    """Measures all abilities of the model in a folder.

    Args:
        folder: Model with tokenizer.
        n: Examples an ability.
        threads: CPU threads.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(threads)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    abilities = []
    for name, examples in heldout_examples(n).items():
        found = answers(model, tokenizer, examples)
        right = sum(answer == example.answer for answer, example in zip(found, examples, strict=True))
        abilities.append(Ability(name, right, len(examples), TARGETS.get(name)))
        if name == "extraction":
            fields = [field_matches(a, e.answer) for a, e in zip(found, examples, strict=True)]
            abilities.append(
                Ability("extraction, fields", sum(r for r, _ in fields), sum(k for _, k in fields))
            )
        if name == "reading":
            kinds = sorted({example.tags[0] for example in examples})
            for kind in kinds:
                marks = [a == e.answer for a, e in zip(found, examples, strict=True) if e.tags[0] == kind]
                abilities.append(Ability(f"reading, {kind}", sum(marks), len(marks)))
    return abilities


def table(abilities: list[Ability]) -> str:
    """The abilities as a Markdown table."""
    lines = ["| ability | exact | n | 95 % interval | asked for | reached |", "|---|---|---|---|---|---|"]
    for each in abilities:
        low, high = each.interval
        asked = "" if each.target is None else f"{each.target:.2f}"
        reached = "" if each.target is None else "yes" if each.share >= each.target else "no"
        lines.append(
            f"| {each.name} | {each.share:.3f} | {each.n} | {low:.3f} to {high:.3f} | {asked} | {reached} |"
        )
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m harness.starter.abilities", description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--n", type=int, default=400, help="examples an ability")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="file for the figures as JSON")
    args = parser.parse_args(argv)
    abilities = measure(args.model, args.n, args.threads)
    print(table(abilities))  # noqa: T201
    if args.out:
        rows = [{"name": each.name, "right": each.right, "n": each.n} for each in abilities]
        args.out.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
