"""Budgets of batches: probed against simulated memory, fixed for a run, lowered for the next."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from harness.models.transformers.batching import MAX_BATCH_CHOICE_ITEMS, MAX_BATCH_ITEMS
from harness.models.transformers.budgets import DEFAULT_TOKENS, BatchBudgets, Setting
from harness.models.transformers.cache import RoomyLayer
from harness.models.transformers.decoding import decode
from harness.models.transformers.engine import KEPT_PREFIXES, Engine
from harness.models.transformers.likelihood import log_likelihoods
from harness.models.transformers.model import TransformersModel
from harness.models.transformers.options import TransformersOptions
from harness.models.transformers.probing import SMALLEST, largest_fitting, probe
from harness.powers import answered
from harness.types import Decoding, Failure, Generation, Message, Request

SETTING = Setting("weights", "none", "bfloat16", "Simulated GPU", 8 * 2**30)


def request(item_id: str, words: int = 20) -> Request:
    message = Message(role="user", content="word " * words + item_id)
    return Request(task="t", item_id=item_id, messages=(message,), decoding=Decoding(max_new_tokens=4))


@pytest.fixture
def engine(tiny_model: Path) -> Engine:
    return TransformersModel(TransformersOptions(path=str(tiny_model))).engine


@pytest.fixture
def memory_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a function that leaves memory for that many tokens of keys and values."""
    allocate = RoomyLayer.lazy_initialization

    def limit(tokens: int) -> None:
        def limited(layer: RoomyLayer, keys: torch.Tensor, values: torch.Tensor) -> None:
            if keys.shape[0] * layer.room > tokens:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate more than there is.")
            allocate(layer, keys, values)

        monkeypatch.setattr(RoomyLayer, "lazy_initialization", limited)

    return limit


# --- Probing ---


@pytest.mark.parametrize(("limit", "expected"), [(100, 64), (64, 64), (63, 32), (3, 4), (10**6, 256)])
def test_the_size_before_the_first_that_does_not_fit(limit: int, expected: int) -> None:
    tried: list[int] = []

    def take(size: int) -> int:
        tried.append(size)
        if size > limit:
            raise torch.OutOfMemoryError("no room")
        return size

    assert largest_fitting(take, iter([4, 8, 16, 32, 64, 128, 256]), 10**9) == expected
    assert [size for size in tried if size > limit] in ([], [tried[-1]]), "it stops at the first"


def test_a_size_that_takes_more_than_its_share_does_not_fit_either() -> None:
    tried: list[int] = []
    assert largest_fitting(lambda size: tried.append(size) or 10 * size, iter([1, 2, 4, 8]), 25) == 2  # type: ignore[func-returns-value]
    assert tried == [1, 2, 4]


def test_the_probe_finds_what_the_memory_holds(engine: Engine, memory_of: Callable[[int], None]) -> None:
    assert probe(engine, 32, 256) == 32 * 256, "more than all rows at full length is never needed"
    memory_of(5000)
    assert probe(engine, 32, 256) == 4096
    memory_of(100)
    assert probe(engine, 32, 256) == SMALLEST


