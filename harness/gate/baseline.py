"""The committed baseline: per-item scores of what is in use, byte for byte the same on every machine."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from harness.analysis.rows import RunRows
from harness.analysis.scores import Scores
from harness.digests import digest_of
from harness.errors import InputError, shorten
from harness.files import read_input_text, write_whole
from harness.gate.asked import Asked
from harness.gate.ceiling import refuse_ceiling
from harness.runs.comparing import Conditions
from harness.runs.manifest import RunManifest
from harness.strict_json import parse_json
from harness.types import Frozen

FORMAT = 3
_LARGEST = 1 << 28
"""Maximum size of a baseline in bytes; a million scores take a tenth of it."""
_PROMOTE = "promote the run again with `trilemma baseline promote RUN --reason ...`"
Score = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False, strict=True)]


class BaselineItem(Frozen):
    """One item: its primary score for each seed, in the order of the seeds."""

    scores: tuple[Score, ...] = Field(min_length=1)


class BaselineTask(Frozen):
    """One task.

    ``judging`` is the digest of what its primary score depends on besides the answers, and ``judges`` are the
    digests of files that it depends on; ``tokens_per_item`` are the mean prompt and answer tokens per item;
    ``failed`` counts answers that failed and scored 0.
    """

    digest: str
    judging: str
    metric: str
    judges: tuple[str, ...]
    tokens_per_item: float = Field(ge=0.0, allow_inf_nan=False)
    failed: int = Field(ge=0, strict=True)
    items: dict[str, BaselineItem] = Field(min_length=1)


class Baseline(Frozen):
    """What a candidate is compared with. It contains no times, so that it is the same on every machine.

    ``use`` and ``options`` are those of the strategy in its experiment and ``recipe`` is the digest of all
    that it was prepared from, including an adapter's files. At most the share ``error_rate`` of its answers
    failed. ``reason`` is why it was promoted. ``digest`` covers everything else, so that an edit is detected.
    """

    format: Literal[3] = 3
    reason: str = Field(min_length=1)
    run: str
    strategy: str
    use: str
    options: dict[str, Any]
    recipe: str
    error_rate: float = Field(ge=0.0, le=1.0, allow_inf_nan=False)
    conditions: Conditions
    tasks: dict[str, BaselineTask] = Field(min_length=1)
    digest: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Refuse unless each item has one score per seed, and failed answers are within ``error_rate``."""
        n_seeds = len(set(self.conditions.seeds))
        if n_seeds < len(self.conditions.seeds):
            raise ValueError("has a seed twice")
        for name, task in self.tasks.items():
            for item, found in task.items.items():
                if len(found.scores) != n_seeds:
                    raise ValueError(f"{name}: {item} has {len(found.scores)} scores for {n_seeds} seeds")
        n, failed = self.n_answers, sum(task.failed for task in self.tasks.values())
        if failed > self.error_rate * n:
            raise ValueError(f"{failed} of {n} answers failed, more than the share {self.error_rate:g}")
        return self

    @property
    def n_answers(self) -> int:
        """Answers that its scores come from."""
        each = len(self.conditions.seeds) * self.conditions.repeats
        return sum(len(task.items) for task in self.tasks.values()) * each

    @property
    def digest_now(self) -> str:
        """Digest of its current content except the digest itself."""
        return digest_of(self.model_dump(mode="json", exclude={"digest"}))

    def scores(self, task: str) -> Scores:
        """Return the scores of a task in the form of a run's."""
        items = sorted(self.tasks[task].items)
        matrix = np.array([self.tasks[task].items[item].scores for item in items]).T
        metric, seeds = self.tasks[task].metric, tuple(sorted(self.conditions.seeds))
        return Scores(tuple(items), seeds, {metric: matrix}, frozenset())


# --- Writing ---


def baseline_of(run: RunRows, strategy: str, reason: str, error_rate: float = 0.0) -> Baseline:
    """Make a baseline of one strategy of a run.

    Args:
        run: The run.
        strategy: One of its strategies.
        reason: Why it is promoted.
        error_rate: Largest share of its answers that may have failed, 0.0 to 1.0.

    Raises:
        InputError: The strategy is a ceiling, has not answered all that the run asks, or failed too often.
    """
    manifest = run.manifest
    refuse_ceiling(run.traits[strategy], strategy, manifest.name, "a baseline")
    _refuse_unfinished(run, strategy)
    answers = run.answers[strategy]
    n, failed = sum(found.n for found in answers.values()), sum(f.n_failed for f in answers.values())
    if failed > error_rate * n:
        remedy = f"run it again, or allow them with --error-rate {math.ceil(1000 * failed / n) / 1000:g}"
        problem = f"{failed} of {n} answers failed, more than the share {error_rate:g}"
        raise InputError(manifest.name, strategy, problem, remedy)
    entry = manifest.experiment["strategies"][strategy]
    made = Baseline(
        reason=reason,
        run=manifest.name,
        strategy=strategy,
        use=entry["use"],
        options=entry["options"],
        recipe=manifest.preparations[strategy],
        error_rate=error_rate,
        conditions=Conditions.of(manifest, strategy),
        tasks={info.name: _task_of(run, strategy, info.name) for info in run.infos},
    )
    return made.model_copy(update={"digest": made.digest_now})


