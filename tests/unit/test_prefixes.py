"""Which prompts are answered together, and what is encoded once."""

from __future__ import annotations

import random
from array import array

from hypothesis import given
from hypothesis import strategies as st

from harness.models.transformers.batching import plan_batches
from harness.models.transformers.prefixes import (
    WORTH_A_BATCH,
    WORTH_A_PASS,
    common_length,
    families,
    shared_length,
)
from harness.types import Decoding, Message, Request

TOKENS = st.lists(st.integers(0, 3), min_size=1, max_size=60)


@given(TOKENS, TOKENS)
def test_the_common_length_is_that_of_the_longest_common_beginning(a: list[int], b: list[int]) -> None:
    n = common_length(a, b)
    assert a[:n] == b[:n]
    assert a[n : n + 1] != b[n : n + 1] or not a[n:] or not b[n:]
    assert common_length(array("i", a), array("i", b)) == n


@given(st.lists(TOKENS, min_size=1, max_size=40), st.integers(0, 80))
def test_what_is_shared_leaves_a_token_of_every_prompt_and_saves_enough(
    rests: list[list[int]], n_prefix: int
) -> None:
    prompts = [[9] * n_prefix + rest for rest in rests]
    shared = shared_length(prompts)
    assert all(len(prompt) > shared and prompt[:shared] == prompts[0][:shared] for prompt in prompts)
    assert shared == 0 or shared * (len(prompts) - 1) >= WORTH_A_PASS
    if n_prefix * (len(prompts) - 1) >= WORTH_A_PASS:
        assert shared >= n_prefix


def test_a_prompt_asked_twice_keeps_its_last_token() -> None:
    assert shared_length([[5] * 200, [5] * 200]) == 199


def test_one_prompt_shares_with_nobody() -> None:
    assert shared_length([[5] * 2000]) == 0


def test_prompts_that_all_begin_alike_are_not_parted_for_the_sake_of_a_few_tokens() -> None:
    rng = random.Random(2)
    prompts = [[9] * 400 + [n % 5] * 3 + [rng.randrange(10, 500) for _ in range(9)] for n in range(30)]
    assert set(families(prompts)) == {1}


def test_prompts_with_one_passage_are_a_family_within_those_of_one_instruction() -> None:
    rng = random.Random(1)
    instruction = list(range(50))
    passages = [[1000 + n] * 100 for n in range(3)]
    prompts = [instruction + passages[n % 3] + [rng.randrange(500) for _ in range(9)] for n in range(30)] + [
        instruction + [2000 + n] * 5 for n in range(4)
    ]
    rng.shuffle(prompts)
    found = families(prompts)
    by_family: dict[int, list[list[int]]] = {}
    for number, prompt in zip(found, prompts, strict=True):
        by_family.setdefault(number, []).append(prompt)
    assert sorted(map(len, by_family.values())) == [4, 10, 10, 10]
    assert all(shared_length(own) >= 150 for own in by_family.values() if len(own) == 10)


@given(st.lists(TOKENS, max_size=60), st.randoms())
def test_families_depend_on_the_prompts_alone(prompts: list[list[int]], rng: random.Random) -> None:
    order = list(range(len(prompts)))
    rng.shuffle(order)
    found, shuffled = families(prompts), families([prompts[i] for i in order])
    together = {(tuple(prompts[i]), found[i]) for i in order}
    assert together == {(tuple(prompts[i]), number) for i, number in zip(order, shuffled, strict=True)}


def test_a_few_alike_prompts_are_no_family() -> None:
    pair = [[7] * (WORTH_A_BATCH - 1) + [n] for n in range(2)]
    others = [[n] for n in range(20, 30)]
    assert len(set(families([*pair, *others]))) == 1
    assert len(set(families([[7, *pair[0]], [7, *pair[1]], *others]))) == 2


def test_families_are_batched_apart_and_longest_first() -> None:
    requests = [
        Request(task="t", item_id=str(n), messages=(Message(role="user", content="x"),), decoding=Decoding())
        for n in range(6)
    ]
    assert plan_batches(requests, [3, 5, 4, 9, 8, 7], [1, 1, 1, 2, 2, 2], 18, 64) == [[1, 2, 0], [3, 4], [5]]
