"""The part of the explorer's data that is read when an item is opened: prompts, passages, choices, scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from harness.types import Answer, Exchange, Passage, Request, TaskItem
from reports.explorer.citing import cited
from reports.explorer.index import BRIEF_CHARS, BRIEF_TARGETS
from reports.explorer.items import AskedItem, Shown, finite, picked
from reports.explorer.packing import Strings, packed

BLOCK = 200
"""Items whose details are packed together, and so are unpacked together."""
CITED, NAMED = 1, 2
"""Marks of a passage: the answer is based on it; it is from a document that the item names."""
AT_MOST = 1
"""Mark of a choice that was ruled out early: its log-likelihood is an upper bound."""
_REPEATED_CHARS = 40
"""A shorter passage is not worth cutting a prompt around."""
Ref = Callable[[str], int]


def details_of(
    items: Sequence[AskedItem], strategies: Sequence[str], metric_names: Sequence[str]
) -> tuple[str, list[str]]:
    """Return the details packed: the texts that several blocks share, and the blocks.

    In a block a text is named by a number, which counts the shared texts first and then the block's own.
    """
    metrics = {name: number for number, name in enumerate(metric_names)}
    blocks = [
        picked(items, range(start, min(start + BLOCK, len(items)))) for start in range(0, len(items), BLOCK)
    ]
    shared = _shared(blocks, strategies, metrics)
    return packed(shared.texts), [_block(block, strategies, metrics, shared) for block in blocks]


def _shared(
    blocks: Sequence[Sequence[AskedItem]], strategies: Sequence[str], metrics: Mapping[str, int]
) -> Strings:
    """Collect the texts that occur in more than one block, in the order of their second occurrence."""
    shared, seen = Strings(), dict[bytes, int]()
    for number, block in enumerate(blocks):

        def note(text: str, number: int = number) -> int:
            digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            return shared(text) if seen.setdefault(digest, number) != number else 0

        for each in block:
            _detail(each, strategies, metrics, note)
    return shared


def _block(
    items: Sequence[AskedItem], strategies: Sequence[str], metrics: Mapping[str, int], shared: Strings
) -> str:
    own = Strings()

    def ref(text: str) -> int:
        return shared(text) if text in shared else len(shared.texts) + own(text)

    details = [_detail(each, strategies, metrics, ref) for each in items]
    return packed({"strings": own.texts, "items": details})


def _detail(
    each: AskedItem, strategies: Sequence[str], metrics: Mapping[str, int], ref: Ref
) -> dict[str, Any]:
    item, shown = each.item, each.shown
    found: dict[str, Any] = {
        "documents": [ref(document) for document in item.documents],
        "answers": [_answer(item, shown[s], metrics, ref) if s in shown else None for s in strategies],
    }
    if len(each.asked) > BRIEF_CHARS:
        found["input"] = ref(each.asked)
    if len(item.targets) > BRIEF_TARGETS or any(len(target) > BRIEF_CHARS for target in item.targets):
        found["targets"] = [ref(target) for target in item.targets]
    return found


def _answer(item: TaskItem, shown: Shown, metrics: Mapping[str, int], ref: Ref) -> dict[str, Any]:
    """Return what one strategy asked and got; what is empty is left out."""
    result = shown.result
    found: dict[str, Any] = {
        "n": shown.n,
        "seed": result.seed,
        "scores": [[metrics[name], finite(score)] for name, score in result.scores.items()],
    }
    found["why"] = [[metrics[n], ref(text)] for n, text in result.explanations.items() if n in metrics]
    if result.error:
        found["error"] = [ref(result.error.kind), ref(result.error.message)]
    if result.request:
        found |= _request(item, result.request, result.answer, ref)
    if result.answer:
        found |= _answered(result.answer, ref)
    found["exchanges"] = [_exchange(each, result.request, ref) for each in result.exchanges]
    return {name: value for name, value in found.items() if value not in ([], 0, None)}


def _request(item: TaskItem, request: Request, answer: Answer | None, ref: Ref) -> dict[str, Any]:
    passages = answer.evidence if answer else request.passages
    rests_on = cited(answer.text if answer else "", passages)

    def passage_of(passage: Passage) -> list[Any]:
        marks = CITED * (passage.number in rests_on) + NAMED * (passage.document_id in item.documents)
        title = passage.title or passage.document_id
        return [passage.number, ref(title), ref(passage.text), finite(passage.score), marks]

    return {
        "messages": _messages(request, ref),
        "passages": [passage_of(passage) for passage in passages],
        "examples": [ref(example) for example in request.examples],
        "cut": request.cut,
    }


def _messages(request: Request, ref: Ref) -> list[list[Any]]:
    texts = [passage.text for passage in request.passages]
    return [
        [message.role, [ref(piece) for piece in pieces(message.content, texts)]]
        for message in request.messages
    ]


def _exchange(exchange: Exchange, first: Request | None, ref: Ref) -> list[Any]:
    """Return a request's messages, none for the first (stored elsewhere), and everything that came back."""
    asked = [] if exchange.request == first else _messages(exchange.request, ref)
    return [asked, [ref(generation.text) for generation in exchange.generations]]


def _answered(answer: Answer, ref: Ref) -> dict[str, Any]:
    usage, choices = answer.usage, sorted(answer.choices, key=lambda c: -c.log_likelihood)
    return {
        "text": ref(answer.text) if len(answer.text) > BRIEF_CHARS else None,
        "choices": [
            [ref(choice.text), finite(choice.log_likelihood), *([] if choice.exact else [AT_MOST])]
            for choice in choices
        ],
        "tokens": [usage.prompt, usage.cached_prompt, usage.completion],
        "stop": answer.stop_reason,
    }


def pieces(content: str, passages: Sequence[str]) -> list[str]:
    """Cut a message around the passages in it, so that each passage is stored only once.

    The pieces joined are the message again.
    """
    found = [content]
    for passage in passages:
        if len(passage) >= _REPEATED_CHARS:
            found = [part for piece in found for part in _around(piece, passage)]
    return found


def _around(text: str, passage: str) -> Iterator[str]:
    before, within, after = text.partition(passage)
    yield from (part for part in (before, within, after) if part)
