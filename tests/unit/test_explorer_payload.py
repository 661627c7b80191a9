"""The data of the item explorer: what is kept, what is left out, and that each text stands once."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.rows import load_rows
from harness.runs.manifest import RunManifest
from harness.runs.store import Store
from harness.types import (
    Answer,
    ChoiceScore,
    Exchange,
    Generation,
    Message,
    Passage,
)
from reports import html
from reports._language import texts
from reports.explorer.citing import cited
from reports.explorer.details import BLOCK, details_of, pieces
from reports.explorer.index import BRIEF_CHARS, brief
from reports.explorer.items import AskedItem, AskedItems, Outcome, Shown
from reports.explorer.links import item_link, items_link
from reports.explorer.packing import Strings, packed, unpacked
from reports.explorer.payload import LIMIT_BYTES, Payload, payload_of
from reports.run_data import load_run
from tests.unit._explorer import PACKED, Score, asked, data_of
from tests.unit._report import N_ITEMS, STRATEGIES, made_manifest, made_run


@pytest.fixture(scope="module")
def manifest() -> RunManifest:
    return made_manifest()


def mixed(n: int) -> list[AskedItem]:
    """Items of which each tenth is a flip, each twentieth a failure, and the rest alike; long prompts."""
    patterns: dict[int, tuple[Score, ...]] = {3: (1.0, 0.0), 7: (0.0, 1.0), 11: (None, 0.0)}
    return [asked(number, patterns.get(number % 20, (1.0, 1.0)), prompt=noise(number)) for number in range(n)]


def noise(number: int) -> str:
    """A text that gzip cannot make small."""
    return random.Random(number).randbytes(400).hex()


def listed(payload: Payload) -> set[str]:
    return set(data_of(payload).index["id"])


def test_a_run_that_fits_is_kept_whole(manifest: RunManifest) -> None:
    items = mixed(BLOCK + 5)
    payload = payload_of(manifest, items, {})
    assert (payload.n_items, payload.n_shown, payload.n_detailed) == (len(items),) * 3
    assert len(payload.blocks) == 2
    assert all(data_of(payload).detail(each.item.id) for each in items)


def test_too_large_a_run_keeps_every_flip_and_failure_and_a_sample_of_the_rest(manifest: RunManifest) -> None:
    items = mixed(400)
    limit = payload_of(manifest, items, {}).n_bytes // 2
    payload = payload_of(manifest, items, {}, limit)
    wanted = {each.item.id for each in items if each.failed or each.disagreement}
    assert limit * 0.8 < payload.n_bytes <= limit
    assert len(wanted) == 60
    assert wanted < listed(payload)
    assert payload.n_detailed == payload.n_shown < payload.n_items
    assert payload == payload_of(manifest, items, {}, limit)
    rest = sorted(int(name[5:]) for name in listed(payload) - wanted)
    assert rest[0] < 100 < 300 < rest[-1]  # from everywhere, not the first ones


def test_of_very_many_items_a_few_tell_how_many_are_packed(
    manifest: RunManifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = mixed(400)
    limit = payload_of(manifest, items, {}).n_bytes // 8
    whole, packed_items = payload_of(manifest, items, {}, limit), list[int]()
    monkeypatch.setattr("reports.explorer.payload._TRIED", 20)

    def counted(items: Sequence[AskedItem], *rest: Any) -> tuple[str, list[str]]:
        packed_items.append(len(items))
        return details_of(items, *rest)

    monkeypatch.setattr("reports.explorer.payload.details_of", counted)
    payload = payload_of(manifest, items, {}, limit)
    assert limit * 0.8 < payload.n_bytes <= limit
    assert abs(payload.n_shown - whole.n_shown) <= 2
    assert packed_items[0] == 20
    assert max(packed_items) < 300


def test_where_flips_are_too_many_details_go_first_of_those_with_least_disagreement(
    manifest: RunManifest,
) -> None:
    patterns: list[tuple[Score, ...]] = [(1.0, 0.0, 0.0, 0.0), (1.0, 1.0, 0.0, 0.0)]
    items = [asked(number, patterns[number % 2], noise(number)) for number in range(300)]
    whole = payload_of(manifest, items, {})
    payload = payload_of(manifest, items, {}, whole.n_bytes // 3)
    assert payload.n_bytes <= whole.n_bytes // 3
    assert payload.n_shown == 300
    assert 0 < payload.n_detailed < 150
    data = data_of(payload)
    assert all(
        int(item_id[5:]) % 2 for item_id in data.index["id"] if data.detail(item_id)
    )  # two against two


def test_what_is_always_listed_may_go_beyond_the_limit(manifest: RunManifest) -> None:
    payload = payload_of(manifest, mixed(100), {}, limit=10)
    assert (payload.n_shown, payload.n_detailed) == (15, 0)
    assert data_of(payload).index["detail"] == [-1] * 15


@given(st.permutations(range(12)))
def test_what_is_kept_does_not_depend_on_the_order(order: list[int]) -> None:
    items = [asked(number, (1.0, 1.0), noise(number)) for number in range(12)]
    limit = payload_of(made_manifest(), items, {}).n_bytes // 2
    one = listed(payload_of(made_manifest(), items, {}, limit))
    other = listed(payload_of(made_manifest(), [items[place] for place in order], {}, limit))
    assert 0 < len(one) < 12
    assert one <= other or other <= one  # gzip may make room for one more


def test_the_page_says_what_it_leaves_out(tmp_path: Path) -> None:
    run = load_run(made_run(tmp_path / "run"))
    says = [texts("explorer")[name].rpartition("}")[2] for name in ("left_out_items", "left_out_details")]
    whole, cut = (PACKED.sub("", html.render(run, limit)) for limit in (LIMIT_BYTES, 100))
    assert not [text for text in says if text in whole]
    assert [text for text in says if text in cut] == says
    assert f"of {3 * N_ITEMS} items stand in this page" in cut
    assert "results.sqlite" in cut


def test_a_text_that_blocks_share_stands_once(manifest: RunManifest) -> None:
    passage = "A passage that is long enough to be kept apart from prompts. " * 3
    items = [asked(number, (1.0,)) for number in range(2 * BLOCK)]
    for each in items:
        shown = each.shown["zero_shot"]
        assert shown.result.request
        seen = Passage(number=1, chunk_id="c", document_id="d", title="T", text=passage, score=0.5)
        message = Message(role="user", content=f"[1] {passage}\n\n{each.item.input}")
        request = shown.result.request.model_copy(update={"messages": (message,), "passages": (seen,)})
        result = shown.result.model_copy(update={"request": request})
        each.shown["zero_shot"] = Shown(result, 1.0, shown.outcome, 1)  # type: ignore[index]
    data = data_of(payload_of(manifest, items, {}))
    assert [text.count(passage) for text in data.texts() if passage in text] == [1]
    for name in ("item-0000", f"item-{2 * BLOCK - 1:04}"):
        detail = data.detail(name)
        assert detail
        ((role, parts),) = detail["answers"][0]["messages"]
        assert role == "user"
        joined = "".join(data.text(name, part) for part in parts)
        assert joined == f"[1] {passage}\n\nquestion {int(name[5:])}"


@given(
    st.text("ab ", max_size=30),
    st.lists(st.text("ab ", min_size=1, max_size=6), max_size=4),
    st.integers(1, 3),
)
def test_pieces_joined_are_the_message(text: str, passages: list[str], times: int) -> None:
    long = [passage * 40 for passage in passages]
    content = text + "|".join(long * times) + text
    assert "".join(pieces(content, long)) == content
    assert all(passage in pieces(content, [passage]) for passage in long)


def test_details_hold_scores_tokens_choices_errors_and_marks(tmp_path: Path) -> None:
    run = load_run(made_run(tmp_path / "run"))
    data = data_of(payload_of(run.manifest, run.items, {}))
    index = data.index
    assert index["strategies"] == list(STRATEGIES)
    assert index["primary"] == ["exact_match", "choice_accuracy", "exact_match"]
    name = "handbook-05"
    detail = data.detail(name)
    assert detail
    zero, few, rag, _ = detail["answers"]
    assert [data.text(name, part) for part in few["error"]] == ["PromptTooLong", "the answer has no end"]
    assert "tokens" not in few
    assert zero["tokens"] == [48, 16, 5]
    assert zero["stop"] == "stop"
    assert {index["metrics"][metric]: score for metric, score in rag["scores"]}["recall"] == 1.0
    ((n, title, text, score, marks), (*_, second_marks)) = rag["passages"]
    assert (n, data.text(name, title), score) == (1, "billing", 0.8)
    assert data.text(name, text) == "A drill may be kept for 3 days."
    assert (marks, second_marks) == (3, 2)  # cited, and both of the document that the item names
    routed = data.detail("routing-00")
    assert routed
    choices = [(data.text("routing-00", c), ll) for c, ll in routed["answers"][0]["choices"]]
    assert choices[0][1] == max(ll for _, ll in choices)
    place = index["id"].index(name)
    column = index["results"][1]
    assert column["outcome"][place] == Outcome.ANSWERED | Outcome.FAILED
    assert column["score"][place] is None
    assert index["strings"][column["answer"][place]] == "PromptTooLong: the answer has no end"


def test_a_choice_that_was_ruled_out_early_has_a_mark_beside_its_bound(manifest: RunManifest) -> None:
    each = asked(0, (1.0,))
    shown = each.shown["zero_shot"]
    sizes = {"n_tokens": 1, "n_chars": 3}
    choices = (
        ChoiceScore(text="no", log_likelihood=-4.0, exact=False, **sizes),
        ChoiceScore(text="yes", log_likelihood=-1.0, **sizes),
    )
    result = shown.result.model_copy(update={"answer": Answer(text="yes", choices=choices)})
    item = AskedItem("sums", each.item, {"zero_shot": Shown(result, None, shown.outcome, 1)})
    detail = data_of(payload_of(manifest, [item], {})).detail("item-0000")
    assert detail
    assert [rest for _, *rest in detail["answers"][0]["choices"]] == [[-1.0], [-4.0, 1]]


def test_an_answer_made_of_several_shows_what_was_asked_and_all_that_came_back(manifest: RunManifest) -> None:
    each = asked(0, (1.0,))
    shown = each.shown["zero_shot"]
    first = shown.result.request
    assert first
    then = first.model_copy(update={"messages": (Message(role="user", content="So the answer is"),)})
    exchanges = tuple(
        Exchange(request=request, generations=tuple(Generation(text=text) for text in texts))
        for request, texts in ((first, ("because", "or else")), (then, ("yes",)))
    )
    result = shown.result.model_copy(update={"exchanges": exchanges})
    item = AskedItem("sums", each.item, {"zero_shot": Shown(result, None, shown.outcome, 1)})
    data = data_of(payload_of(manifest, [item], {}))
    detail = data.detail("item-0000")
    assert detail

    def told(part: Any) -> Any:
        return data.text("item-0000", part) if isinstance(part, int) else part

    found = [
        ([[role, "".join(map(told, pieces))] for role, pieces in messages], list(map(told, samples)))
        for messages, samples in detail["answers"][0]["exchanges"]
    ]
    assert found == [([], ["because", "or else"]), ([["user", "So the answer is"]], ["yes"])]


def test_figures_that_json_cannot_hold_are_none(manifest: RunManifest) -> None:
    each = asked(0, (1.0,))
    shown = each.shown["zero_shot"]
    choice = ChoiceScore(text="yes", log_likelihood=float("-inf"), n_tokens=1, n_chars=3)
    result = shown.result.model_copy(
        update={"answer": Answer(text="yes", choices=(choice,)), "scores": {"x": float("nan")}}
    )
    item = AskedItem("sums", each.item, {"zero_shot": Shown(result, None, shown.outcome, 1)})
    detail = data_of(payload_of(manifest, [item], {})).detail("item-0000")
    assert detail
    assert detail["answers"][0]["choices"][0][1] is None
    assert detail["answers"][0]["scores"] == [[0, None]]


def test_of_several_results_the_first_is_shown_and_the_number_is_said(manifest: RunManifest) -> None:
    payload = payload_of(manifest, [asked(0, (1.0, 0.0), n=3), asked(1, (1.0,))], {})
    detail = data_of(payload).detail("item-0000")
    assert payload.n_several == 3
    assert detail
    assert detail["answers"][0]["n"] == 3


def test_long_texts_are_brief_in_the_index_and_whole_with_the_details(manifest: RunManifest) -> None:
    each = asked(0, (1.0,))
    item = each.item.model_copy(update={"input": "word " * 400, "targets": tuple("abcdefghijkl")})
    data = data_of(payload_of(manifest, [AskedItem("sums", item, each.shown)], {}))
    assert data.index["strings"][data.index["input"][0]] == brief("word " * 400)
    assert len(brief("word " * 400)) == BRIEF_CHARS
    detail = data.detail("item-0000")
    assert detail
    assert data.text("item-0000", detail["input"]) == "word " * 400
    assert len(detail["targets"]) == 12


def test_the_question_is_what_the_prompt_shows_where_that_is_more_than_the_input(
    manifest: RunManifest,
) -> None:
    each = asked(0, (1.0,))
    question = "It rains. " * 40
    shown = AskedItem("sums", each.item, each.shown, question)
    data = data_of(payload_of(manifest, [shown], {}))
    assert data.index["strings"][data.index["input"][0]] == brief(question)
    detail = data.detail("item-0000")
    assert detail
    assert data.text("item-0000", detail["input"]) == question


def test_packing_is_the_same_at_any_time_and_can_be_undone() -> None:
    value = {"text": "</script> \N{SNOWMAN}", "numbers": [1, None, 0.5]}
    assert packed(value) == packed(json.loads(json.dumps(value)))
    assert unpacked(packed(value)) == value
    assert set(packed(value)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")


def test_a_table_of_texts_holds_each_once_and_clean() -> None:
    table = Strings()
    assert [table("a"), table("b\x00"), table("a")] == [0, 1, 0]
    assert table.texts == ["a", "b⟨U+0000⟩"]
    assert "a" in table
    assert "c" not in table


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ("3 days [2]", {2}),
        ("see [1] and [3]", {1, 3}),
        ("3 days", {2}),
        ("3  Days!", {2}),
        ("3 day", set()),
        ("[9] 3 days", set()),
        ("", set()),
        ("...", set()),
        ("kept", {1}),
    ],
)
def test_the_passage_that_an_answer_rests_on(answer: str, wanted: set[int]) -> None:
    texts = ("It is kept.", "Kept for 3 days.", "3 days, too.")
    passages = [
        Passage(number=n, chunk_id="", document_id="", title="", text=text, score=0.0)
        for n, text in enumerate(texts, 1)
    ]
    assert cited(answer, passages) == wanted


def test_links_encode_whatever_a_name_holds() -> None:
    assert item_link("a/b", "c d&\u202e") == "#item=a%2Fb/c%20d%26%E2%9F%A8U%2B202E%E2%9F%A9"
    assert items_link(task="a&b", flip="lost") == "#items?task=a%26b&flip=lost"


def test_items_read_in_parts_are_those_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = load_rows(made_run(tmp_path / "run"))
    whole = list(AskedItems(rows))
    assert {each.task for each in whole} == set(rows.manifest.tasks)
    monkeypatch.setattr("reports.explorer.items.PART", 7)
    monkeypatch.setattr("reports.explorer.items.KEPT_RESULTS", 1)
    parts = AskedItems(rows)
    assert list(parts.pick([2, 30, 71])) == [whole[2], whole[30], whole[71]]
    assert list(parts) == whole
    assert list(parts[3:40:5]) == whole[3:40:5]
    assert parts[-1] == whole[-1]


def test_items_stay_while_a_second_seed_is_under_way(tmp_path: Path) -> None:
    run_dir = made_run(tmp_path / "run")
    before = load_rows(run_dir)
    recipe = before.manifest.recipes["zero_shot"]["sums"]
    both = before.manifest.experiment | {"seeds": [*before.manifest.experiment["seeds"], 1]}
    text = before.manifest.model_copy(update={"experiment": both}).model_dump_json()
    (run_dir / "manifest.json").write_text(text, encoding="utf-8")
    with Store.open(run_dir) as store:
        store.write_manifest_digest(text)
        first = next(iter(store.results([recipe])))
        store.write_batch(recipe, {}, [first.model_copy(update={"seed": first.seed + 1})])
    now = AskedItems(load_rows(run_dir))
    assert len(now) == len(AskedItems(before)) == 3 * N_ITEMS
    assert next(each for each in now if each.task == "sums").shown["zero_shot"].n == 2


def test_nothing_is_left_out_that_fits_though_what_differs_is_larger(
    manifest: RunManifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = [asked(number, (1.0, 0.0), noise(number) * 20) for number in range(60)]
    items = large + [asked(number, (1.0, 1.0)) for number in range(60, 400)]
    whole = payload_of(manifest, items, {})
    monkeypatch.setattr("reports.explorer.payload._TRIED", 50)
    assert payload_of(manifest, items, {}, whole.n_bytes) == whole
