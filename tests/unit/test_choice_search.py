"""The best-first search for the likeliest choice against reading every choice whole."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.models.transformers import likelihood
from harness.models.transformers.engine import Engine
from harness.models.transformers.likelihood import log_likelihoods
from harness.models.transformers.tries import ROOT, Scored, Trie
from tests.unit._families import built, families

FAMILIES = families(200)
OPTIONS = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=5), min_size=1, max_size=12)
LOG_PROBS = st.sampled_from([0.0, -0.5, -1.0, -1.0, -2.0, -3.0, -math.inf])
Table = dict[tuple[int, ...], float]


def search(options: Sequence[Sequence[int]], table: Table, width: int) -> tuple[Scored, list[list[int]]]:
    """Search by a table that has the log-probability of every beginning's last token."""
    trie = Trie(options)
    rounds = []
    learn(trie, ROOT, table)
    while nodes := trie.promising(width):
        rounds.append(nodes)
        for node in nodes:
            learn(trie, node, table)
    return trie.scored(), rounds


def learn(trie: Trie, node: int, table: Table) -> None:
    children = trie.children[node]
    trie.learn(node, {child: table[tuple(trie.tokens[n] for n in trie._path(child))] for child in children})


def whole(option: Sequence[int], table: Table) -> float:
    return sum(table[tuple(option[: n + 1])] for n in range(len(option)))


@given(OPTIONS, st.data(), st.integers(1, 8))
def test_the_first_likeliest_choice_is_found_and_the_others_lie_below_their_bounds(
    options: list[list[int]], data: st.DataObject, width: int
) -> None:
    beginnings = sorted({tuple(option[: n + 1]) for option in options for n in range(len(option))})
    table = dict(
        zip(
            beginnings,
            data.draw(st.lists(LOG_PROBS, min_size=len(beginnings), max_size=len(beginnings))),
            strict=True,
        )
    )
    scored, rounds = search(options, table, width)
    expected = [whole(option, table) for option in options]
    assert scored.values.index(max(scored.values)) == expected.index(max(expected))
    assert scored.exact[expected.index(max(expected))]
    for value, exact, right in zip(scored.values, scored.exact, expected, strict=True):
        assert value == right if exact else value >= right
    nodes = [node for nodes in rounds for node in nodes]
    assert len(nodes) == len(set(nodes)) == scored.n_read
    assert all(len(nodes) <= width for nodes in rounds)


@given(OPTIONS, st.integers(1, 8))
def test_parts_hold_every_node_that_must_be_read_with_its_ancestors(
    options: list[list[int]], most: int
) -> None:
    trie = Trie(options)
    parts = trie.parts(most)
    inner = {node for node, children in enumerate(trie.children) if children and node != ROOT}
    assert {node for part in parts for node in part} == inner
    for part in parts:
        assert len(part) <= max(most, *map(len, options))
        for place, node in enumerate(part):
            assert trie.parents[node] in (ROOT, *part[:place])


def test_a_choice_whose_first_token_is_unlikely_is_never_read() -> None:
    options = [[1, 2, 3, 9], [4, 5, 9], [1, 2, 9]]
    table = {(1,): -0.1, (1, 2): -0.1, (1, 2, 3): -2.0, (1, 2, 3, 9): -0.1, (1, 2, 9): -0.2, (4,): -3.0}
    table |= {(4, 5): -0.1, (4, 5, 9): -0.1}
    scored, rounds = search(options, table, width=1)
    assert scored.exact == [False, False, True]
    assert scored.values == pytest.approx([-2.2, -3.0, -0.4])
    assert (scored.n_read, len(rounds)) == (2, 2)


@pytest.fixture(scope="module", params=FAMILIES)
def module(request: pytest.FixtureRequest) -> Any:
    return built(FAMILIES[request.param], request.param)


def labels(rng: random.Random, n: int) -> list[list[int]]:
    """Return options that share beginnings, end with 2, and are beginnings of one another before that."""
    words = [[rng.randrange(3, 300) for _ in range(rng.choice([1, 1, 2]))] for _ in range(6)]
    pairs = [[*a, *b, 2] for a, b in itertools.product(words, [[], *words])]
    return rng.sample(pairs, min(n, len(pairs)))


@torch.inference_mode()
@pytest.mark.parametrize("seed", range(3))
def test_the_search_agrees_with_reading_every_choice(
    module: Any, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prompts differ in length, so rows are padded; with the second seed a pass reads one node a row."""
    if seed == 1:
        monkeypatch.setattr(likelihood, "MAX_LOGITS", 1)
    rng = random.Random(seed)
    engine = Engine(module)
    for n_rows, n_options in ((1, 1), (1, 30), (3, 8), (9, 40)):
        prefix = [rng.randrange(3, 300) for _ in range(rng.choice([0, 40]))]
        prompts = [prefix + [rng.randrange(3, 300) for _ in range(rng.randint(1, 12))] for _ in range(n_rows)]
        options = [labels(rng, n_options) for _ in prompts]
        options[-1] = options[-1] * 2  # every choice twice: the first one is taken
        every, _ = log_likelihoods(engine, prompts, options)
        found, _ = log_likelihoods(engine, prompts, options, every=False)
        for right, scored in zip(every, found, strict=True):
            best = scored.values.index(max(scored.values))
            assert best == right.values.index(max(right.values))
            assert scored.exact[best]
            for value, exact, expected in zip(scored.values, scored.exact, right.values, strict=True):
                assert value == pytest.approx(expected, abs=1e-4) if exact else value >= expected - 1e-4


@torch.inference_mode()
def test_a_search_reads_few_of_many_choices_and_asks_the_same_twice() -> None:
    module, rng = built(FAMILIES["llama"], "llama"), random.Random(3)
    prompts = [[rng.randrange(3, 300) for _ in range(20)] for _ in range(8)]
    options = [labels(rng, 42) for _ in prompts]
    every, _ = log_likelihoods(Engine(module), prompts, options)
    found, _ = log_likelihoods(Engine(module), prompts, options, every=False)
    assert 3 * sum(scored.n_read for scored in found) < sum(scored.n_read for scored in every)
    assert not all(exact for scored in found for exact in scored.exact)
    assert log_likelihoods(Engine(module), prompts, options, every=False)[0] == found


@torch.inference_mode()
def test_what_choices_share_is_read_once_where_all_are_wanted() -> None:
    read = []
    module = built(FAMILIES["llama"], "llama")
    engine = Engine(module)
    assert engine.shares(60)
    hook = module.get_input_embeddings().register_forward_hook(lambda *call: read.append(call[1][0].shape))
    options = [[5, 6, 7, 2], [5, 6, 8, 2], [5, 6, 2]]
    (scored,), _ = log_likelihoods(engine, [list(range(10, 40))], [options])
    hook.remove()
    assert [tuple(shape) for shape in read] == [(1, 30), (1, 4)]
    assert scored.n_read == 4
