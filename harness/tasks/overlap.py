"""Which texts are the same, or nearly so, found without comparing every pair."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

NEAR = 0.9
"""Jaccard similarity of the token sets from which on two texts are near-duplicates."""
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_UNSPACED}]+|[^\W{_UNSPACED}]+")
_UNSPACED_RUN = re.compile(rf"[{_UNSPACED}]+")


def token_set(text: str) -> frozenset[str]:
    """Return the different words of a normalised text.

    Scripts that put no space between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese) give pairs of
    neighbouring characters instead.
    """
    tokens: set[str] = set()
    for run in _TOKEN.findall(text):
        if len(run) > 1 and _UNSPACED_RUN.match(run):
            tokens.update(run[i : i + 2] for i in range(len(run) - 1))
        else:
            tokens.add(run)
    return frozenset(tokens)


def near_duplicates(texts: Sequence[str], others: Sequence[str]) -> list[tuple[int, int, float]]:
    """Return for each text that has one its nearest near-duplicate among ``others``.

    Two sets of Jaccard similarity t share one of their n - ceil(t n) + 1 rarest tokens, so only texts that
    share a rare token are compared (prefix filtering, Bayardo, Ma and Srikant 2007). Texts of fewer than
    ten tokens are near only when they hold the same tokens.

    Args:
        texts: Normalised texts.
        others: Normalised texts to find them among.

    Returns:
        ``(index in texts, index in others, similarity)``, similarity in [0.9, 1].
    """
    sets, other_sets = [token_set(text) for text in texts], [token_set(text) for text in others]
    frequency = Counter(token for tokens in {*sets, *other_sets} for token in tokens)
    holders: dict[frozenset[str], int] = {}
    for index, tokens in enumerate(other_sets):
        holders.setdefault(tokens, index)
    blocks: dict[str, list[frozenset[str]]] = defaultdict(list)
    for tokens in holders:
        for token in _rarest(tokens, frequency):
            blocks[token].append(tokens)
    found = []
    nearest: dict[frozenset[str], tuple[float, frozenset[str]]] = {}
    for index, tokens in enumerate(sets):
        if tokens not in nearest:
            candidates = {tokens} if tokens in holders else set()
            candidates.update(*(blocks.get(token, ()) for token in _rarest(tokens, frequency)))
            nearest[tokens] = _nearest(tokens, candidates, holders)
        similarity, other = nearest[tokens]
        if similarity >= NEAR:
            found.append((index, holders[other], similarity))
    return found


def _rarest(tokens: frozenset[str], frequency: Counter[str]) -> list[str]:
    """Return the rarest tokens, one of which a near-duplicate must share; ties are broken by the token."""
    ranked = sorted(tokens, key=lambda token: (frequency[token], token))
    must_share = -(-9 * len(ranked) // 10)
    return ranked[: len(ranked) - must_share + 1] if ranked else []


def _nearest(
    tokens: frozenset[str], candidates: Iterable[frozenset[str]], order: dict[frozenset[str], int]
) -> tuple[float, frozenset[str]]:
    """Return the most similar candidate with its similarity, the earliest one of equals."""
    size = len(tokens)
    best, best_other = 0.0, tokens
    for other in candidates:
        if 10 * min(size, len(other)) < 9 * max(size, len(other)):
            continue
        shared = len(tokens & other)
        similarity = shared / (size + len(other) - shared) if tokens else 0.0
        if similarity > best or (similarity == best and best and order[other] < order[best_other]):
            best, best_other = similarity, other
    return best, best_other
