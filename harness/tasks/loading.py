"""From a ``task.yaml`` to a loaded task: every fault is found here, before a model is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from jinja2 import TemplateSyntaxError

from harness.config import parse
from harness.errors import InputError, nearest, shorten
from harness.plugins import check_known
from harness.strict_yaml import read_yaml
from harness.tasks.answers import pattern_fault
from harness.tasks.corpus import read_corpus
from harness.tasks.formats import CONVERTERS
from harness.tasks.identity import identified
from harness.tasks.items import read_split
from harness.tasks.labels import clean, with_clean_labels
from harness.tasks.overlap import groups
from harness.tasks.presets import with_preset
from harness.tasks.prompting import compiled, names_used, plain_messages
from harness.tasks.questions import question_key
from harness.tasks.references import resolve_tasks
from harness.tasks.remarks import Remarks
from harness.tasks.spec import Source, TaskFile
from harness.tasks.splits import carve, check_ids
from harness.tasks.spool import Spooled
from harness.tasks.wording import question_of
from harness.types import Document, LoadedTask, Message, Split, Task, TaskItem, TrainingData

__all__ = ["load_task", "load_tasks", "resolve_tasks"]

Items = dict[Split, Sequence[TaskItem]]
"""Items by split. Test items stay in a file, as there may be very many of them."""


def load_tasks(entries: Sequence[str | dict[str, Any]], experiment: Path) -> tuple[LoadedTask, ...]:
    """Read the tasks of an experiment: references to files, and tasks written out in place.

    Args:
        entries: The experiment's ``tasks``; paths in them are relative to the experiment file.
        experiment: The experiment file.

    Raises:
        InputError: A reference matches nothing, a task is faulty, or two tasks have the same name.
    """
    base = experiment.parent
    tasks: list[LoadedTask] = []
    for index, entry in enumerate(entries):
        if isinstance(entry, dict):
            tasks.append(_load(entry, f"{experiment}: tasks.{index}", base))
        else:
            tasks += [load_task(file) for file in resolve_tasks([entry], base, experiment, index)]
    names = [task.task.name for task in tasks]
    for name in names:
        if names.count(name) > 1:
            raise InputError(experiment, "tasks", "two tasks have the same name", "rename one of them", name)
    return tuple(tasks)


def load_task(path: Path) -> LoadedTask:
    """Read a task with its items and its corpus.

    Args:
        path: A folder that holds ``task.yaml``, or the YAML file itself.

    Raises:
        InputError: The first fault found, with the file, the line or key, and the remedy.
    """
    file = path / "task.yaml" if path.is_dir() else path
    return _load(read_yaml(file), file, file.parent)


def _load(raw: Any, place: object, folder: Path) -> LoadedTask:
    """Check a task as YAML gave it; its paths are relative to ``folder``."""
    spec = parse(TaskFile, raw, place)
    for index, metric in enumerate(spec.metrics):
        check_known("metrics", metric.use, place, f"metrics.{index}")
    _check_templates(spec, place)
    _check_pattern(spec, place)
    remarks = Remarks()
    items = _read_items(spec, place, folder, remarks)
    check_ids(_all(items), place)
    corpus = read_corpus(spec.corpus, folder, remarks) if spec.corpus else ()
    _check_documents(items, corpus, place)
    _check_cluster(spec, items, place)
    task = _task(spec, items, place)
    _check_prompts(task, items, place)
    task = identified(task, items, corpus)
    _remark_twins(task, items["test"], remarks)
    data = TrainingData(
        task=task, train=tuple(items["train"]), validation=tuple(items["validation"]), corpus=corpus
    )
    return LoadedTask(data=data, test=items["test"], place=str(place), remarks=remarks.lines())


def _check_templates(spec: TaskFile, place: object) -> None:
    for key, source in (("instruction", spec.instruction), ("prompt", spec.prompt)):
        try:
            compiled(source)
        except TemplateSyntaxError as error:
            problem = f"line {error.lineno} is not a Jinja2 template: {error.message}"
            raise InputError(
                place, key, problem, "fix the template, or write {% raw %} around text"
            ) from None


def _check_pattern(spec: TaskFile, place: object) -> None:
    if spec.answer.pattern and (problem := pattern_fault(spec.answer.pattern)):
        remedy = "correct it; `regex` of PyPI says what is possible"
        raise InputError(
            place, "answer.pattern", f"is no regular expression: {problem}", remedy, spec.answer.pattern
        )


def _read_items(spec: TaskFile, place: object, folder: Path, remarks: Remarks) -> Items:
    sources = spec.items

    def read(source: Source, split: Split) -> Iterator[TaskItem]:
        found = read_split(source, split, spec.fields, folder, remarks)
        if source.format in CONVERTERS and not shows_system:
            found = map(_with_system_turn, found)
        return _with_clean_labels(found, split, remarks) if spec.kind == "choice" else found

    shows_system = "system" in names_used(spec.instruction) | names_used(spec.prompt)
    items: Items = {"train": (), "validation": (), "test": ()}
    if sources.train:
        items["train"] = list(read(sources.train, "train"))
    if sources.split:
        asked = _question_task(spec)
        items |= carve(items["train"], sources.split, place, lambda item: question_key(asked, item))
    if sources.validation:
        items["validation"] = list(read(sources.validation, "validation"))
    items["test"] = Spooled(read(sources.test, "test") if sources.test else items["test"])
    return items


def _with_system_turn(item: TaskItem) -> TaskItem:
    """Return an item of a fine-tuning format with its system prompt, which no template shows, as a turn."""
    system = item.metadata.get("system")
    if not isinstance(system, str) or not system.strip():
        return item
    return item.model_copy(update={"history": (Message(role="system", content=system), *item.history)})


def _with_clean_labels(items: Iterable[TaskItem], split: Split, remarks: Remarks) -> Iterator[TaskItem]:
    """Yield the items of a choice task with cleaned labels, and say how many were written differently."""
    n_changed = 0
    for item in items:
        cleaned = with_clean_labels(item)
        n_changed += cleaned is not item
        yield cleaned
    if n_changed:
        remarks.add(
            f"items.{split}: spaces around labels, or what cannot be seen of them, was removed "
            f"({n_changed} {'item' if n_changed == 1 else 'items'})"
        )


def _question_task(spec: TaskFile) -> Task:
    """Return enough of the task to tell which items ask the same: its templates."""
    return Task(
        name=spec.name,
        kind=spec.kind,
        instruction=spec.instruction,
        prompt=spec.prompt,
        choices=spec.choices,
        metrics=(),
    )


def _all(items: Items) -> Iterator[TaskItem]:
    return (item for split in items.values() for item in split)


def _check_documents(items: Items, corpus: Sequence[Document], place: object) -> None:
    """An item that names a document must name an existing one; without a corpus the names are only kept."""
    ids = {document.id for document in corpus}
    for item in _all(items):
        for name in item.documents if ids else ():
            if name not in ids:
                close = nearest(name, ids).partition("known: ")[0]
                remedy = f"{close}use the id of a document of the corpus"
                raise InputError(
                    place, f"item {shorten(item.id, 40)}, documents", "is not in the corpus", remedy, name
                )


def _check_cluster(spec: TaskFile, items: Items, place: object) -> None:
    if spec.cluster is None or any(item.cluster(spec.cluster) for item in items["test"]):
        return
    known = {"documents", *(key for item in items["test"] for key in item.metadata)}
    raise InputError(
        place, "cluster", "no test item has this column", nearest(spec.cluster, known), spec.cluster
    )


def _task(spec: TaskFile, items: Items, place: object) -> Task:
    choices = tuple(map(clean, spec.choices or _pointed_into(spec)))
    if spec.kind == "choice" and not choices and not all(item.choices for item in _all(items)):
        choices = tuple(sorted({target for item in items["train"] for target in item.targets if target}))
    if spec.kind == "choice":
        _check_choices(_all(items), choices, place)
    return Task(
        name=spec.name,
        version=spec.version,
        kind=spec.kind,
        role=spec.role,
        description=spec.description,
        instruction=spec.instruction,
        prompt=spec.prompt,
        choices=choices,
        metrics=tuple(metric.spec() for metric in spec.metrics),
        max_new_tokens=spec.max_new_tokens,
        stop=spec.stop,
        answer=spec.answer.rule(),
        refusal=spec.refusal,
        random_baseline=_random_baseline(spec, items["test"], choices),
        right_from=spec.right_from,
        corpus_holds_answers=spec.corpus_holds_answers,
        cluster=spec.cluster,
    )


def _pointed_into(spec: TaskFile) -> tuple[str, ...]:
    """Return the choices of every item that `fields` or a preset lists, as the answers point into them."""
    source = spec.items.test or spec.items.train
    if spec.kind == "generate" or source is None:
        return ()
    return with_preset(source.format, spec.fields).target.of or ()


def _check_choices(items: Iterable[TaskItem], choices: Sequence[str], place: object) -> None:
    for item in items:
        if len(item.choices or choices) < 2:
            problem = f"item {shorten(item.id, 40)} of {item.split} has fewer than two choices"
            raise InputError(place, "choices", problem, "list the choices in the task or in every item")


def _random_baseline(spec: TaskFile, test: Sequence[TaskItem], choices: Sequence[str]) -> float:
    if spec.random_baseline is not None:
        return spec.random_baseline
    if spec.kind == "generate":
        return 0.0
    return sum(1.0 / len(item.choices or choices) for item in test) / len(test)


def _check_prompts(task: Task, items: Items, place: object) -> None:
    """Fill the templates for every item, so that a field that an item lacks is an error now."""
    for item in _all(items):
        try:
            plain_messages(task, item)
        except InputError as error:
            raise InputError(place, error.key, error.problem, error.remedy) from None


def _remark_twins(task: Task, test: Sequence[TaskItem], remarks: Remarks) -> None:
    """Say how many test items ask what another one asks: statistics count them as one."""
    first = groups([question_of(task, item) for item in test])
    n_questions = len(set(first))
    if n_questions < len(first):
        remarks.add(
            f"items.test: {len(first) - n_questions:,} of {len(first):,} items ask what another one asks, or "
            f"nearly so: all together count as {n_questions:,} in every statistic"
        )
