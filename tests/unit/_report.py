"""A made run folder: fixed fake results of four strategies, written as a run writes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.config import StrategyOptions
from harness.execution.composition import chain_of
from harness.runs.manifest import ModelRecord, RunManifest
from harness.runs.reading import Preparation
from harness.runs.store import Store
from harness.types import (
    ChoiceScore,
    Failure,
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

STRATEGIES = ("zero_shot", "few_shot", "rag", "lora")
N_ITEMS = 24


@dataclass(frozen=True)
class Words:
    """The words that a user or a model chose; tests put hostile ones here."""

    task: str = "handbook"
    label: str = "billing"
    question: str = "How many days may a drill be kept?"
    passage: str = "A drill may be kept for 3 days."
    answer: str = "3 days"
    error: str = "the answer has no end"
    description: str = "Which way answers questions about our handbook best?"
    strategy: str = "lora"

    def name(self, strategy: str) -> str:
        """Return the name under which the run has a strategy."""
        return self.strategy if strategy == "lora" else strategy


def made_run(folder: Path, words: Words = Words()) -> Path:
    """Write a run folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = made_manifest(words)
    (folder / "manifest.json").write_text(manifest.model_dump_json(), encoding="utf-8")
    with Store.open(folder) as store:
        store.write_manifest_digest((folder / "manifest.json").read_text(encoding="utf-8"))
        for task in manifest.tasks.values():
            store.write_items(task.digest, _items(task, words))
        for strategy in STRATEGIES:
            store.write_preparation(f"prepare-{strategy}", _preparation(strategy, words))
            for name, task in manifest.tasks.items():
                _write_results(store, f"{strategy}/{name}", strategy, task, words)
    return folder


def made_manifest(words: Words = Words()) -> RunManifest:
    tasks = {
        words.task: Task(
            name=words.task,
            kind="generate",
            description=words.description,
            metrics=(MetricSpec(use="exact_match"), MetricSpec(use="token_f1")),
            digest="a" * 64,
        ),
        "routing": Task(
            name="routing",
            kind="choice",
            choices=(words.label, "repairs", "sales"),
            metrics=(MetricSpec(use="choice_accuracy"),),
            random_baseline=1 / 3,
            digest="b" * 64,
        ),
        "sums": Task(
            name="sums",
            kind="generate",
            role="retention",
            metrics=(MetricSpec(use="exact_match"),),
            digest="c" * 64,
        ),
    }
    experiment: dict[str, Any] = {
        "name": "made",
        "description": words.description,
        "models": {"model": {"path": "builtin:smollm2"}},
        "strategies": {words.name(use): {"use": use, "options": {}} for use in STRATEGIES},
        "incumbent": "zero_shot",
        "seeds": [0],
        "limit": None,
    }
    entries = {name: StrategyOptions.model_validate(each) for name, each in experiment["strategies"].items()}
    return RunManifest(
        trilemma_version="0.1.0",
        name="made",
        experiment=experiment,
        experiment_digest="d" * 64,
        place="configs/made.yaml",
        tasks=tasks,
        metrics={
            words.task: ("exact_match", "token_f1"),
            "routing": ("choice_accuracy",),
            "sums": ("exact_match",),
        },
        shown={words.task: ("recall", "mrr")},
        recipes={words.name(use): {name: f"{use}/{name}" for name in tasks} for use in STRATEGIES},
        preparations={words.name(use): f"prepare-{use}" for use in STRATEGIES},
        traits={name: chain_of(name, entries, "made.yaml").traits for name in entries},
        asked=dict.fromkeys(tasks, N_ITEMS),
        models={
            "model": ModelRecord(identity=ModelIdentity(name="builtin:smollm2", weights_digest="e" * 64))
        },
        answered_by={words.name(use): "model" for use in STRATEGIES},
        embedder="f" * 64,
        packages={"torch": "2.13.0", "numpy": "2.4.6"},
        git_revision="0123456789abcdef",
        hardware={"cores": 2, "memory_bytes": 25_000_000_000, "devices": ["none"]},
        created="2026-01-02T03:04:05+00:00",
    )


def _items(task: Task, words: Words) -> list[TaskItem]:
    return [
        TaskItem(
            id=f"{task.name}-{number:02}",
            input=f"{words.question} ({number})",
            targets=(words.label,) if task.kind == "choice" else ("3", words.answer),
            split="test",
            tags=(words.label,),
            documents=("loans",),
        )
        for number in range(N_ITEMS)
    ]


