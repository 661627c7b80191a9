"""Cost and form of one strategy's answers on one task, from one pass over stored rows."""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from harness.analysis.costs import AMOUNTS
from harness.stats.single import Floats
from harness.types import ItemResult, Judgement, Task, TokenUsage


@dataclass(frozen=True)
class JudgingUse:
    """Total tokens and seconds of the ``n`` judgements that asked a model."""

    n: int = 0
    usage: TokenUsage = field(default_factory=TokenUsage)
    latency_s: float = 0.0

    def plus(self, judgement: Judgement) -> JudgingUse:
        """Return the totals with one more judgement."""
        usage, latency_s = self.usage + judgement.usage, self.latency_s + judgement.latency_s
        return JudgingUse(self.n + 1, usage, latency_s)


@dataclass(frozen=True)
class Answers:
    """Sums over the rows of one strategy and task; those that failed have no tokens and no time.

    Attributes:
        n_failed: Rows without an answer.
        n_cut: Answers to prompts that were cut.
        n_withheld: Rows whose item was not shown training examples, because those ask the same.
        asked: Sum over rows of the request keys: equal if two strategies sent the same model the same request
            for every item.
        usage: Tokens of all answers together.
        embedding_tokens: Total tokens embedded for the requests.
        shared_tokens: Prompt tokens that a cache of the common prefix of all prompts would serve.
        amounts: What each answer took, shape ``(n_answers, 4)``: see `AMOUNTS`.
        answered: Item of each answer, ``n_answers`` long.
        rows: Item to the number of its rows.
        broken: Item to how many of its rows break their form, if any.
        malformed: Item to how many of its rows hold no answer that could be extracted, if any.
        refused: Item to how many of its rows refuse, if any.
        judging: Name of a score to the cost of those of its judgements that asked a model.
    """

    n_failed: int
    n_cut: int
    n_withheld: int
    asked: int
    usage: TokenUsage
    embedding_tokens: int
    shared_tokens: float
    amounts: Floats
    answered: Sequence[str]
    rows: Mapping[str, int]
    broken: Mapping[str, int]
    malformed: Mapping[str, int]
    refused: Mapping[str, int]
    judging: Mapping[str, JudgingUse]

    @property
    def latencies_s(self) -> Floats:
        """Seconds of each answer, shape ``(n_answers,)``."""
        return self.amounts[:, AMOUNTS.index("device_s")]

    @property
    def n(self) -> int:
        """Rows of all items."""
        return sum(self.rows.values())

    @property
    def tokens_per_item(self) -> float:
        """Mean prompt and answer tokens per answer; 0.0 without answers."""
        return (self.usage.prompt + self.usage.completion) / max(1, len(self.latencies_s))


def answers_of(rows: Iterable[ItemResult], task: Task) -> Answers:
    """Sum up rows, holding one in memory at a time."""
    n_failed = n_cut = n_withheld = asked = embedding = prompt = cached = completion = scored = 0
    judging: dict[str, JudgingUse] = {}
    amounts, of_items = array("d"), list[str]()
    counts, broken, malformed = Counter[str](), Counter[str](), Counter[str]()
    refused, seen = Counter[str](), set[str]()
    beginning = _Beginning()
    for row in rows:
        for score, detail in row.details.items():
            if detail.usage != TokenUsage():
                judging[score] = judging.get(score, JudgingUse()).plus(detail)
        item = sys.intern(row.item_id)
        counts[item] += 1
        n_failed += row.error is not None
        if breaks_form(row):
            broken[item] += 1
        if row.extracted is not None and row.extracted.malformed:
            malformed[item] += 1
        if refuses(judged_text(row), task):
            refused[item] += 1
        if row.request is not None:
            n_withheld += row.request.withheld > 0
            asked += _number(row.key)
        if row.answer is None or row.request is None:
            continue
        usage = row.answer.usage
        prompt, cached = prompt + usage.prompt, cached + usage.cached_prompt
        completion += usage.completion
        scored += usage.scored
        embedding += usage.embedding
        n_cut += row.request.cut > 0
        took = (usage.prompt, usage.completion, usage.embedding, row.answer.latency_s)
        amounts.extend(took)
        of_items.append(item)
        if item not in seen:
            seen.add(item)
            beginning.add("\n".join(message.content for message in row.request.messages))
    return Answers(
        n_failed=n_failed,
        n_cut=n_cut,
        n_withheld=n_withheld,
        asked=asked,
        usage=TokenUsage(prompt=prompt, cached_prompt=cached, completion=completion, scored=scored),
        embedding_tokens=embedding,
        shared_tokens=prompt * beginning.share,
        amounts=np.array(amounts).reshape(-1, len(AMOUNTS)),
        answered=of_items,
        rows=counts,
        broken=broken,
        malformed=malformed,
        refused=refused,
        judging=judging,
    )


def _number(key: str) -> int:
    return int.from_bytes(key.encode(), "big")


def latencies_of(answers: Iterable[Answers]) -> Floats:
    """Return the seconds of each answer of several tasks, shape ``(n_answers,)``."""
    return np.concatenate([np.zeros(0), *(each.latencies_s for each in answers)])


def judged_text(row: ItemResult) -> str:
    """Return the part of an answer that was judged; "" without an answer."""
    if row.extracted is not None:
        return row.extracted.text
    return row.answer.text if row.answer is not None else ""


def breaks_form(row: ItemResult) -> bool:
    """Whether there is no answer, or an empty, malformed or cut-off (too long) one, or malformed JSON.

    An answer that was extracted from a longer text is complete, even if that text was cut off.
    """
    text = judged_text(row)
    if row.answer is None or not text or row.scores.get("valid_json") == 0.0:
        return True
    return row.answer.stop_reason == "length" and text == row.answer.text.strip()


def refuses(text: str, task: Task) -> bool:
    """Whether a text begins with the task's refusal."""
    return bool(task.refusal) and text.strip().lower().startswith(str(task.refusal).strip().lower())


class _Beginning:
    """The common prefix of prompts.

    It is measured in characters; tokens are assumed to be spread evenly over them.
    """

    def __init__(self) -> None:
        self._first, self._last, self._n, self._n_chars = "", "", 0, 0

    def add(self, text: str) -> None:
        self._first = min(self._first, text) if self._n else text
        self._last = max(self._last, text)
        self._n += 1
        self._n_chars += len(text)

    @property
    def share(self) -> float:
        """The common prefix's share of all prompt text, in [0, 1]."""
        if self._n < 2:
            return 0.0
        pairs = enumerate(zip(self._first, self._last, strict=False))
        shared = next((i for i, (a, b) in pairs if a != b), len(self._first))
        return shared * self._n / max(1, self._n_chars)
