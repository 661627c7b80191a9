"""How much a question tells the model about its answer: knowledge, measured apart from form.

A model that was taught to answer in two words gives every short answer a higher likelihood, right or wrong,
and one that answers in sentences gives them all a low one. So the likelihood of an accepted answer is
compared with the likelihood of the same answer after other questions of the task: the effect of form is on
both sides and cancels. In nats,

    information(i) = log p(answer i | question i) - mean over others j of log p(answer i | question j)

an estimate of the pointwise mutual information of question and answer under the model (Church & Hanks, Word
Association Norms, Mutual Information, and Lexicography, 1990), with other questions for contrast (van den
Oord et al., Representation Learning with Contrastive Predictive Coding, 2018). For choices, which share their
form, it is log p(right choice) - log(1 / number of choices), over the choices alone.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.execution.drift import AnswerInformation
from harness.powers import answered, batches_of
from harness.protocols import Model
from harness.tasks.prompting import plain_requests, rendered
from harness.types import Failure, Generation, Request, Task, TaskItem

OTHERS = 4
"""Answers of other items that are put after each question."""


@dataclass(frozen=True)
class Asked:
    """A task's items as they are asked of a model.

    Attributes:
        task: The task.
        answers: The accepted answer of each item, by id.
        requests: Each item's question, with its answer and others' as choices; for choice tasks the choices.
    """

    task: Task
    answers: Mapping[str, str]
    requests: tuple[Request, ...]


def asked_of(task: Task, items: Sequence[TaskItem], others: int = OTHERS) -> Asked | None:
    """Return what is asked of a model on a task; None unless two items have different answers.

    Args:
        task: The task.
        items: Items with their accepted answers; the first answer is used.
        others: Answers of other items to put after each question, if that many are wrong there.
    """
    known = [item for item in items if item.targets]
    built = plain_requests(task, [item.without_answer() for item in known])
    answers = {item.id: item.targets[0] for item in known}
    requests = []
    for at, (item, request) in enumerate(zip(known, built, strict=True)):
        if isinstance(request, Failure):
            continue
        if not task.scores_choices:
            following = (answers[known[(at + step) % len(known)].id] for step in range(1, len(known)))
            wrong = dict.fromkeys(answer for answer in following if answer not in item.targets)
            request = request.model_copy(update={"choices": (answers[item.id], *list(wrong)[:others])})
        if len(request.choices) > 1:
            requests.append(request.model_copy(update={"every_choice": True}))
    return Asked(task, answers, tuple(requests)) if requests else None


@dataclass(frozen=True)
class Told:
    """What a question told a model about its answer: information in nats, and log-likelihood with form."""

    information: float
    log_likelihood: float


def told(model: Model, asked: Asked, advance: Callable[[int], None]) -> dict[str, Told]:
    """Return what the questions tell a model about their answers, by item; failed ones are left out.

    Args:
        model: The model.
        asked: The questions.
        advance: Called with the number of questions asked.
    """
    found: dict[str, dict[str, float]] = {}
    askable = rendered(model, asked.requests)
    advance(len(asked.requests) - len(askable))
    for batch in batches_of(model, askable):
        requests = [askable[i] for i in batch]
        for request, answer in zip(requests, answered(model, requests), strict=True):
            if isinstance(answer, Generation):
                found[request.item_id] = {c.text: c.log_likelihood for c in answer.choices}
        advance(len(batch))
    if asked.task.scores_choices:
        return {
            item: _among(own, asked.answers[item])
            for item, own in found.items()
            if asked.answers[item] in own
        }
    elsewhere: dict[str, list[float]] = defaultdict(list)
    for item, own in found.items():
        for text, value in own.items():
            if text != asked.answers[item]:
                elsewhere[text].append(value)
    return {
        item: Told(
            own[asked.answers[item]] - float(np.mean(elsewhere[asked.answers[item]])),
            own[asked.answers[item]],
        )
        for item, own in found.items()
        if elsewhere[asked.answers[item]]
    }


def _among(values: Mapping[str, float], right: str) -> Told:
    return Told(
        values[right] - float(np.logaddexp.reduce(list(values.values()))) + math.log(len(values)),
        values[right],
    )


def compared(task: str, base: Mapping[str, Told], now: Mapping[str, Told]) -> AnswerInformation | None:
    """Return both sides on the items that both have; None if they share none."""
    items = sorted(base.keys() & now.keys())
    if not items:
        return None
    return AnswerInformation(
        task=task,
        items=tuple(items),
        base=tuple(base[item].information for item in items),
        now=tuple(now[item].information for item in items),
        base_log_likelihood=float(np.mean([base[item].log_likelihood for item in items])),
        log_likelihood=float(np.mean([now[item].log_likelihood for item in items])),
    )