def _refuse_unfinished(run: RunRows, strategy: str) -> None:
    asked, remedy = Asked.by_run(run), "let `trilemma run` finish it first"
    for info in run.infos:
        found = run.scores.get(strategy, {}).get(info.name)
        n = len(found.of(info.primary_metric)) if found else 0
        if n < info.n_test:
            problem = f"has answered {n} of {info.n_test} items of {info.name}"
            raise InputError(run.manifest.name, strategy, problem, remedy)
        if reasons := asked.unlike(run, strategy, info.name):
            raise InputError(run.manifest.name, strategy, reasons[0], remedy)


def _task_of(run: RunRows, strategy: str, task: str) -> BaselineTask:
    manifest, found = run.manifest, run.scores[strategy][task]
    metric = manifest.metrics[task][0]
    return BaselineTask(
        digest=manifest.tasks[task].digest,
        judging=manifest.tasks[task].judging,
        metric=metric,
        judges=manifest.judges.get(task, ()),
        tokens_per_item=tokens_per_item(run, strategy, task),
        failed=run.answers[strategy][task].n_failed,
        items={
            item: BaselineItem(scores=tuple(float(score) for score in scores))
            for item, scores in sorted(found.of(metric).items())
        },
    )


def tokens_per_item(run: RunRows, strategy: str, task: str) -> float:
    """Return mean prompt and answer tokens per answered item; 0.0 if none was answered."""
    found = run.answers.get(strategy, {}).get(task)
    return found.tokens_per_item if found else 0.0


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Write a baseline whole, keys sorted."""
    text = json.dumps(baseline.model_dump(mode="json"), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)


# --- Reading ---


def load_baseline(path: Path) -> Baseline:
    """Read a baseline and check it.

    Raises:
        InputError: It is missing, damaged, of another format, or not as it was written.
    """
    raw = _raw(path)
    if not _is_baseline(raw):
        raise InputError(path, "", "holds no baseline", f"restore the file, or {_PROMOTE}")
    if raw["format"] != FORMAT:
        problem = f"is of another format than {FORMAT}"
        raise InputError(path, "format", problem, _PROMOTE, raw["format"])
    try:
        found = Baseline.model_validate(raw)
        now = found.digest_now
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = _printable(".".join(str(part) for part in fault["loc"]))
        told = _printable(fault["msg"].removeprefix("Value error, "))
        raise InputError(path, where, told, f"restore the file, or {_PROMOTE}") from None
    except (ValueError, RecursionError):  # half surrogate pairs, or options nested too deeply
        remedy = f"restore the file, or {_PROMOTE}"
        raise InputError(path, "", "holds what no baseline holds", remedy) from None
    if found.digest != now:
        problem = "is not as it was written: somebody has edited it, or a part is missing"
        raise InputError(path, "digest", problem, f"restore the file, or {_PROMOTE}")
    return found


def replaced_by(path: Path) -> str | None:
    """Return how a file describes its baseline, even an old or damaged one; None if there is no file.

    Raises:
        InputError: It is not a baseline of any format, so it must not be overwritten.
    """
    if not path.exists():
        return None
    raw = _raw(path)
    if not _is_baseline(raw):
        raise InputError(path, "", "holds no baseline", "write to another file with --out")
    return f"{_printable(str(raw['strategy']))} ({_printable(str(raw['reason']))})"


def _is_baseline(raw: Mapping[str, Any]) -> bool:
    """Whether a file holds a baseline of any format."""
    return {"format", "strategy", "reason"} <= raw.keys()


def _printable(text: str) -> str:
    return shorten(text.encode("utf-8", "replace").decode(), 200)


def _raw(path: Path) -> dict[str, Any]:
    """Return the content of a baseline's file, unchecked."""
    remedy = f"restore the file, or {_PROMOTE}"
    missing = "write it with `trilemma baseline promote RUN --reason ...`"
    text = read_input_text(path, _LARGEST, missing=missing)
    try:
        raw = parse_json(text)
    except ValueError as error:
        raise InputError(path, "", f"is malformed JSON: {shorten(str(error))}", remedy) from None
    if not isinstance(raw, dict):
        raise InputError(path, "", "holds no baseline", remedy)
    return raw


# --- Comparing ---


def differences(
    baseline: Baseline, manifest: RunManifest, strategy: str, task: str, items: Collection[str]
) -> list[str]:
    """Return why a strategy of a run cannot be compared with a baseline on a task; empty if it can.

    Args:
        baseline: The baseline.
        manifest: The run's manifest.
        strategy: The strategy.
        task: The task.
        items: Ids of the items that are asked.
    """
    wanted = baseline.conditions.model_dump(exclude={"name"})
    found = Conditions.of(manifest, strategy).unlike(wanted, "the baseline")
    then, metric = baseline.tasks.get(task), manifest.metrics[task][0]
    if then is None:
        return [*found, f"{task} is not in the baseline"]
    now = manifest.tasks[task]
    if then.digest != now.digest:
        found.append(f"{task} has other items, templates or settings than in the baseline")
    elif then.metric != metric:
        found.append(f"{task} is judged by {metric}, was by {then.metric}")
    elif (then.judging, then.judges) != (now.judging, manifest.judges.get(task, ())):
        problem = "has another primary metric, with its options and files, or other accepted answers"
        found.append(f"{task} {problem} than in the baseline")
    elif then.items.keys() != set(items):
        found.append(f"{task} has {len(items)} items, other ones than the {len(then.items)} of the baseline")
    return found
