"""A made run of any size: drawn words, with prompts and passages as long as real ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from harness.config import StrategyOptions
from harness.execution.composition import chain_of
from harness.runs.manifest import ModelRecord, RunManifest
from harness.runs.reading import Preparation
from harness.runs.store import Store
from harness.types import (
    Generation,
    ItemResult,
    Message,
    MetricSpec,
    ModelIdentity,
    Passage,
    PrepareCost,
    Request,
    Task,
    TaskItem,
    TokenUsage,
)

STRATEGIES = {"zero_shot": 0.2, "few_shot": 0.35, "rag": 0.7, "lora": 0.5, "qlora": 0.48, "lora+rag": 0.8}
"""Each strategy with its share of right answers."""
TASKS = ("handbook", "orders", "replies", "sums")
_N_PASSAGES, _N_EXAMPLES, _N_TAGS = 3000, 400, 30
_SYLLABLES = (
    "ka",
    "mer",
    "lo",
    "tin",
    "dra",
    "vos",
    "el",
    "ni",
    "sur",
    "pa",
    "quen",
    "bor",
    "ith",
    "sa",
    "gol",
)


class Writer:
    """Draws the texts of a run; equal seeds draw equal texts."""

    def __init__(self, seed: int = 0) -> None:
        self._draw = random.Random(seed)
        self._words = [
            "".join(self._draw.choices(_SYLLABLES, k=self._draw.randint(1, 4))) for _ in range(4000)
        ]
        self._passages = [(f"document-{n // 3}", self.text(95)) for n in range(_N_PASSAGES)]
        self._examples = [(self.text(22), self.text(4)) for _ in range(_N_EXAMPLES)]

    def text(self, n_words: int) -> str:
        """Return so many words."""
        return " ".join(self._draw.choices(self._words, k=n_words)).capitalize() + "."

    def item(self, task: str, number: int) -> TaskItem:
        """Return an item that names a document and has a tag."""
        return TaskItem(
            id=f"{task}-test-{number:05}",
            input=self.text(self._draw.randint(8, 35)),
            targets=(self.text(self._draw.randint(1, 8)),),
            split="test",
            tags=(f"tag-{self._draw.randrange(_N_TAGS)}",),
            documents=(self._draw.choice(self._passages)[0],),
        )

    def result(self, strategy: str, task: str, item: TaskItem) -> tuple[ItemResult, Generation]:
        """Return what a strategy made of an item."""
        right = self._draw.random() < STRATEGIES[strategy]
        request = self._request(strategy, task, item)
        n_prompt = sum(len(message.content) for message in request.messages) // 4
        generation = Generation(
            text=item.targets[0] if right else self.text(self._draw.randint(1, 8)),
            usage=TokenUsage(prompt=n_prompt, completion=self._draw.randint(2, 12)),
            latency_s=self._draw.uniform(0.01, 0.4),
        )
        result = ItemResult(
            strategy=strategy,
            seed=0,
            task=task,
            item_id=item.id,
            key=f"{strategy}/{item.id}",
            request=request,
            answer=None,
            scores={"exact_match": float(right)},
        )
        return result, generation

    def _request(self, strategy: str, task: str, item: TaskItem) -> Request:
        messages = [
            Message(role="system", content="Answer the question in a few words, from what you were shown.")
        ]
        if strategy == "few_shot":
            for question, answer in self._draw.sample(self._examples, 4):
                messages += [
                    Message(role="user", content=question),
                    Message(role="assistant", content=answer),
                ]
        passages: tuple[Passage, ...] = ()
        if strategy.endswith("rag"):
            drawn = enumerate(self._draw.sample(range(_N_PASSAGES), 4), 1)
            passages = tuple(
                Passage(
                    number=n,
                    chunk_id=f"chunk-{place}",
                    document_id=self._passages[place][0],
                    title=f"Title {place}",
                    text=self._passages[place][1],
                    score=0.9 - n / 10,
                )
                for n, place in drawn
            )
        shown = "".join(f"[{p.number}] {p.title}\n{p.text}\n\n" for p in passages)
        messages.append(Message(role="user", content=shown + item.input))
        return Request(task=task, item_id=item.id, messages=tuple(messages), passages=passages)


def made_run(folder: Path, n_items: int, seed: int = 0) -> Path:
    """Write a run folder of ``n_items`` items, each answered by all strategies, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest, writer = _manifest(n_items), Writer(seed)
    (folder / "manifest.json").write_text(manifest.model_dump_json(), encoding="utf-8")
    with Store.open(folder) as store:
        for place, (name, task) in enumerate(manifest.tasks.items()):
            items = [writer.item(name, number) for number in range(place, n_items, len(TASKS))]
            store.write_items(task.digest, items)
            for strategy in STRATEGIES:
                _write(store, f"{strategy}/{name}", [writer.result(strategy, name, item) for item in items])
        for strategy in STRATEGIES:
            store.write_preparation(f"prepare-{strategy}", Preparation(strategy, 0, PrepareCost(), {}))
    return folder


def _write(store: Store, recipe: str, found: list[tuple[ItemResult, Generation]]) -> None:
    generations = {result.key: (generation,) for result, generation in found}
    store.write_batch(recipe, generations, [result for result, _ in found])


def _manifest(n_items: int) -> RunManifest:
    tasks = dict(_tasks())
    entries = {name: StrategyOptions(use=name) for name in STRATEGIES}
    return RunManifest(
        trilemma_version="0.1.0",
        name="made",
        experiment={
            "name": "made",
            "models": {"model": {"path": "builtin:smollm2"}},
            "strategies": {name: entry.model_dump() for name, entry in entries.items()},
            "incumbent": "zero_shot",
            "seeds": [0],
            "repeats": 1,
            "limit": None,
        },
        experiment_digest="0" * 64,
        place="made.yaml",
        tasks=tasks,
        metrics=dict.fromkeys(tasks, ("exact_match",)),
        recipes={strategy: {name: f"{strategy}/{name}" for name in tasks} for strategy in STRATEGIES},
        preparations={strategy: f"prepare-{strategy}" for strategy in STRATEGIES},
        traits={name: chain_of(name, entries, "made.yaml").traits for name in entries},
        asked={name: len(range(place, n_items, len(tasks))) for place, name in enumerate(tasks)},
        models={
            "model": ModelRecord(identity=ModelIdentity(name="builtin:smollm2", weights_digest="0" * 64))
        },
        answered_by=dict.fromkeys(STRATEGIES, "model"),
        embedder="",
        packages={},
        git_revision="",
        hardware={},
        created="2026-01-02T03:04:05+00:00",
    )


def _tasks() -> Iterator[tuple[str, Task]]:
    for number, name in enumerate(TASKS):
        metrics = (MetricSpec(use="exact_match"),)
        role = "retention" if name == "sums" else "target"
        yield name, Task(name=name, kind="generate", role=role, metrics=metrics, digest=str(number) * 64)
