import sqlite3
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.runs.keys import generation_key
from harness.runs.reading import Preparation
from harness.runs.schema import FILE_NAME
from harness.runs.store import Store
from harness.types import (
    Decoding,
    Failure,
    Generation,
    ItemResult,
    Message,
    ModelIdentity,
    PrepareCost,
    Request,
    TaskItem,
)

BASE = ModelIdentity(name="m", weights_digest="1" * 64)
REQUEST = Request(task="t", item_id="a", messages=(Message(role="user", content="q"),))


def result(item_id: str, key: str = "k", error: Failure | None = None, **place: int) -> ItemResult:
    request = REQUEST.model_copy(update={"item_id": item_id})
    scores = {} if error else {"exact_match": 1.0}
    return ItemResult(
        strategy="s", task="t", item_id=item_id, key=key, request=request, answer=None,
        scores=scores, error=error, **({"seed": 0} | place),
    )  # fmt: skip


@pytest.mark.parametrize(
    "identity",
    [
        BASE.model_copy(update={"weights_digest": "2" * 64}),
        BASE.model_copy(update={"adapter_digest": "3" * 64}),
        BASE.model_copy(update={"quantization": "nf4"}),
        BASE.model_copy(update={"dtype": "bfloat16"}),
        BASE.model_copy(update={"loaded_by": "peft 1.0"}),
    ],
)
def test_an_answer_is_never_served_for_other_weights(identity: ModelIdentity) -> None:
    assert generation_key(BASE, "p", REQUEST) != generation_key(identity, "p", REQUEST)


def test_the_key_knows_prompt_choices_and_decoding_and_the_seed_only_when_sampling() -> None:
    greedy = generation_key(BASE, "p", REQUEST)
    assert greedy != generation_key(BASE, "other", REQUEST)
    assert greedy != generation_key(BASE, "p", REQUEST.model_copy(update={"choices": ("x", "y")}))
    assert greedy != generation_key(
        BASE, "p", REQUEST.model_copy(update={"decoding": Decoding(max_new_tokens=3)})
    )
    assert greedy == generation_key(BASE, "p", REQUEST.model_copy(update={"seed": 5, "item_id": "b"}))
    hot = REQUEST.model_copy(update={"decoding": Decoding(temperature=0.7)})
    assert generation_key(BASE, "p", hot) != generation_key(BASE, "p", hot.model_copy(update={"seed": 5}))
    assert generation_key(BASE, "p", hot) != generation_key(BASE, "p", hot.model_copy(update={"repeat": 1}))


def test_bounds_are_never_served_where_every_choice_is_wanted() -> None:
    def key(*choices: str, every_choice: bool) -> str:
        asked = REQUEST.model_copy(update={"choices": choices, "every_choice": every_choice})
        return generation_key(BASE, "p", asked)

    assert key("x", "y", every_choice=True) != key("x", "y", every_choice=False)
    assert key("x", every_choice=True) == key("x", every_choice=False)
    assert key(every_choice=True) == key(every_choice=False)


def test_rows_come_back_as_they_went_in(tmp_path: Path) -> None:
    failure = Failure(kind="out_of_memory", message="too much")
    with Store.open(tmp_path) as store:
        store.write_batch(
            "r", {"k": (Generation(text="</script> 日本"),)}, [result("a"), result("b", "", failure)]
        )
        store.write_items("d", [TaskItem(id="a", input="q", targets=("x",), split="test")])
        store.write_preparation("p", Preparation("s", 0, PrepareCost(wall_s=2.0), {"loss": [1.0]}))
    with Store.open(tmp_path, read_only=True) as store:
        a, b = store.results(["r"])
        assert a.answer is not None
        assert a.answer.text == "</script> 日本"
        assert b.error == failure
        assert store.some_items("d", ["a", "b"])["a"].targets == ("x",)
        assert store.preparations(["p"])[0].cost.wall_s == 2.0
        assert list(store.results(["other recipe"])) == []
        with pytest.raises(sqlite3.OperationalError):
            store.write_batch("r", {}, [result("c")])


