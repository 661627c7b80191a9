"""One strategy on one task: every item asked once, answered batch by batch, stored and judged.

Items go through in windows, so that a run of very many takes no more memory than one of a few thousand. A
batch is planned from the requests of its window alone and written whole, so a run that is killed and started
again forms the same batches and ends with the same rows as one that was never broken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from harness.errors import InputError, TrilemmaError, UnrenderedError, shorten
from harness.execution.scoring_pass import Scoring
from harness.execution.watching import MetricWatch
from harness.powers import answered, batches_of, form_of, lengths, prompt_of
from harness.progress import Progress
from harness.protocols import Prepared
from harness.runs.keys import generation_key
from harness.runs.store import Store
from harness.scoring import needs_of
from harness.tasks.prompting import unrendered, without_input
from harness.types import Answer, Exchange, Failure, Generation, ItemResult, LoadedTask, Request, TaskItem

A = TypeVar("A")
B = TypeVar("B")

WINDOW = 2048
"""Items whose requests are built and held at once; batches are cut within a window."""


@dataclass(frozen=True)
class Settings:
    """What is the same for everything that a run asks.

    Attributes:
        repeats: How many times each item is asked.
        temperature: Of sampling; 0 is greedy.
        on_long_prompt: "refuse" ends the run at a prompt that does not fit; else the item has failed.
    """

    repeats: int
    temperature: float
    on_long_prompt: str


@dataclass(frozen=True)
class _Question:
    """One item as it is asked once: its request and the key of its answer, and where wanted of its prior."""

    item: TaskItem
    request: Request
    key: str
    prior: tuple[Request, str] | None = None


@dataclass(frozen=True)
class Asking:
    """One strategy with one seed on one task.

    Attributes:
        strategy: Its name.
        seed: The seed it was prepared with.
        task: The task.
        items: The test items that are asked.
        recipe: Under which results are stored.
        scoring: What judges the answers.
        prepared: The strategy, ready to answer.
        settings: Those of the run.
        store: Where results go.
    """

    strategy: str
    seed: int
    task: LoadedTask
    items: Sequence[TaskItem]
    recipe: str
    scoring: Scoring
    prepared: Prepared
    settings: Settings
    store: Store

    def run(self, progress: Progress) -> None:
        """Ask what has not been asked, batch by batch.

        Raises:
            InputError: A prompt does not fit under ``on_long_prompt: refuse``, or a metric refuses an item.
        """
        finished = self.store.finished(self.recipe, self.seed)
        repeats = range(self.settings.repeats)
        total = len(self.items) * len(repeats)
        done = sum((item.id, repeat) in finished for item in self.items for repeat in repeats)
        if done == total:
            return
        windows = (self.items[start : start + WINDOW] for start in range(0, len(self.items), WINDOW))
        watch = self.scoring.watch(self.strategy, progress)
        judging = MetricWatch(self.task, self.strategy, progress)
        with progress.step(f"{self.strategy} · {self.task.task.name}", total, done) as step:
            for questions, failed in self._built(windows):
                fresh = [result for result in failed if (result.item_id, result.repeat) not in finished]
                self.store.write_batch(self.recipe, {}, fresh, judging=None)
                step.advance(len(fresh))
                for batch in self._batches(questions):
                    results = self._ask(batch, finished)
                    watch.see(results)
                    judging.see(results)
                    step.advance(len(results))
        judging.end()

    # --- Building ---

    def _built(
        self, windows: Iterable[Sequence[TaskItem]]
    ) -> Iterable[tuple[list[_Question], list[ItemResult]]]:
        """Build window by window: ahead of all but a processor, which would answer slower beside it."""
        apart = self.prepared.model.capabilities.device != "cpu"
        return _ahead(self._questions, windows) if apart else map(self._questions, windows)

    def _questions(self, items: Sequence[TaskItem]) -> tuple[list[_Question], list[ItemResult]]:
        """Build all requests, finished or not, so that batches form alike; return also those that fail."""
        built = self._requests([item.without_answer() for item in items])
        questions: list[_Question] = []
        failed: list[ItemResult] = []
        for item, outcome in zip(items, built, strict=True):
            asked = outcome if isinstance(outcome, Failure) else self._asked(item, outcome)
            if isinstance(asked, Failure):
                repeats = range(self.settings.repeats)
                failed += [self._result(item, repeat, "", error=asked) for repeat in repeats]
            else:
                questions += asked
        return questions, failed

    def _asked(self, item: TaskItem, built: Request) -> list[_Question] | Failure:
        """Return an item's question for each repeat, or why its prompt cannot be asked."""
        try:
            fits = self._fitting(built)
            if isinstance(fits, Failure):
                return fits
            return [self._question(item, fits, repeat) for repeat in range(self.settings.repeats)]
        except UnrenderedError as error:
            return unrendered(error)

    def _requests(self, items: Sequence[TaskItem]) -> list[Request | Failure]:
        """Build the requests of items; where that raises, one by one, so that each item fails alone."""
        try:
            built = list(self.prepared.build(self.task.task, items))
            sound = all(isinstance(each, Request | Failure) for each in built)
            if not sound or len(built) != len(items):
                raise TypeError("build() must return a request or a failure for each item, in order")
            return built
        except UnrenderedError as error:
            if len(items) == 1:
                return [unrendered(error)]
        except TrilemmaError:
            raise
        except Exception as error:  # noqa: BLE001 - a strategy may be anybody's code; a failed item is data
            if len(items) == 1:
                return [Failure(kind=type(error).__name__, message=shorten(f"building: {error}", 500))]
        return [each for item in items for each in self._requests([item])]

    def _question(self, item: TaskItem, built: Request, repeat: int) -> _Question:
        asked = {
            "seed": self.seed,
            "repeat": repeat,
            "decoding": built.decoding.model_copy(update={"temperature": self.settings.temperature}),
            "every_choice": any(needs_of(metric).every_choice for metric in self.scoring.metrics),
        }
        request = built.model_copy(update=asked)
        prior = None
        if request.choices and any(needs_of(metric).prior for metric in self.scoring.metrics):
            messages = without_input(self.task.task, item, request.messages)
            bare = request.model_copy(update={"messages": messages})
            prior = (bare, self._key(bare))
        return _Question(item, request, self._key(request), prior)

    def _key(self, request: Request) -> str:
        model = self.prepared.model
        prompt = prompt_of(model, request.messages)
        return generation_key(model.identity, prompt, request, form_of(model, request))

    def _fitting(self, request: Request) -> Request | Failure:
        """Return the request, or what is wrong with it when it is longer than the model's context."""
        known = lengths(self.prepared.model, request)
        if known is None or known[0] <= known[1]:
            return request
        n_tokens, room = known
        problem = f"the prompt has {n_tokens} tokens, and {room} fit the model's context"
        if self.settings.on_long_prompt == "refuse":
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
        for indexes in batches_of(self.prepared.model, [group[0].request for group in groups]):
            yield [groups[i] for i in indexes]

    # --- Answering ---

    def _ask(self, batch: list[list[_Question]], finished: set[tuple[str, int]]) -> list[ItemResult]:
        """Answer one batch: what the store has is taken from there, the rest is generated; all is stored."""
        pending = [
            question
            for group in batch
            for question in group
            if (question.item.id, question.request.repeat) not in finished
        ]
        if not pending:
            return []
        requests = {question.key: question.request for question in pending}
        priors = {key: asked for asked, key in (q.prior for q in pending if q.prior) if key not in requests}
        answers = self._answered(requests) | self._answered(priors)
        new = {key: (answer,) for key, answer in answers.items() if isinstance(answer, Generation)}
        results = [self._answer(question, answers) for question in pending]
        self.store.write_batch(self.recipe, new, results, judging=None)
        return self.scoring.see(self.recipe, results)

    def _answered(self, requests: Mapping[str, Request]) -> dict[str, Generation | Failure]:
        """Return the answer to each request by its key, which is asked where the store has none."""
        known = {key: found[0] for key, found in self.store.generations(requests).items()}
        missing = {key: request for key, request in requests.items() if key not in known}
        return {**known, **dict(zip(missing, self._fresh(list(missing.values())), strict=True))}

    def _fresh(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        if not requests:
            return []
        try:
            return answered(self.prepared.model, requests)
        except TrilemmaError:
            raise
        except Exception as error:  # noqa: BLE001 - a failed item is data
            failure = Failure(kind=type(error).__name__, message=shorten(str(error), 500))
            return [failure for _ in requests]

    def _answer(self, question: _Question, answers: Mapping[str, Generation | Failure]) -> ItemResult:
        answer, prior = answers[question.key], answers[question.prior[1]] if question.prior else None
        if isinstance(answer, Failure) or isinstance(prior, Failure):
            return self._result_of(question, error=answer if isinstance(answer, Failure) else prior)
        found = {"prior": prior, "prior_key": question.prior[1]} if question.prior else {}
        return self._result_of(question, answer=_plain(question.request, answer), **found)

    def _result_of(self, question: _Question, **found: Any) -> ItemResult:
        request = question.request
        return self._result(question.item, request.repeat, question.key, request=request, **found)

    def _result(self, item: TaskItem, repeat: int, key: str, **found: Any) -> ItemResult:
        """Return a row; ``found`` is what came of it, as `ItemResult` names it."""
        named = {"request": None, "answer": None, "scores": {}} | found
        task = self.task.task.name
        return ItemResult(
            strategy=self.strategy,
            seed=self.seed,
            repeat=repeat,
            task=task,
            item_id=item.id,
            key=key,
            **named,
        )


def _plain(request: Request, generation: Generation) -> Answer:
    return Answer.of(generation).resting_on([Exchange(request=request, generations=(generation,))])


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
