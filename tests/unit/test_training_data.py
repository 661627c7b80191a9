from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.digests import digest_of_text
from harness.errors import InputError, UnrenderedError
from harness.tasks.prompting import plain_requests
from harness.types import Failure
from strategies.full import FullOptions
from strategies.lora import Lora, LoraOptions
from strategies.qlora import QLora
from strategies.tuning.data import IGNORED, batches, collect, tokenise
from tests.unit._training import colour_task, context


class ChatModel:
    """Renders turns as ``[role]content<end>``."""

    def __init__(self, end: str = "<end>", shown: str = "[assistant]") -> None:
        self.name, self._end, self._shown = "chat", end, shown

    def answer_ids(self, messages, answer):
        prompt, whole = self.render(messages), f"{answer}{self._end}"
        return [*map(ord, prompt)], [*map(ord, whole)]

    def render(self, messages) -> str:
        heads = {"assistant": self._shown}
        text = "".join(f"{heads.get(m.role, f'[{m.role}]')}{m.content}{self._end}" for m in messages)
        return text if messages[-1].role == "assistant" else text + self._shown


def collected(tmp_path, *tasks, model=None, options=None, **changes):
    model = model or ChatModel()
    place = context(model, tmp_path, *tasks, **changes)
    return collect(LoraOptions(**(options or {})), place, model), place


def test_training_prompts_are_those_of_evaluation(tmp_path):
    data, model = colour_task(), ChatModel()
    texts, _ = collected(tmp_path, data, model=model)
    asked: list[Any] = plain_requests(data.task, [item.without_answer() for item in data.train])
    trained = {e.item_id: digest_of_text(e.prompt) for e in texts.train}
    assert trained == {r.item_id: digest_of_text(model.render(r.messages)) for r in asked}


def test_prompts_come_from_the_builder_of_the_composition_which_sees_no_answer(tmp_path):
    def with_passage(task, items):
        assert not any(item.targets for item in items)
        requests: list[Any] = plain_requests(task, items)
        system, user = requests[0].messages
        shown = user.model_copy(update={"content": f"[1] a passage\n\n{user.content}"})
        return [r.model_copy(update={"messages": (system, shown)}) for r in requests]

    texts, _ = collected(tmp_path, build=with_passage)
    assert all("[user][1] a passage" in example.prompt for example in texts.train + texts.validation)


def test_only_the_answer_and_the_end_of_its_turn_are_learned(tmp_path):
    texts, place = collected(tmp_path, model=ChatModel(end="<end>\n"))
    rows = tokenise(texts, 1000, place).train
    for example, row in zip(texts.train, rows, strict=True):
        learned = [label for label in row["labels"] if label != IGNORED]
        assert learned == [*map(ord, example.answer + "<end>\n")]
        assert row["input_ids"] == [*map(ord, example.prompt), *learned]


