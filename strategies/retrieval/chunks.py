"""Documents cut into chunks that fit a token budget, in any script.

Cuts are made preferably after a paragraph, then after a sentence, then between words. Where a script has
no spaces they are between user-perceived characters (grapheme clusters of Unicode UAX 29), never inside one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import regex

from harness.types import Document, Frozen

_LIKELY_CHARS = 8  # characters per token: a remainder shorter than this is first tried whole
_GRAPHEME = regex.compile(r"\X")
_WORD_END = regex.compile(r"\s+")
# Besides ".!?": Hindi, Arabic, Urdu, Ethiopic, Armenian, Burmese and Khmer, before a space; Chinese and
# Japanese, which write none.
_SENTENCE_END = regex.compile(r"""[.!?…।॥؟۔።։။។]+["'”’»)\]]*\s+|[。！？｡．]+["'”’»」』）】]*\s*|\n\s*""")
_PARAGRAPH_END = regex.compile(r"\n[^\S\n]*\n\s*")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Part of a document: ``text`` is ``document.text[start:end]``, ``id`` is ``document_id#number``.

    Not a pydantic model: an index may hold a million, and this takes half the memory.
    """

    id: str
    document_id: str
    title: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Hit:
    """A chunk that was found; a higher ``score`` is better, on the scale of the retriever that found it."""

    chunk: Chunk
    score: float


@dataclass(frozen=True)
class Entry:
    """A chunk to be indexed; ``searched`` is the text it is found by, ``chunk.text`` the text it shows."""

    chunk: Chunk
    searched: str


class Chunking(Frozen):
    """How documents are cut. Tokens are the retriever's; a chunk's include its title and special tokens."""

    chunk_tokens: int = 120
    overlap_tokens: int = 20


CHUNKING = Chunking()
"""How documents are cut by default."""


def document_entries(document: Document, count: Callable[[str], int], chunking: Chunking) -> list[Entry]:
    """Cut a document into chunks that are found by its title and their text.

    A title longer than half of the budget is shown with the passage but is not searched.

    Args:
        document: What to cut.
        count: Tokens of a text, as the retriever reads them.
        chunking: How large chunks may be.
    """
    title = f"{document.title}\n" if document.title else ""
    if count(title) > chunking.chunk_tokens // 2:
        title = ""

    def searched(text: str) -> str:
        return title + text_to_read(document.title, text)

    chunks = chunk_document(
        document, lambda text: count(searched(text)), chunking.chunk_tokens, chunking.overlap_tokens
    )
    return [Entry(chunk, searched(chunk.text)) for chunk in chunks if text_to_read(chunk.title, chunk.text)]


def chunk_document(
    document: Document, count: Callable[[str], int], budget_tokens: int, overlap_tokens: int = 0
) -> tuple[Chunk, ...]:
    """Cut a document into chunks of at most ``budget_tokens``.

    Joined without their overlaps, the chunks give the document again. A chunk is larger than the
    budget only when it is a single grapheme cluster.

    Args:
        document: What to cut.
        count: Tokens of a text; its count for the empty text is part of every chunk's budget.
        budget_tokens: Most tokens of a chunk.
        overlap_tokens: Most tokens that a chunk repeats from the one before it.

    Returns:
        The chunks in reading order; none for a document without a visible character.
    """
    spans = _spans(document.text, count, budget_tokens, overlap_tokens) if document.text.strip() else []
    return tuple(
        Chunk(
            id=f"{document.id}#{number}",
            document_id=document.id,
            title=document.title,
            text=document.text[start:end],
            start=start,
            end=end,
        )
        for number, (start, end) in enumerate(spans)
    )


def text_to_read(title: str, text: str) -> str:
    """Return the text of a chunk as it is read after the title of its document.

    A Markdown heading that repeats the title is removed, as are empty lines: they end a prompt's passages.
    """
    lines = (line.rstrip() for line in text.strip().split("\n"))
    return "\n".join(line for line in lines if line and line != f"# {title}")


@dataclass(frozen=True)
class _Boundaries:
    """Positions where a text may be cut, ascending; each list is part of the next."""

    paragraphs: list[int]
    sentences: list[int]
    words: list[int]
    graphemes: list[int]

    def strongest(self) -> Sequence[list[int]]:
        return (self.paragraphs, self.sentences, self.words, self.graphemes)


def _boundaries(text: str) -> _Boundaries:
    graphemes = [match.end() for match in _GRAPHEME.finditer(text)]
    allowed = set(graphemes)
    paragraphs = {match.end() for match in _PARAGRAPH_END.finditer(text)} & allowed
    sentences = paragraphs | ({match.end() for match in _SENTENCE_END.finditer(text)} & allowed)
    words = sentences | ({match.end() for match in _WORD_END.finditer(text)} & allowed)
    return _Boundaries(sorted(paragraphs), sorted(sentences), sorted(words), graphemes)


def _spans(text: str, count: Callable[[str], int], budget: int, overlap: int) -> list[tuple[int, int]]:
    cuts = _boundaries(text)
    spans: list[tuple[int, int]] = []
    start = covered = 0
    while covered < len(text):
        end = _chunk_end(text, cuts, count, budget, start, covered)
        if end is None:  # the overlap leaves no room for anything new
            start = covered
            continue
        spans.append((start, end))
        start, covered = _overlap_start(text, cuts, count, overlap, start, end), end
    return spans


def _chunk_end(
    text: str, cuts: _Boundaries, count: Callable[[str], int], budget: int, start: int, covered: int
) -> int | None:
    """Return where the chunk from ``start`` ends, beyond ``covered``; None when nothing new fits."""

    def fits(end: int) -> bool:
        return count(text[start:end]) <= budget

    if len(text) - start <= _LIKELY_CHARS * budget and fits(len(text)):
        return len(text)
    first = bisect_right(cuts.graphemes, covered)
    farthest = _last_that_fits(cuts.graphemes, first, 2 * budget, fits)
    if farthest is None:
        return None if start < covered else cuts.graphemes[first]
    if farthest == len(text):
        return farthest
    # Up to half of the budget may be left unused so as not to cut a sentence in two.
    at_least = max(covered + 1, start + (farthest - start) // 2)
    for positions in cuts.strongest():
        for position in reversed(
            positions[bisect_left(positions, at_least) : bisect_right(positions, farthest)]
        ):
            if position == farthest or fits(position):
                return position
    return farthest


def _last_that_fits(positions: list[int], first: int, step: int, fits: Callable[[int], bool]) -> int | None:
    """Return the last of ``positions[first:]`` that fits, looking in growing steps and then by bisection.

    The number of tokens does not always grow with the text (a longer text can merge into fewer), so the
    result is known to fit, but may not be the very last that does.
    """
    if not fits(positions[first]):
        return None
    low = first
    while low + step < len(positions) and fits(positions[low + step]):
        low, step = low + step, step * 2
    high = min(low + step, len(positions))
    while high - low > 1:
        middle = (low + high) // 2
        if fits(positions[middle]):
            low = middle
        else:
            high = middle
    return positions[low]


def _overlap_start(
    text: str, cuts: _Boundaries, count: Callable[[str], int], overlap: int, start: int, end: int
) -> int:
    """Return where the chunk after ``text[start:end]`` begins: at most ``overlap`` tokens before ``end``."""
    if overlap <= 0 or end == len(text):
        return end
    fixed = count("")
    for positions in (cuts.sentences, cuts.words, cuts.graphemes):
        inside = positions[bisect_right(positions, start) : bisect_left(positions, end)]
        low, high = 0, len(inside)  # the earliest position from which the rest is short enough
        while low < high:
            middle = (low + high) // 2
            if count(text[inside[middle] : end]) - fixed <= overlap:
                high = middle
            else:
                low = middle + 1
        if low < len(inside):
            return inside[low]
    return end
