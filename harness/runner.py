"""The run: every strategy on every item, one finished batch at a time.

Items go through in windows, so that a run of very many takes no more memory than one of a few thousand. A
batch is planned from the requests of its window alone and written whole, so a run that is killed and started
again forms the same batches and ends with the same rows as one that was never broken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from harness.composition import Chain
from harness.drift import DriftMeter, Probes, merged_latency, noise_of
from harness.errors import InputError, TrilemmaError, shorten
from harness.progress import Progress, Step
from harness.protocols import (
    Case,
    Embedder,
    Metric,
    Model,
    PrepareContext,
    Prepared,
    TrainableModel,
)
from harness.store import Preparation, Store, generation_key
from harness.tasks.prompting import plain_requests
from harness.types import (
    Failure,
    Generation,
    ItemResult,
    LoadedTask,
    PrepareCost,
    Request,
    TaskItem,
)

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True)
class Probing:
    """What is measured of a prepared strategy beside its answers; see `harness.drift`.

    Attributes:
        text: General text; empty for none.
        prompts: Test items of each task on whose prompts the distance from the base is measured.
        noise_items: Items of each retention task that the base is asked a second time.
        timed_items: Items on which an adapter is timed apart from its base and merged into it.
        base: The strategy that asks the model as it came.
        digest: Of all this and of the items; empty for none of it.
    """

    text: str = ""
    prompts: int = 0
    noise_items: int = 0
    timed_items: int = 0
    base: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Plan:
    """A run with everything it needs; the command line composes it.

    ``tests`` holds the chosen test items of each task. ``recipes[strategy][task]`` and
    ``preparations[strategy]`` are the digests under which rows are stored.
    """

    place: str
    run_dir: Path
    chains: tuple[Chain, ...]
    tasks: tuple[LoadedTask, ...]
    tests: Mapping[str, Sequence[TaskItem]]
    metrics: Mapping[str, tuple[Metric, ...]]
    recipes: Mapping[str, Mapping[str, str]]
    preparations: Mapping[str, str]
    model: Model
    embedder: Callable[[], Embedder]
    seeds: tuple[int, ...]
    repeats: int
    temperature: float
    on_long_prompt: str
    probing: Probing = Probing()


def execute(plan: Plan, store: Store, progress: Progress) -> None:
    """Do all of the plan that is not in the store yet.

    Raises:
        InputError: A strategy refuses its input; what was finished stays in the store.
    """
    for task in plan.tasks:
        store.write_items(task.task.digest, plan.tests[task.task.name])
    for chain in plan.chains:
        for seed in plan.seeds:
            _run_strategy(plan, chain, seed, store, progress)


def _run_strategy(plan: Plan, chain: Chain, seed: int, store: Store, progress: Progress) -> None:
    recipes = plan.recipes[chain.name]
    for recipe in recipes.values():
        store.forget_errors(recipe, seed)
    if _all_finished(plan, chain, seed, store):
        progress.say(f"{_label(plan, chain, seed)}: finished before")
        return
    try:
        prepared = chain.prepare(_context(plan, seed, progress))
    except TrilemmaError:
        raise
    except Exception as error:  # noqa: BLE001 - one strategy that breaks must not cost the others
        failure = Failure(kind=type(error).__name__, message=shorten(str(error), 500))
        store.write_preparation(
            plan.preparations[chain.name], Preparation(chain.name, seed, PrepareCost(), {}, failure)
        )
        progress.say(f"{_label(plan, chain, seed)}: could not be prepared: {failure.kind}: {failure.message}")
        return
    preparation = Preparation(chain.name, seed, prepared.cost, prepared.record)
    store.write_preparation(plan.preparations[chain.name], preparation)
    for task in plan.tasks:
        asking = _Asking(plan, chain.name, seed, task, prepared, store)
        asking.run(progress)
    _probe(plan, chain, seed, prepared, store, progress)


def _probe(plan: Plan, chain: Chain, seed: int, prepared: Prepared, store: Store, progress: Progress) -> None:
    """Measure how far an adapted model is from its base, or how far the base is from itself."""
    if _probed(plan, chain, seed, store):
        return
    identity = prepared.model.identity
    adapted = identity.adapter_digest != plan.model.identity.adapter_digest
    adapter = f"{identity.adapter_digest} {identity.quantization}" if adapted else ""
    probes = Probes(of=plan.probing.digest, adapter=adapter)
    label = _label(plan, chain, seed)
    if adapted and isinstance(plan.model, TrainableModel) and isinstance(prepared.model, TrainableModel):
        probes = _shared(plan, probes, seed, store) or _measured(plan, probes, prepared, label, progress)
    elif chain.name == plan.probing.base and seed == plan.seeds[0]:
        asked = _asked_before(plan, chain, seed, store)
        total = sum(len(pairs) for pairs in asked.values())
        with progress.step(f"{label} · asked again", total) as step:
            noise = tuple(noise_of(prepared.model, asked, step.advance))
        probes = probes.model_copy(update={"noise": noise})
    store.write_probes(plan.preparations[chain.name], seed, probes.model_dump_json())


def _shared(plan: Plan, wanted: Probes, seed: int, store: Store) -> Probes | None:
    """Return what was measured of another strategy with the same adapter."""
    for recipe in plan.preparations.values():
        kept = store.probes(recipe).get(seed)
        known = Probes.model_validate_json(kept) if kept else None
        if known and (known.of, known.adapter) == (wanted.of, wanted.adapter):
            return known
    return None


def _measured(plan: Plan, probes: Probes, prepared: Prepared, label: str, progress: Progress) -> Probes:
    """Measure likelihoods and latencies of an adapted model; base and model are trainable ones."""
    base, model = plan.model, prepared.model
    assert isinstance(base, TrainableModel)
    assert isinstance(model, TrainableModel)
    texts, timed = _drift_texts(plan), _timed_requests(plan, prepared)
    with progress.step(f"{label} · distance from the base", len(texts) + 2 * (len(timed) + 1)) as step:
        drift = tuple(DriftMeter(base, texts).of(model, step.advance))
        merged = merged_latency(model, timed, step.advance)
    return probes.model_copy(update={"drift": drift, "merged": merged})


def _probed(plan: Plan, chain: Chain, seed: int, store: Store) -> bool:
    """Whether these measurements are in the store, or none are wanted."""
    kept = store.probes(plan.preparations[chain.name]).get(seed)
    wanted = plan.probing.digest
    return not wanted or (kept is not None and Probes.model_validate_json(kept).of == wanted)


def _timed_requests(plan: Plan, prepared: Prepared) -> list[Request]:
    """Return the requests on which an adapter is timed: the first items of the first target task."""
    tasks = [task.task for task in plan.tasks if task.task.role == "target"][:1]
    return [
        request
        for task in tasks
        for request in prepared.build(
            task, [item.without_answer() for item in plan.tests[task.name][: plan.probing.timed_items]]
        )
        if isinstance(request, Request)
    ]


def _drift_texts(plan: Plan) -> dict[str, list[str]]:
    texts = {"general text": [plan.probing.text]} if plan.probing.text else {}
    for task in plan.tasks if plan.probing.prompts else ():
        items = plan.tests[task.task.name][: plan.probing.prompts]
        built = plain_requests(task.task, [item.without_answer() for item in items])
        prompts = [plan.model.render(request.messages) for request in built if isinstance(request, Request)]
        texts[f"prompts of {task.task.name}"] = prompts
    return texts


def _asked_before(
    plan: Plan, chain: Chain, seed: int, store: Store
) -> dict[str, list[tuple[Request, Generation]]]:
    """Return requests of retention tasks with the answers they got."""
    asked = {}
    for name in (task.task.name for task in plan.tasks if task.task.role == "retention"):
        rows = store.results([plan.recipes[chain.name][name]])
        pairs = ((r.request, r.generation) for r in rows if r.seed == seed and r.request and r.generation)
        if first := list(islice(pairs, plan.probing.noise_items)):
            asked[name] = first
    return asked


def _all_finished(plan: Plan, chain: Chain, seed: int, store: Store) -> bool:
    prepared = store.preparations([plan.preparations[chain.name]])
    if not any(preparation.seed == seed and preparation.error is None for preparation in prepared):
        return False
    if not _probed(plan, chain, seed, store):
        return False
    return all(
        {(item.id, repeat) for item in plan.tests[task.task.name] for repeat in range(plan.repeats)}
        <= store.finished(plan.recipes[chain.name][task.task.name], seed)
        for task in plan.tasks
    )


def _context(plan: Plan, seed: int, progress: Progress) -> PrepareContext:
    return PrepareContext(
        model=plan.model,
        build=plain_requests,
        tasks=tuple(task.data for task in plan.tasks),
        seed=seed,
        artifacts=plan.run_dir / "artifacts",
        embedder=plan.embedder,
        progress=progress,
        on_long_prompt="refuse" if plan.on_long_prompt == "refuse" else "cut",
        place=plan.place,
    )


def _label(plan: Plan, chain: Chain, seed: int) -> str:
    return chain.name if len(plan.seeds) == 1 else f"{chain.name} (seed {seed})"


WINDOW = 2048
"""Items whose requests are built and held at once; batches are cut within a window."""


def _ahead(build: Callable[[A], B], parts: Iterable[A]) -> Iterator[B]:
    """Yield what is built from each part, in order; a thread builds the next while this one is worked on."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        waiting: deque[Future[B]] = deque()
        for part in parts:
            waiting.append(thread.submit(build, part))
            if len(waiting) > 1:
                yield waiting.popleft().result()
        if waiting:
            yield waiting.popleft().result()