def _right(strategy: str, task: Task, number: int) -> bool:
    """A fixed pattern: rag reads, lora routes and forgets sums, few_shot is a little better than nothing."""
    share = {
        ("rag", "generate"): 10,
        ("lora", "generate"): 5,
        ("few_shot", "generate"): 4,
        ("zero_shot", "generate"): 2,
        ("rag", "choice"): 5,
        ("lora", "choice"): 11,
        ("few_shot", "choice"): 7,
        ("zero_shot", "choice"): 4,
    }[strategy, task.kind]
    if task.role == "retention":
        share = 6 if strategy == "lora" else 10
    return (number * 7 + 3) % 12 < share


def _write_results(store: Store, recipe: str, strategy: str, task: Task, words: Words) -> None:
    generations, results = {}, []
    for item in _items(task, words):
        number = int(item.id.rpartition("-")[2])
        key = f"{recipe}/{item.id}"
        failed = strategy == "few_shot" and number == 5
        right = _right(strategy, task, number)
        if not failed:
            generations[key] = (_generation(strategy, task, right, words),)
        results.append(
            ItemResult(
                strategy=words.name(strategy),
                seed=0,
                task=task.name,
                item_id=item.id,
                key=key,
                request=_request(strategy, task, item, words),
                answer=None,
                scores={} if failed else _scores(strategy, task, right),
                error=Failure(kind="PromptTooLong", message=words.error) if failed else None,
            )
        )
    store.write_batch(recipe, generations, results)


def _scores(strategy: str, task: Task, right: bool) -> dict[str, float]:
    if task.kind == "choice":
        return {"choice_accuracy": float(right)}
    scores = {"exact_match": float(right)}
    if task.role == "target":
        scores["token_f1"] = 1.0 if right else 0.25
    if strategy == "rag" and task.role == "target":
        scores |= {"recall": float(right), "mrr": 0.5 if right else 0.0}
    return scores


def _generation(strategy: str, task: Task, right: bool, words: Words) -> Generation:
    usage = TokenUsage(prompt=320 if strategy == "rag" else 48, cached_prompt=16, completion=5)
    latency_s = 0.031 if strategy == "rag" else 0.012
    if task.kind == "choice":
        texts = (words.label, "repairs", "sales") if right else ("repairs", words.label, "sales")
        choices = tuple(
            ChoiceScore(text=text, log_likelihood=-0.5 - rank, n_tokens=2, n_chars=len(text))
            for rank, text in enumerate(texts)
        )
        return Generation(
            text=texts[0], choices=choices, usage=usage, latency_s=latency_s, stop_reason="choice"
        )
    text = words.answer if right else f"never: {words.answer}"
    return Generation(text=text, usage=usage, latency_s=latency_s)


def _request(strategy: str, task: Task, item: TaskItem, words: Words) -> Request:
    passages: tuple[Passage, ...] = ()
    question = item.input
    if strategy == "rag" and task.role == "target":
        passages = tuple(
            Passage(
                number=number,
                chunk_id=f"loans#{number}",
                document_id="loans",
                title=words.label,
                text=words.passage,
                score=0.9 - number / 10,
            )
            for number in (1, 2)
        )
        shown = "\n".join(f"[{p.number}] {p.title}: {p.text}" for p in passages)
        question = f"{shown}\n\n{item.input}"
    messages = [Message(role="system", content="Answer with a few words.")]
    if strategy == "few_shot":
        messages += [
            Message(role="user", content="What is 1 plus 1?"),
            Message(role="assistant", content="2"),
        ]
    messages.append(Message(role="user", content=question))
    return Request(task=task.name, item_id=item.id, messages=tuple(messages), passages=passages, cut=0)


def _preparation(strategy: str, words: Words) -> Preparation:
    if strategy == "lora":
        record: dict[str, Any] = {
            "lora": {
                "steps": 60,
                "best_step": 50,
                "stopped_early": False,
                "selection": "lowest validation loss",
                "loss": [[step, round(2.0 / (1 + step / 10), 3)] for step in range(10, 70, 10)],
                "validation_loss": [[20, 1.1], [40, 0.7], [60, 0.72]],
                "note": words.passage,
            }
        }
        cost = PrepareCost(
            trained_tokens=123_456,
            supervised_tokens=7_890,
            wall_s=95.2,
            device_s=90.0,
            peak_memory_bytes=800_000_000,
            flops=1e12,
            artifact_bytes=1_500_000,
        )
        return Preparation(words.strategy, 0, cost, record)
    if strategy == "rag":
        index = {"n_documents": 5, "n_chunks": 12, "dim": 384, "reused_or_new": "new"}
        cost = PrepareCost(embedding_tokens=900, wall_s=0.8, device_s=0.8, artifact_bytes=20_000)
        return Preparation(strategy, 0, cost, {"rag": {"indexes": {words.task: index}}})
    return Preparation(strategy, 0, PrepareCost(wall_s=0.0), {strategy: {}})