def test_examples_that_are_too_long_are_left_out_whole_and_counted(tmp_path):
    texts, place = collected(tmp_path)
    sizes = [len(e.prompt + e.answer + "<end>") for e in texts.train]
    limit = sorted(sizes)[len(sizes) // 2]
    data = tokenise(texts, limit, place)
    assert [len(row["input_ids"]) for row in data.train] == [size for size in sizes if size <= limit]
    assert data.too_long["colours"] >= sum(size > limit for size in sizes) > 0


@pytest.mark.parametrize(
    ("policy", "limit", "problem"), [("refuse", 60, "tokens with"), ("cut", 5, "all 16")]
)
def test_too_long_is_refused_by_policy_or_when_nothing_is_left(tmp_path, policy, limit, problem):
    texts, place = collected(tmp_path, on_long_prompt=policy)
    with pytest.raises(InputError, match=problem):
        tokenise(texts, limit, place)


def test_a_request_that_cannot_be_built_is_counted_or_refused(tmp_path):
    def build(task, items):
        return [Failure(kind="long", message="too long"), *plain_requests(task, items[1:])]

    texts, _ = collected(tmp_path, build=build)
    assert texts.failed == {"colours": 2}  # the first train and the first validation item
    with pytest.raises(InputError, match="train-0: cannot be asked: too long"):
        collected(tmp_path, build=build, on_long_prompt="refuse")


def test_the_digest_of_the_data_follows_the_ids_of_an_answer(tmp_path):
    class Other(ChatModel):
        def answer_ids(self, messages, answer):
            prompt, ids = super().answer_ids(messages, answer)
            return prompt, [*ids[:-1], 7]

    same, again = (collected(tmp_path)[0].digest for _ in range(2))
    assert same == again != collected(tmp_path, model=Other())[0].digest


def test_all_target_tasks_are_learned_and_no_retention_task(tmp_path):
    tasks = [colour_task(name="a"), colour_task(name="b"), colour_task(name="kept", role="retention")]
    texts, _ = collected(tmp_path, *tasks)
    assert {example.task for example in texts.train} == {"a", "b"}
    texts, _ = collected(tmp_path, *tasks, options={"tasks": ["b"]})
    assert {example.task for example in texts.train} == {"b"}
    with pytest.raises(InputError, match="did you mean 'b'"):
        collected(tmp_path, *tasks, options={"tasks": ["bb"]})


def test_no_train_items_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no target task has train items to learn from \(colours\)"):
        collected(tmp_path, colour_task(n_train=0))


def test_an_item_without_an_answer_is_refused_unless_the_task_has_a_refusal(tmp_path):
    data = colour_task()
    bare = replace(data, train=(data.train[0].without_answer(), *data.train[1:]))
    with pytest.raises(InputError, match="item train-0: has no answer to learn"):
        collected(tmp_path, bare)
    refusing = replace(bare, task=data.task.model_copy(update={"refusal": "not found"}))
    texts, _ = collected(tmp_path, refusing)
    assert texts.train[0].answer == "not found"


def test_fewer_items_are_picked_by_the_seed(tmp_path):
    few = [
        [e.item_id for e in collected(tmp_path, options={"max_train_items": 5}, seed=seed)[0].train]
        for seed in (1, 1, 2)
    ]
    assert len(few[0]) == 5
    assert few[0] == few[1] != few[2]


@given(
    lengths=st.lists(st.integers(1, 500), min_size=1, max_size=200),
    size=st.integers(1, 8),
    epochs=st.integers(1, 3),
    seed=st.integers(0, 2**40),
)
def test_every_example_comes_once_an_epoch(lengths, size, epochs, seed):
    order = batches(lengths, size, epochs, seed)
    per_epoch = len(order) // epochs
    for epoch in range(epochs):
        part = order[epoch * per_epoch : (epoch + 1) * per_epoch]
        assert sorted(i for batch in part for i in batch) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= size for batch in order)
    assert order == batches(lengths, size, epochs, seed)


def test_batches_hold_examples_of_like_length():
    lengths = [(i * 7919) % 500 for i in range(640)]
    order = batches(lengths, 8, 1, seed=0)
    padded = sum(len(batch) * max(lengths[i] for i in batch) for batch in order)
    assert padded < 1.05 * sum(lengths)


def test_what_is_wrong_with_the_tasks_is_told_before_a_model_is_loaded():
    for strategy in (Lora(LoraOptions(tasks=("color",))), QLora(LoraOptions(tasks=("color",)))):
        with pytest.raises(InputError, match=r"e\.yaml: strategies\.a\.tasks: .*did you mean 'colours'"):
            strategy.check([colour_task()], "e.yaml", "strategies.a")
    Lora(LoraOptions()).check([colour_task()], "e.yaml", "strategies.a")


def test_every_option_is_documented():
    text = (Path(__file__).parents[2] / "docs" / "fine-tuning.md").read_text(encoding="utf-8")
    table = "".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    known = {*LoraOptions.model_fields, *FullOptions.model_fields}
    assert known <= set(re.findall(r"`(\w+)`", table))


def test_an_item_that_the_template_cannot_write_is_left_out_and_counted(tmp_path):
    class Cutting(ChatModel):
        def render(self, messages):
            if any("number 2" in message.content for message in messages):
                raise UnrenderedError("the model's chat template loses text of its user turn")
            return super().render(messages)

    task = colour_task(n_train=4)
    items = [item.model_copy(update={"input": f"sky number {n}"}) for n, item in enumerate(task.train)]
    texts, _ = collected(tmp_path, replace(task, train=tuple(items)), model=Cutting())
    assert [example.item_id for example in texts.train] == [item.id for n, item in enumerate(items) if n != 2]
    assert texts.failed == {task.task.name: 1}
    with pytest.raises(InputError, match=f"item {items[2].id}: cannot be asked: the model's chat template"):
        collected(tmp_path, replace(task, train=tuple(items)), model=Cutting(), on_long_prompt="refuse")
