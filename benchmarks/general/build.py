"""Builds the retention suite again, byte for byte: `python benchmarks/general/build.py [--out FOLDER]`.

The items come from the starter model's generator with seeds of its own and the held-out names and phrasings,
so none is in the starter's pre-training.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from harness.starter.synthesis import Example, Source, make
from harness.starter.synthesis.reading import NOT_FOUND, reading

HERE = Path(__file__).parent
SIZES = {"validation": 50, "test": 240}
GENERATE = "metrics: [exact_match, token_f1]\nmax_new_tokens: 24\n"
TASKS: dict[str, tuple[str, str, str, str]] = {
    "general_knowledge": ("generate", "Simple facts, one or two words.", "Answer the question.", GENERATE),
    "sentiment": (
        "choice",
        "Positive, negative or neutral, by log-likelihood.",
        "Name the sentiment: positive, negative or neutral.",
        "choices: [positive, negative, neutral]\nmetrics: [choice_accuracy]\nmax_new_tokens: 8\n",
    ),
    "arithmetic": (
        "generate",
        "Sums and differences of small numbers.",
        "Answer with the number only.",
        GENERATE,
    ),
    "reading": (
        "generate",
        "One to four passages in the input and a question that they answer.",
        "Answer the question from the passages. If they do not hold the answer, say: not found",
        GENERATE,
    ),
    "text_operations": (
        "generate",
        "Small operations on a few words.",
        "Do what is asked with the text.",
        GENERATE.replace("24", "48"),
    ),
}


def _general(source: Source) -> Example:
    example = make("general", source)
    question = example.question.removeprefix("Question: ").removeprefix("Q: ")
    return Example("general", [(question, example.answer)], tags=example.tags)


def _sentiment(source: Source) -> Example:
    example = make("sentiment", source)
    text = example.question.removeprefix("Text: ").removeprefix("Review: ")
    return Example("sentiment", [(text, example.answer)], tags=example.tags)


def _arithmetic(source: Source) -> Example:
    while True:
        example = make("sums", source)
        if len(example.answer) <= 2:
            return example


def _reading(source: Source) -> Example:
    while True:
        example = reading(source, 0.3, turns=1, refuse=0.0)
        if example.answer != NOT_FOUND:
            return example


def _text_operations(source: Source) -> Example:
    while True:
        example = make("textops", source)
        if example.system in (
            None,
            "Edit the text as told.",
            "Do what is asked with the text.",
            "Text tool.",
        ):
            return example


MAKERS: dict[str, Callable[[Source], Example]] = {
    "general_knowledge": _general,
    "sentiment": _sentiment,
    "arithmetic": _arithmetic,
    "reading": _reading,
    "text_operations": _text_operations,
}
BASELINE = {"sentiment": 0.333}


def items(task: str) -> dict[str, list[dict[str, object]]]:
    """The items of a task, by part; no input occurs twice.

    Args:
        task: A key of `TASKS`.
    """
    seen: set[str] = set()
    parts: dict[str, list[dict[str, object]]] = {}
    index = 0
    for part, size in SIZES.items():
        rows: list[dict[str, object]] = []
        while len(rows) < size:
            example = MAKERS[task](Source(f"benchmark/{task}/{index}", "heldout"))
            index += 1
            if example.question in seen:
                continue
            seen.add(example.question)
            name = f"{task}-{part}-{len(rows) + 1:04d}"
            rows.append(
                {"id": name, "input": example.question, "target": example.answer, "tags": example.tags}
            )
        parts[part] = rows
    return parts


def task_yaml(task: str) -> str:
    """The task's description file.

    Args:
        task: A key of `TASKS`.
    """
    kind, description, instruction, rest = TASKS[task]
    return (
        f"name: general/{task}\nversion: 1\nkind: {kind}\nrole: retention\n"
        f"description: {json.dumps(description)}\ninstruction: {json.dumps(instruction)}\n"
        f'prompt: "{{{{ input }}}}"\n{rest}'
        "items: {validation: validation.jsonl, test: test.jsonl}\n"
        "fields: {id: id, input: input, target: target, tags: tags}\n"
        f"random_baseline: {BASELINE.get(task, 0.0)}\n"
    )


def build(out: Path) -> None:
    """Writes all tasks.

    Args:
        out: Folder of the suite.
    """
    for task in TASKS:
        folder = out / task
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "task.yaml").write_text(task_yaml(task), encoding="utf-8")
        for part, rows in items(task).items():
            lines = [json.dumps(row, ensure_ascii=False) for row in rows]
            (folder / f"{part}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(argv: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE)
    build(parser.parse_args(argv).out)


if __name__ == "__main__":
    main()