def test_a_model_that_shares_nothing_is_probed_by_the_way_it_answers(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def narrow(module: torch.nn.Module, args: object, kwargs: dict[str, torch.Tensor]) -> None:
        read.append(kwargs["input_ids"].numel())
        if read[-1] > 3000:
            raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(engine, "shares", lambda n_tokens: False)
    hook = engine.module.register_forward_pre_hook(narrow, with_kwargs=True)
    try:
        assert probe(engine, 16, 256) == 2048
    finally:
        hook.remove()
    assert max(read) == 4096


def test_a_probe_draws_no_random_numbers(engine: Engine) -> None:
    before = torch.get_rng_state()
    probe(engine, 16, 64)
    assert torch.equal(torch.get_rng_state(), before)


def test_rehearsing_takes_room_for_all_tokens_and_leaves_the_answers_as_they_are(
    engine: Engine, memory_of: Callable[[int], None]
) -> None:
    prompts = [[5, 6, 7, 8], [5, 6, 9]]
    _, before, _ = engine.encode(prompts, 2)
    memory_of(8 * 64)
    engine.rehearse(8, 64)
    with pytest.raises(torch.OutOfMemoryError):
        engine.rehearse(8, 65)
    assert torch.equal(engine.encode(prompts, 2)[1], before)


class LiveBytes(TorchDispatchMode):
    """Counts the bytes of all tensors that are alive, and keeps the most there were at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0
        self._alive: dict[int, tuple[StorageWeakRef, int]] = {}

    def __torch_dispatch__(self, op: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = op(*args, **(kwargs or {}))
        for leaf in tree_leaves(output):
            if isinstance(leaf, torch.Tensor):
                storage = leaf.untyped_storage()
                self._alive[storage._cdata] = (StorageWeakRef(storage), storage.nbytes())
        self._alive = {key: kept for key, kept in self._alive.items() if not kept[0].expired()}
        self.peak = max(self.peak, sum(size for _, size in self._alive.values()))
        return output


@torch.inference_mode()
def test_answering_takes_no_more_memory_than_its_rehearsal(engine: Engine) -> None:
    n_rows, n_tokens = 16, 128
    ids = [[(31 * row + 7 * k) % engine.vocabulary for k in range(n_tokens)] for row in range(n_rows)]
    assert engine.shares(n_tokens)
    with LiveBytes() as rehearsal:
        engine.rehearse(n_rows, n_tokens)
    with LiveBytes() as generating:
        decode(engine, [row[:96] for row in ids], n_tokens - 96, [])
    with LiveBytes() as choosing:
        log_likelihoods(engine, [row[:65] for row in ids], [[row[65:96], row[96:]] for row in ids])
    assert max(generating.peak, choosing.peak) <= rehearsal.peak < 2 * generating.peak


@torch.inference_mode()
def test_kept_prefixes_are_rehearsed_too(engine: Engine) -> None:
    """Two rows share what is half of their tokens, and so did those of the batch before."""
    engine.shares(256)
    shared = [[(31 * k + 7 * n) % engine.vocabulary for k in range(240)] for n in range(KEPT_PREFIXES + 1)]
    with LiveBytes() as bare:
        engine.rehearse(2, 256)
    with LiveBytes() as rehearsal:
        engine.rehearse(2, 256, 256)
    for prefix in shared:
        decode(engine, [[*prefix, 5], [*prefix, 6]], 15, [])
    held = [part.numel() * 4 for kept in engine._prefixes.values() for layer in kept for part in layer]
    assert len(held) == 2 * KEPT_PREFIXES * len(engine._layers)
    assert rehearsal.peak - bare.peak >= sum(held)


def test_a_probe_leaves_room_for_prefixes(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, int]] = []
    monkeypatch.setattr(engine, "rehearse", lambda *sizes: asked.append(sizes))
    probe(engine, 8, 256)
    assert asked == [(8, 128, 256), (8, 256, 256)]


# --- Remembering ---


def never() -> int:
    raise AssertionError("nothing is to be probed")


def test_the_run_comes_before_the_machine_and_the_machine_before_a_probe(tmp_path: Path) -> None:
    run, machine, said = tmp_path / "run", tmp_path / "machine", list[str]()
    assert BatchBudgets(run, machine, said.append).of(SETTING, lambda: 4096) == 4096
    assert len(said) == 2
    assert "Simulated GPU" in said[0]
    assert "4096" in said[1]
    BatchBudgets(None, machine).ran_out(SETTING, 3000)
    assert BatchBudgets(run, machine).of(SETTING, never) == 4096
    assert BatchBudgets(tmp_path / "other run", machine).of(SETTING, never) == 1500
    assert BatchBudgets(tmp_path / "third run", tmp_path / "new").of(SETTING, lambda: 8192) == 8192


def test_without_a_probe_a_run_keeps_the_default_and_the_machine_learns_nothing(tmp_path: Path) -> None:
    run, machine = tmp_path / "run", tmp_path / "machine"
    assert BatchBudgets(run, machine).of(SETTING, None) == DEFAULT_TOKENS
    assert not machine.exists()
    (kept,) = run.iterdir()
    assert json.loads(kept.read_text())["for"]["device"] == "Simulated GPU"
    kept.write_text(kept.read_text().replace(str(DEFAULT_TOKENS), "512"))
    assert BatchBudgets(run, machine).of(SETTING, never) == 512


@pytest.mark.parametrize("change", ["weights_digest", "quantization", "dtype", "device", "memory_bytes"])
def test_a_budget_holds_for_its_setting_alone(tmp_path: Path, change: str) -> None:
    budgets = BatchBudgets(None, tmp_path)
    budgets.of(SETTING, lambda: 4096)
    other = Setting(**(SETTING.__dict__ | {change: 5 if change == "memory_bytes" else "other"}))
    assert budgets.of(other, lambda: 2048) == 2048
    assert BatchBudgets(None, tmp_path).of(SETTING, never) == 4096


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"tokens": "many"}', '{"tokens": 0}'])
def test_what_cannot_be_read_is_found_anew(tmp_path: Path, damage: str) -> None:
    BatchBudgets(None, tmp_path).of(SETTING, lambda: 4096)
    (kept,) = tmp_path.iterdir()
    kept.write_text(damage)
    assert BatchBudgets(None, tmp_path).of(SETTING, lambda: 2048) == 2048


def test_a_machine_that_keeps_nothing_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    budgets = BatchBudgets(tmp_path / "run", tmp_path / "file")
    assert budgets.of(SETTING, lambda: 4096) == 4096
    budgets.ran_out(SETTING, 4096)
    assert BatchBudgets(tmp_path / "run", tmp_path / "file").of(SETTING, never) == 4096


def test_running_out_again_lowers_only_what_is_higher_and_says_so_once(tmp_path: Path) -> None:
    said: list[str] = []
    budgets = BatchBudgets(None, tmp_path, said.append)
    budgets.of(SETTING, lambda: 4096)
    said.clear()
    for tokens in (4096, 4096, 4000, 6000):
        budgets.ran_out(SETTING, tokens)
    assert len(said) == 2
    assert BatchBudgets(None, tmp_path).of(SETTING, never) == 2000


# --- The model ---


def on_gpu(
    model_folder: Path, run: Path, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> TransformersModel:
    """Return the tiny model as if it were on a GPU; memory is what ``memory_of`` says."""
    monkeypatch.setattr("harness.models.transformers.model.setting_of", lambda *_: SETTING)
    model = TransformersModel(TransformersOptions(path=str(model_folder)), budgets=BatchBudgets(run, machine))
    assert model.module is not None
    model.device = "cuda"
    return model


def test_a_run_that_is_resumed_forms_the_same_batches_after_memory_ran_out(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory_of: Callable[[int], None]
) -> None:
    machine, asked = tmp_path / "machine", [request(str(n)) for n in range(300)]
    memory_of(5000)
    first = on_gpu(tiny_model, tmp_path / "run", machine, monkeypatch)
    batches = first.batches(asked)
    assert sum(len(batch) for batch in batches) == 300
    size = first._sizing.of(asked[0])
    assert {len(batch) for batch in batches[:-1]} == {4096 // size}
    memory_of(2000)  # another program came: the planned batches are answered in halves
    answers = answered(first, [asked[i] for i in batches[0]])
    assert all(isinstance(answer, Generation) for answer in answers)
    assert first.batches(asked) == batches
    again = on_gpu(tiny_model, tmp_path / "run", machine, monkeypatch)
    assert again.batches(asked) == batches
    later = on_gpu(tiny_model, tmp_path / "next run", machine, monkeypatch)
    assert max(map(len, later.batches(asked))) < len(batches[0])
    assert all(
        isinstance(a, Generation) for a in answered(later, [asked[i] for i in later.batches(asked)[0]])
    )


def test_an_explicit_budget_is_neither_probed_nor_lowered(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory_of: Callable[[int], None]
) -> None:
    options = TransformersOptions(path=str(tiny_model), max_batch_tokens=200)
    model = TransformersModel(options, budgets=BatchBudgets(tmp_path / "run", tmp_path / "machine"))
    asked = [request(str(n)) for n in range(9)]
    batches = model.batches(asked)
    memory_of(20)
    assert {type(answer) for answer in answered(model, [asked[i] for i in batches[0]])} == {Failure}
    assert model.batches(asked) == batches
    assert not list(tmp_path.iterdir())


def test_a_gpu_is_given_more_rows(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory_of: Callable[[int], None]
) -> None:
    asked = [request("always the same", words=1)] * 300
    cpu = TransformersModel(TransformersOptions(path=str(tiny_model)))
    assert max(map(len, cpu.batches(asked))) == MAX_BATCH_ITEMS["cpu"] == 64
    choosing = [each.model_copy(update={"choices": ("yes", "no")}) for each in asked]
    assert max(map(len, cpu.batches(choosing))) == MAX_BATCH_CHOICE_ITEMS["cpu"] == 32
    model = on_gpu(tiny_model, tmp_path / "run", tmp_path / "machine", monkeypatch)
    memory_of(2**15)
    assert max(map(len, model.batches(asked))) == MAX_BATCH_ITEMS["cuda"] == 256