@dataclass(frozen=True)
class _Question:
    """One item as it is asked once: its request and the key of its answer."""

    item: TaskItem
    request: Request
    key: str


@dataclass(frozen=True)
class _Asking:
    """One strategy with one seed on one task."""

    plan: Plan
    strategy: str
    seed: int
    task: LoadedTask
    prepared: Prepared
    store: Store

    @property
    def _recipe(self) -> str:
        return self.plan.recipes[self.strategy][self.task.task.name]

    def run(self, progress: Progress) -> None:
        """Ask what has not been asked, batch by batch."""
        items = self.plan.tests[self.task.task.name]
        finished = self.store.finished(self._recipe, self.seed)
        total = len(items) * self.plan.repeats
        done = sum((item.id, repeat) in finished for item in items for repeat in range(self.plan.repeats))
        if done == total:
            return
        label = f"{self.strategy} · {self.task.task.name}"
        windows = (items[start : start + WINDOW] for start in range(0, len(items), WINDOW))
        with progress.step(label, total, done) as step:
            for questions, failed in self._built(windows):
                fresh = [result for result in failed if (result.item_id, result.repeat) not in finished]
                self.store.write_batch(self._recipe, {}, fresh)
                step.advance(len(fresh))
                for batch in self._batches(questions):
                    self._ask(batch, step, finished)

    def _built(
        self, windows: Iterable[Sequence[TaskItem]]
    ) -> Iterable[tuple[list[_Question], list[ItemResult]]]:
        """Build window by window: ahead where a device answers; a processor would answer slower beside it."""
        apart = getattr(self.prepared.model, "device", "cpu") != "cpu"
        return _ahead(self._questions, windows) if apart else map(self._questions, windows)

    def _questions(self, items: Sequence[TaskItem]) -> tuple[list[_Question], list[ItemResult]]:
        """Build all requests, finished or not, so that batches form alike; return also those that fail."""
        task, plan, model = self.task.task, self.plan, self.prepared.model
        built = self.prepared.build(task, [item.without_answer() for item in items])
        every_choice = any(getattr(metric, "every_choice", True) for metric in plan.metrics[task.name])
        questions: list[_Question] = []
        failed: list[ItemResult] = []
        for item, outcome in zip(items, built, strict=True):
            fits = outcome if isinstance(outcome, Failure) else self._fitting(outcome)
            prompt = "" if isinstance(fits, Failure) else model.render(fits.messages)
            for repeat in range(plan.repeats):
                if isinstance(fits, Failure):
                    failed.append(self._result(item, repeat, "", None, None, {}, fits))
                    continue
                decoding = fits.decoding.model_copy(update={"temperature": plan.temperature})
                asked = {"seed": self.seed, "repeat": repeat, "decoding": decoding}
                request = fits.model_copy(update=asked | {"every_choice": every_choice})
                key = generation_key(model.identity, prompt, request)
                questions.append(_Question(item, request, key))
        return questions, failed

    def _fitting(self, request: Request) -> Request | Failure:
        """Return the request, or what is wrong with it when it is longer than the model's context."""
        model = self.prepared.model
        room = model.context_length - (0 if request.choices else request.decoding.max_new_tokens)
        n_tokens = model.count_tokens(request.messages)
        if n_tokens <= room:
            return request
        problem = f"the prompt has {n_tokens} tokens, and {room} fit the model's context"
        if self.plan.on_long_prompt == "refuse":
            place, key = request.task, f"item {request.item_id}"
            remedy = "shorten it, use a model with more context, or set `on_long_prompt: cut`"
            raise InputError(place, key, f"{problem} (strategy {self.strategy})", remedy)
        return Failure(kind="prompt_too_long", message=problem)

    def _batches(self, questions: Sequence[_Question]) -> Iterator[list[list[_Question]]]:
        """Yield batches of questions, those with the same key together: they are answered once."""
        by_key: dict[str, list[_Question]] = {}
        for question in questions:
            by_key.setdefault(question.key, []).append(question)
        groups = list(by_key.values())
        for indexes in self.prepared.model.batches([group[0].request for group in groups]):
            yield [groups[i] for i in indexes]

    def _ask(self, batch: list[list[_Question]], step: Step, finished: set[tuple[str, int]]) -> None:
        """Answer one batch: what the store has is taken from there, the rest is generated, all is scored."""
        pending = [
            [question for question in group if (question.item.id, question.request.repeat) not in finished]
            for group in batch
        ]
        pending = [group for group in pending if group]
        if not pending:
            return
        known = self.store.generations(group[0].key for group in pending)
        missing = [group[0] for group in pending if group[0].key not in known]
        answers = self._answer(missing)
        new = {q.key: a for q, a in zip(missing, answers, strict=True) if isinstance(a, Generation)}
        failures = {q.key: a for q, a in zip(missing, answers, strict=True) if isinstance(a, Failure)}
        questions = [question for group in pending for question in group]
        results = self._scored(questions, known | new, failures)
        self.store.write_batch(self._recipe, new, results)
        step.advance(len(results))

    def _answer(self, questions: Sequence[_Question]) -> list[Generation | Failure]:
        if not questions:
            return []
        requests = [question.request for question in questions]
        model = self.prepared.model
        ask = model.score if self.task.task.kind == "choice" else model.generate
        try:
            return ask(requests)
        except TrilemmaError:
            raise
        except Exception as error:  # noqa: BLE001 - a failed item is data
            failure = Failure(kind=type(error).__name__, message=shorten(str(error), 500))
            return [failure for _ in requests]

    def _scored(
        self,
        questions: Sequence[_Question],
        generations: Mapping[str, Generation],
        failures: Mapping[str, Failure],
    ) -> list[ItemResult]:
        answered = [question for question in questions if question.key in generations]
        cases = [Case(self.task.task, q.item, q.request, generations[q.key]) for q in answered]
        scores: list[dict[str, float]] = [{} for _ in cases]
        for metric in self.plan.metrics[self.task.task.name]:
            for into, found in zip(scores, metric.score(cases), strict=True):
                into.update(found)
        results = [
            self._result(q.item, q.request.repeat, q.key, q.request, generations[q.key], found, None)
            for q, found in zip(answered, scores, strict=True)
        ]
        return results + [
            self._result(q.item, q.request.repeat, q.key, q.request, None, {}, failures[q.key])
            for q in questions
            if q.key in failures
        ]

    def _result(
        self,
        item: TaskItem,
        repeat: int,
        key: str,
        request: Request | None,
        generation: Generation | None,
        scores: dict[str, float],
        error: Failure | None,
    ) -> ItemResult:
        return ItemResult(
            strategy=self.strategy,
            seed=self.seed,
            repeat=repeat,
            task=self.task.task.name,
            item_id=item.id,
            key=key,
            request=request,
            generation=generation,
            scores=scores,
            error=error,
        )