def test_a_batch_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    broken = result("b").model_copy(update={"seed": object()})
    with Store.open(tmp_path) as store:
        with pytest.raises(sqlite3.Error):
            store.write_batch("r", {"k": (Generation(text="x"),)}, [result("a"), broken])
        assert store.finished("r", 0) == set()
        assert store.generations(["k"]) == {}


def test_what_is_there_stays_and_failures_can_be_tried_again(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.write_batch("r", {"k": (Generation(text="first"),)}, [result("a")])
        store.write_batch("r", {"k": (Generation(text="second"),)}, [result("a")])
        assert store.generations(["k"])["k"][0].text == "first"
        store.write_batch("r", {}, [result("b", "", Failure(kind="x", message="y"))])
        store.forget_errors("r", 0)
        assert store.finished("r", 0) == {("a", 0)}


def test_a_failed_preparation_is_replaced_by_one_that_succeeds_and_not_the_other_way(tmp_path: Path) -> None:
    failed = Preparation("s", 0, PrepareCost(), {}, Failure(kind="x", message="y"))
    with Store.open(tmp_path) as store:
        store.write_preparation("p", failed)
        store.write_preparation("p", Preparation("s", 0, PrepareCost(wall_s=3.0), {}))
        store.write_preparation("p", Preparation("s", 0, PrepareCost(wall_s=9.0), {}))
        (kept,) = store.preparations(["p"])
    assert kept.error is None
    assert kept.cost.wall_s == 3.0


def test_a_folder_without_a_store_or_with_a_broken_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        Store.open(tmp_path, read_only=True)
    (tmp_path / FILE_NAME).write_bytes(b"this is no database, but it is long enough to look at" * 40)
    with pytest.raises(InputError, match="cannot be opened"):
        Store.open(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    sqlite3.connect(other / FILE_NAME).execute("PRAGMA user_version=99")
    with pytest.raises(InputError, match="schema version 99"):
        Store.open(other)


def test_a_full_disk_names_the_file_and_loses_nothing_that_was_written(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.write_batch("r", {"k": (Generation(text="kept"),)}, [result("a")])
        pages = store._db.execute("PRAGMA page_count").fetchone()[0]
        store._db.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(OSError, match="No space left") as caught:
            store.write_batch("r", {"l": (Generation(text="x" * 100_000),)}, [result("b", "l")])
        assert caught.value.filename == str(tmp_path / FILE_NAME)
        assert store.finished("r", 0) == {("a", 0)}
        assert store.generations(["k", "l"]).keys() == {"k"}


def test_the_first_result_of_an_item_is_that_of_its_smallest_seed_and_repeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.runs.reading._VARIABLES", 2)
    with Store.open(tmp_path) as store:
        rows = [(1, 0, "a"), (0, 1, "a"), (0, 0, "b"), (0, 1, "b"), (2, 0, "c"), (0, 0, "\x00d")]
        store.write_batch("r", {}, [result(item, seed=seed, repeat=repeat) for seed, repeat, item in rows])
        found = store.first_results("r", ["a", "b", "c", "\x00d", "not there"])
    assert {item: (row.seed, row.repeat) for item, row in found.items()} == {
        "a": (0, 1), "b": (0, 0), "c": (2, 0), "\x00d": (0, 0)
    }  # fmt: skip


def test_scores_are_read_without_answers_in_the_order_of_results(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.write_batch("r", {}, [result("b", seed=1), result("b"), result("a")])
        assert [(row.seed, row.item_id, row.scores) for row in store.scored("r")] == [
            (row.seed, row.item_id, row.scores) for row in store.results(["r"])
        ]


def test_items_are_found_by_id_or_one_after_another(tmp_path: Path) -> None:
    items = [TaskItem(id=name, input=name, targets=("x",), split="test") for name in "cab"]
    with Store.open(tmp_path) as store:
        store.write_items("d", items)
        assert store.item_ids("d") == [item.id for item in store.items("d")] == ["a", "b", "c"]
        assert store.some_items("d", ["c", "q"]) == {"c": items[0]}
