"""From a model's output to a strategy's answer, or to the next requests.

A strategy may be third-party code: an invalid result or an exception of its ``finish`` fails only the current
item, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.digests import digest_of
from harness.errors import TrilemmaError, UnrenderedError, plain, shorten
from harness.protocols import Finisher
from harness.tasks.prompting import unrendered
from harness.types import Answer, Exchange, Failure, Request, Task, TaskItem

MAX_ROUNDS = 10
"""Maximum rounds of follow-up requests for an answer; a strategy that asks on fails its item."""
MAX_REQUESTS = 100
"""Maximum requests of an answer in one round."""


@dataclass(frozen=True)
class Finishing:
    """What turns responses into answers.

    Attributes:
        finish: The strategy's; None if the one generation is the answer.
        digest: Digest of the parts that finish: their ids, options and code. "" for none.
    """

    finish: Finisher | None = None
    digest: str = ""

    def key(self, exchanges: Sequence[Exchange]) -> str:
        """Return the key of an answer: its generation's key, or one of all generations and their finisher."""
        if self.finish is None:
            return exchanges[0].key
        return digest_of({"exchanges": [exchange.key for exchange in exchanges], "finish": self.digest})

    def step(
        self, task: Task, item: TaskItem, exchanges: Sequence[Exchange]
    ) -> Answer | Failure | tuple[Request, ...]:
        """Return an item's answer, why it has none, or what to ask next.

        Args:
            task: The task.
            item: The item, without its targets.
            exchanges: All requests for it so far, in order, with their responses.
        """
        if self.finish is None:
            return Answer.of(exchanges[0].generations[0]).resting_on(exchanges)
        try:
            found = self.finish(task, item, tuple(exchanges))
        except UnrenderedError as error:
            return unrendered(error)
        except TrilemmaError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a failed item is data
            return Failure.of(error, "finishing")
        if not isinstance(found, Answer | Failure):
            return _asked(found)
        try:
            found.check_kept()
        except ValueError as error:
            return refused(f"returned what cannot be kept: {shorten(str(error), 400)}")
        return found.resting_on(exchanges) if isinstance(found, Answer) else found


def _asked(found: object) -> Failure | tuple[Request, ...]:
    """Return a strategy's follow-up requests, or what is wrong with what it returned."""
    if not isinstance(found, list | tuple) or not all(isinstance(each, Request) for each in found):
        return refused(f"must return an answer, a failure or requests, and returned {shorten(found, 100)}")
    if not found:
        return refused("must return an answer, a failure or requests, and returned no request")
    if len(found) > MAX_REQUESTS:
        return refused(f"asks for {len(found)} requests at once; {MAX_REQUESTS} are allowed")
    return tuple(found)


def refused(problem: str) -> Failure:
    """Return the failure of an item whose strategy's ``finish`` does something invalid."""
    return Failure(kind="finish_error", message=plain(f"finish() {problem}"))
