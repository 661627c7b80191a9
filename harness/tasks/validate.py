"""Finds faults in a task that has loaded; none of them is fatal by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from harness.errors import InputError, UnrenderedError, shorten
from harness.tasks import control_tokens
from harness.tasks.findings import Finding, Severity, alike, finding_of, some_of
from harness.tasks.items import normalise
from harness.tasks.overlap import twins
from harness.tasks.prompting import plain_messages
from harness.tasks.questions import asked_text, question_key, shown_text
from harness.tasks.wording import question_of
from harness.types import LoadedTask, Message, Task, TaskItem

CountTokens = Callable[[Sequence[Message]], int]

CHECKS = (
    "empty fields",
    "labels among the choices, and labels that are alike",
    "conflicting labels",
    "overlap of the splits, exact and near",
    "test items in the corpus",
    "control tokens of chat templates",
)
_SHORTEST_ANSWER_CHARS = 12
_SHORTEST_QUESTION_CHARS = 20


def validate(
    loaded: LoadedTask, *, count_tokens: CountTokens | None = None, context_length: int | None = None
) -> list[Finding]:
    """Look for faults in a task that has been loaded.

    Args:
        loaded: The task with its items and corpus.
        count_tokens: Tokens of a conversation as the model sees it; without it prompts are not measured.
        context_length: Tokens that a prompt and its answer may have together.

    Returns:
        The findings, errors first.
    """
    findings = [
        *_empty(loaded),
        *_labels(loaded),
        *alike(loaded.task, _all_items(loaded)),
        *_conflicts(loaded),
        *_overlap(loaded),
        *_in_corpus(loaded),
        *control_tokens.findings(loaded.task.name, _splits(loaded), loaded.data.corpus),
    ]
    if count_tokens is not None and context_length is not None:
        findings += _too_long(loaded, count_tokens, context_length)
    return sorted(findings, key=lambda finding: finding.severity)


def leaked(loaded: LoadedTask) -> int:
    """Return how many test items ask what a train or validation item asks, or nearly so."""
    return len(_twins(loaded.task, loaded.test, (*loaded.data.train, *loaded.data.validation)))


def _splits(loaded: LoadedTask) -> dict[str, Sequence[TaskItem]]:
    return {"train": loaded.data.train, "validation": loaded.data.validation, "test": loaded.test}


def _all_items(loaded: LoadedTask) -> list[TaskItem]:
    return [item for items in _splits(loaded).values() for item in items]


def _empty(loaded: LoadedTask) -> list[Finding]:
    findings = []
    for split, items in _splits(loaded).items():
        place = f"{loaded.task.name} {split}"
        no_input = [item for item in items if not shown_text(loaded.task, item).strip()]
        findings += finding_of("error", "empty_input", place, "{n} {items} with an empty input", no_input)
        no_target = [item for item in items if any(not target.strip() for target in item.targets)]
        findings += finding_of("error", "empty_target", place, "{n} {items} with an empty target", no_target)
    return findings


def _labels(loaded: LoadedTask) -> list[Finding]:
    task = loaded.task
    if task.kind != "choice":
        return []
    findings = []
    for split, items in _splits(loaded).items():
        place = f"{task.name} {split}"
        foreign = [item for item in items if _foreign(item, task)]
        labels = {label for item in foreign for label in _foreign(item, task)}
        message = f"{{n}} {{items}} with a label that is not among the choices: {some_of(labels)}"
        findings += finding_of("error", "label_not_a_choice", place, message, foreign)
        twice = [
            item for item in items if len({choice.strip() for choice in item.choices}) != len(item.choices)
        ]
        findings += finding_of(
            "error", "repeated_choice", place, "{n} {items} with the same choice twice", twice
        )
    return findings


def _foreign(item: TaskItem, task: Task) -> list[str]:
    """Return the accepted answers that are not among the choices; white space around them does not count."""
    choices = {choice.strip() for choice in item.choices or task.choices}
    return [target for target in item.targets if target.strip() not in choices]


def check_answerable(loaded: LoadedTask) -> None:
    """Refuse a choice task with a test item that no choice answers: it would be wrong whatever is chosen.

    Raises:
        InputError: Names the first such item and its answer.
    """
    for item in loaded.test if loaded.task.kind == "choice" else ():
        if item.targets and len(_foreign(item, loaded.task)) == len(item.targets):
            problem = "has an answer that is not among its choices"
            remedy = "correct the one or the other; `trilemma tasks validate` lists all such items"
            raise InputError(
                loaded.place, f"test item {shorten(item.id, 40)}", problem, remedy, item.targets[0]
            )


def _conflicts(loaded: LoadedTask) -> list[Finding]:
    """Items that show the same and have no accepted answer in common."""
    groups: dict[str, list[TaskItem]] = defaultdict(list)
    for item in _all_items(loaded):
        groups[question_key(loaded.task, item)].append(item)
    torn, answers = [], set()
    for group in groups.values():
        accepted = [{normalise(target) for target in item.targets} for item in group]
        if not set.intersection(*accepted):
            torn += group
            answers.add(" / ".join(sorted({item.targets[0] for item in group})))
    message = f"{{n}} {{items}} whose question stands elsewhere with another answer: {some_of(answers)}"
    return finding_of("warning", "conflicting_labels", loaded.task.name, message, torn)


def _overlap(loaded: LoadedTask) -> list[Finding]:
    splits = _splits(loaded)
    return [
        *_overlap_of(loaded.task, "test", splits["test"], "train", splits["train"]),
        *_overlap_of(loaded.task, "test", splits["test"], "validation", splits["validation"]),
        *_overlap_of(loaded.task, "validation", splits["validation"], "train", splits["train"]),
    ]


def _overlap_of(
    task: Task, name: str, items: Sequence[TaskItem], other: str, others: Sequence[TaskItem]
) -> list[Finding]:
    place = f"{task.name} {name}"
    found = _twins(task, items, others)
    same = [(items[at], others[twin]) for at, twin, exact in found if exact]
    near = [(items[at], others[twin]) for at, twin, exact in found if not exact]
    severity: Severity = "error" if name == "test" else "warning"
    pairs = some_of(f"{item.id} = {twin.id}" for item, twin in same)
    message = f"{{n}} {{items}} of {name} also in {other}: {pairs}"
    findings = finding_of(severity, f"also_in_{other}", place, message, [item for item, _ in same])
    pairs = some_of(f"{item.id} ~ {twin.id}" for item, twin in near)
    message = f"{{n}} {{items}} of {name} also in {other} in nearly the same words: {pairs}"
    return findings + finding_of("warning", f"nearly_in_{other}", place, message, [item for item, _ in near])


def _twins(task: Task, items: Sequence[TaskItem], others: Sequence[TaskItem]) -> list[tuple[int, int, bool]]:
    if not items or not others:
        return []
    return twins([question_of(task, item) for item in items], [question_of(task, item) for item in others])


def _in_corpus(loaded: LoadedTask) -> list[Finding]:
    """Test questions word for word in the corpus, and test answers where they are not meant to be there."""
    corpus = [normalise(document.text) for document in loaded.data.corpus]
    if not corpus:
        return []
    whole = "\n".join(corpus)
    place = f"{loaded.task.name} test"
    asked = [
        item
        for item in loaded.test
        if _stands_in(whole, asked_text(loaded.task, item), _SHORTEST_QUESTION_CHARS)
    ]
    message = "{n} {items} whose question stands word for word in the corpus"
    findings = finding_of("warning", "question_in_corpus", place, message, asked)
    if not loaded.task.corpus_holds_answers:
        answered = [
            item
            for item in loaded.test
            if any(_stands_in(whole, target, _SHORTEST_ANSWER_CHARS) for target in item.targets)
        ]
        message = "{n} {items} whose answer stands word for word in the corpus, which is not to hold answers"
        findings += finding_of("error", "answer_in_corpus", place, message, answered)
    return findings


def _stands_in(corpus: str, text: str, at_least_chars: int) -> bool:
    text = normalise(text)
    return len(text) >= at_least_chars and text in corpus


def _too_long(loaded: LoadedTask, count_tokens: CountTokens, context_length: int) -> list[Finding]:
    task = loaded.task
    answer_tokens = 1 if task.scores_choices else task.max_new_tokens
    findings = []
    for split, items in _splits(loaded).items():
        lengths, refused = list[int](), list[TaskItem]()
        for item in items:
            try:
                lengths.append(count_tokens(plain_messages(task, item)))
            except UnrenderedError:
                lengths.append(0)
                refused.append(item)
        said = "{n} {items} whose prompt the model's chat template refuses or writes with loss"
        findings += finding_of("error", "prompt_not_rendered", f"{task.name} {split}", said, refused)
        long = [i for i, length in enumerate(lengths) if length + answer_tokens > context_length]
        most = max((lengths[i] for i in long), default=0)
        message = (
            f"{{n}} {{items}} whose prompt (up to {most} tokens) and answer ({answer_tokens}) are "
            f"longer than the model's context of {context_length} tokens"
        )
        severity: Severity = "error" if split == "test" else "warning"
        findings += finding_of(
            severity, "prompt_too_long", f"{task.name} {split}", message, [items[i] for i in long]
        )
    return findings
