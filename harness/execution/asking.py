"""One strategy on one task: every item is asked, answered in batches, stored and judged.

Items go through in windows, so that a run of very many takes no more memory than one of a few thousand. A
batch is planned only from the requests of its window and its answers are written in one transaction, so a run
that is killed and restarted forms the same batches and ends with the same rows as an uninterrupted one.
Follow-up requests are sent in rounds: all items of a batch that ask again are asked together, and their
responses are stored before the next round begins.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from harness.execution.asked_model import Asked, AskedModel, CameBack, exchange_of
from harness.execution.composition import Ready
from harness.execution.finishing import MAX_ROUNDS, refused
from harness.execution.questions import Question, Questions
from harness.execution.scoring_pass import Scoring
from harness.execution.watching import MetricWatch
from harness.progress import Progress
from harness.runs.store import Store
from harness.scoring import needs_of
from harness.types import Answer, Exchange, Failure, ItemResult, LoadedTask, TaskItem

A = TypeVar("A")
B = TypeVar("B")

WINDOW = 2048
"""Items whose requests are built and held at once; a batch never spans two windows."""


@dataclass(frozen=True)
class Settings:
    """Settings that are the same for all requests of a run.

    Attributes:
        repeats: How many times each item is asked.
        temperature: Sampling temperature if a strategy sets none; 0 is greedy.
        on_long_prompt: "refuse" ends the run at a prompt that does not fit; else only the item fails.
    """

    repeats: int
    temperature: float
    on_long_prompt: str


@dataclass(frozen=True)
class Asking:
    """One strategy with one seed on one task.

    Attributes:
        strategy: Its name.
        seed: The seed it was prepared with.
        task: The task.
        items: The test items that are asked.
        recipe: The recipe under which results are stored.
        scoring: What judges the answers.
        prepared: The strategy, ready to answer.
        settings: The run's settings.
        store: Where results go.
    """

    strategy: str
    seed: int
    task: LoadedTask
    items: Sequence[TaskItem]
    recipe: str
    scoring: Scoring
    prepared: Ready
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
                    results = self._answer([each for each in batch if each.place not in finished])
                    watch.see(results)
                    judging.see(results)
                    step.advance(len(results))
        judging.end()

    # --- Building ---

    @cached_property
    def _model(self) -> AskedModel:
        return AskedModel(self.prepared.model, self.store)

    @cached_property
    def _questions(self) -> Questions:
        needs = [needs_of(metric) for metric in self.scoring.metrics]
        return Questions(
            task=self.task.task,
            strategy=self.strategy,
            seed=self.seed,
            repeats=self.settings.repeats,
            prepared=self.prepared,
            model=self._model,
            every_choice=any(each.every_choice for each in needs),
            prior=any(each.prior for each in needs),
            refuse_long=self.settings.on_long_prompt == "refuse",
        )

    def _built(
        self, windows: Iterable[Sequence[TaskItem]]
    ) -> Iterable[tuple[list[Question], list[ItemResult]]]:
        """Build window by window, ahead of the model except on a CPU, where that would slow answering."""
        apart = self.prepared.model.capabilities.device != "cpu"
        return _ahead(self._window, windows) if apart else map(self._window, windows)

    def _window(self, items: Sequence[TaskItem]) -> tuple[list[Question], list[ItemResult]]:
        """Build all questions, even finished ones, so that batches stay the same; also return failures."""
        questions: list[Question] = []
        failed: list[ItemResult] = []
        for item, built in zip(items, self._questions.of(items), strict=True):
            if isinstance(built, Failure):
                repeats = range(self.settings.repeats)
                failed += [self._result(item.id, repeat, error=built) for repeat in repeats]
            else:
                questions += built
        return questions, failed

    def _batches(self, questions: Sequence[Question]) -> Iterator[list[Question]]:
        """Yield batches of questions, those with the same first request together, as it is asked once."""
        by_key: dict[str, list[Question]] = {}
        for question in questions:
            by_key.setdefault(question.first.key, []).append(question)
        for keys in self._model.planned([question.first for question in questions]):
            yield [question for key in keys for question in by_key[key]]

    # --- Answering ---

    def _answer(self, questions: Sequence[Question]) -> list[ItemResult]:
        """Answer a batch of questions in rounds, store the answers together and judge them."""
        if not questions:
            return []
        priors = self._model.ask({each.prior.key: each.prior for each in questions if each.prior})
        talks = [_Talk(self._questions, question) for question in questions]
        came_back = self._model.ask({talk.question.first.key: talk.question.first for talk in talks})
        for n_rounds in range(MAX_ROUNDS + 1):
            for talk in talks:
                talk.go_on(came_back)
            waiting = [asked for talk in talks if talk.outcome is None for asked in talk.waiting]
            if not waiting or n_rounds == MAX_ROUNDS:
                break
            came_back = self._model.ask_all(waiting)
        results = [self._result_of(talk, priors) for talk in talks]
        self.store.write_batch(self.recipe, {}, results, judging=None)
        return self.scoring.see(self.recipe, results)

    def _result_of(self, talk: _Talk, priors: CameBack) -> ItemResult:
        question, found = talk.question, talk.found
        prior = priors[question.prior.key] if question.prior else None
        kept: dict[str, Any] = {}
        if isinstance(prior, Failure):
            found = prior
        elif prior and question.prior:
            kept = {"prior": prior[0], "prior_key": question.prior.key}
        return self._result(
            question.item.id,
            question.first.request.repeat,
            key=talk.key,
            request=question.first.request,
            answer=found if isinstance(found, Answer) else None,
            error=found if isinstance(found, Failure) else None,
            exchanges=tuple(talk.exchanges) if self.prepared.finishing.finish else (),
            **kept,
        )

    def _result(self, item_id: str, repeat: int, key: str = "", **found: Any) -> ItemResult:
        """Return a row; ``found`` is its outcome, by the fields of `ItemResult`."""
        named = {"request": None, "answer": None} | found
        place = {"seed": self.seed, "repeat": repeat, "task": self.task.task.name, "item_id": item_id}
        return ItemResult(strategy=self.strategy, key=key, **place, **named)


class _Talk:
    """What is asked for one question, round by round, and the outcome.

    Attributes:
        question: The question.
        waiting: What is to be asked next.
        exchanges: The requests so far, with their responses.
        outcome: The answer, or why there is none; None while there is more to ask.
    """

    def __init__(self, questions: Questions, question: Question) -> None:
        self._questions, self.question = questions, question
        self.waiting: tuple[Asked, ...] = (question.first,)
        self.exchanges: list[Exchange] = []
        self.outcome: Answer | Failure | None = None

    @property
    def found(self) -> Answer | Failure:
        """The answer, or why there is none."""
        return self.outcome or refused(f"asks on after {MAX_ROUNDS} rounds")

    @property
    def key(self) -> str:
        """The key of the answer; for a question without an answer, the key of its first request."""
        finishing = self._questions.prepared.finishing
        return finishing.key(self.exchanges) if isinstance(self.outcome, Answer) else self.question.first.key

    def go_on(self, came_back: CameBack) -> None:
        """Process the responses to the waiting requests: they give the answer, or what to ask next."""
        if self.outcome is None:
            self.outcome = self._heard(came_back) or self._next()

    def _heard(self, came_back: CameBack) -> Failure | None:
        for asked in self.waiting:
            exchange = exchange_of(asked, came_back)
            if isinstance(exchange, Failure):
                return exchange
            self.exchanges.append(exchange)
        return None

    def _next(self) -> Answer | Failure | None:
        item, repeat = self.question.item, self.question.first.request.repeat
        found = self._questions.prepared.finishing.step(self._questions.task, item, self.exchanges)
        if not isinstance(found, tuple):
            return found
        asked = [self._questions.asked(item, repeat, request) for request in found]
        self.waiting = tuple(each for each in asked if isinstance(each, Asked))
        return next((each for each in asked if isinstance(each, Failure)), None)


def _ahead(build: Callable[[A], B], parts: Iterable[A]) -> Iterator[B]:
    """Yield what is built from each part, in order; a thread builds the next while one is processed."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        waiting: deque[Future[B]] = deque()
        for part in parts:
            waiting.append(thread.submit(build, part))
            if len(waiting) > 1:
                yield waiting.popleft().result()
        if waiting:
            yield waiting.popleft().result()
