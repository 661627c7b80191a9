"""Baselines: what is promoted, what is read again, and what a candidate is compared with."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from harness.cli import cli
from harness.cli._ending import ended
from harness.cli.baseline import baseline as baseline_command
from harness.digests import digest_of
from harness.errors import InputError
from harness.gate.baseline import Baseline, baseline_of, load_baseline, write_baseline
from harness.gate.evaluate import evaluate
from tests.unit._gate import first, made, rows_of
from tests.unit.test_gate import gate_of, run_of

PROMOTE = ["promote", "run", "--reason", "in use", "--strategy", "production", "--out", "b.json"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def promoted(**keys: Any) -> Path:
    """Promote a strategy of a made run; return the file."""
    run_of(Path("run"), first(10), 20, **keys)
    CliRunner().invoke(baseline_command, PROMOTE, catch_exceptions=False)
    return Path("b.json")


# --- Writing ---


def test_a_baseline_is_the_same_bytes_every_time_and_holds_no_times(here: Path) -> None:
    rows = rows_of(run_of(here / "run", first(10), 20))
    for name in ("one.json", "two.json"):
        write_baseline(baseline_of(rows, "production", "in use since May"), here / name)
    text = (here / "one.json").read_text()
    assert text == (here / "two.json").read_text()
    assert "latency" not in text
    assert "wall" not in text
    found = load_baseline(here / "one.json")
    assert found.reason == "in use since May"
    assert found.scores("a").of("exact_match")["a-0000"].tolist() == [1.0]


def test_it_notes_all_that_a_comparison_needs(here: Path) -> None:
    told: dict[str, Any] = {"seeds": [0], "limit": 50, "temperature": 0.8, "repeats": 1}
    found = load_baseline(promoted(experiment=told, weights="v" * 64))
    conditions = found.conditions.model_dump(mode="json")
    assert conditions | told == conditions
    assert conditions["weights"] == "v" * 64
    assert (found.use, found.recipe) == ("production", "prepare production")
    shown = CliRunner().invoke(baseline_command, ["show", "b.json"], catch_exceptions=False).output
    assert "seeds 0; limit 50; repeats 1; temperature 0.8" in shown
    assert "Failed: 0 of 40 answers" in shown


UNFIT: dict[str, tuple[dict[str, Any], str]] = {
    "unanswered": ({"missing": {("production", "a"): (1,)}}, "has answered 19 of 20 items of a"),
    "failed": ({"failed": {("production", "a"): (1, 2)}}, "2 of 40 answers failed, more than the share 0"),
    "not a number": ({"scores": lambda *_: float("nan")}, "has answered 0 of 20 items of a"),
    "above 1": ({"scores": lambda *_: 1.5}, "20 items of a have scores of production outside 0 to 1"),
    "below 0": ({"scores": lambda *_: -0.5}, "20 items of a have scores of production outside 0 to 1"),
    "a seed that is missing": ({"experiment": {"seeds": [0, 1]}}, "with seeds 0, not 0, 1"),
    "a repeat that is missing": ({"experiment": {"repeats": 2}}, "20 items of a were not answered 2 times"),
    "a ceiling": (
        {"uses": {"production": {"use": "rag", "options": {"oracle": True}}}},
        "cannot be a baseline; name a strategy that finds its passages itself",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_is_not_fit_to_compare_with_is_not_promoted(here: Path, case: str) -> None:
    keys, told = UNFIT[case]
    with pytest.raises(InputError) as caught:
        promoted(**keys)
    assert told in str(caught.value)
    assert not Path("b.json").exists()


def test_failed_answers_are_promoted_up_to_the_share_that_is_allowed(here: Path) -> None:
    run_of(Path("run"), first(10), 20, failed={("production", "a"): (1, 2)})
    refused = CliRunner().invoke(baseline_command, [*PROMOTE, "--error-rate", "0.04"])
    assert "allow them with --error-rate 0.05" in str(refused.exception)
    CliRunner().invoke(baseline_command, [*PROMOTE, "--error-rate", "0.05"], catch_exceptions=False)
    assert load_baseline(Path("b.json")).tasks["a"].failed == 2


def test_promote_and_show(here: Path) -> None:
    run_of(here / "run", first(10), 20)
    runner = CliRunner()
    arguments = ["promote", "run", "--reason", "first one", "--out", "b/run.json", "--strategy"]
    found = runner.invoke(baseline_command, [*arguments, "production"], catch_exceptions=False)
    assert "production of run, 2 tasks, 40 items" in found.output
    again = runner.invoke(baseline_command, [*arguments, "candidate"], catch_exceptions=False)
    assert "in place of production (first one)" in again.output
    shown = runner.invoke(baseline_command, ["show", "b/run.json"], catch_exceptions=False)
    assert "first one" in shown.output
    with pytest.raises(InputError, match="--strategy: is needed"):
        runner.invoke(baseline_command, arguments[:-1], catch_exceptions=False)
    with pytest.raises(InputError, match="is no strategy of the run"):
        runner.invoke(baseline_command, [*arguments, "producton"], catch_exceptions=False)


def test_an_old_or_damaged_baseline_gives_way_and_no_other_file_does(here: Path) -> None:
    Path("b.json").write_text(json.dumps({"format": 1, "strategy": "lora", "reason": "v7", "model": "m"}))
    with pytest.raises(InputError, match=r"of another format .* promote the run again"):
        load_baseline(Path("b.json"))
    run_of(Path("run"), first(10), 20)
    found = CliRunner().invoke(baseline_command, PROMOTE, catch_exceptions=False)
    assert "in place of lora (v7)" in found.output
    assert load_baseline(Path("b.json")).strategy == "production"
    Path("b.json").write_text('{"name": "my settings"}')
    with pytest.raises(InputError, match=r"holds no baseline; write to another file"):
        CliRunner().invoke(baseline_command, PROMOTE, catch_exceptions=False)


# --- Reading ---


Edit = Callable[[dict[str, Any]], Any]


def _item(raw: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = raw["tasks"]["a"]["items"]
    return found


EDITS: dict[str, Edit] = {
    "a score": lambda raw: _item(raw)["a-0000"].update(scores=[0.0]),
    "half of the items": lambda raw: [_item(raw).pop(key) for key in list(_item(raw))[:10]],
    "a task": lambda raw: raw["tasks"].pop("kept"),
    "a seed": lambda raw: raw["conditions"].update(seeds=[7]),
    "the limit": lambda raw: raw["conditions"].update(limit=3),
    "the temperature": lambda raw: raw["conditions"].update(temperature=0.7),
    "the model": lambda raw: raw["conditions"].update(weights="x" * 64),
    "tokens": lambda raw: raw["tasks"]["a"].update(tokens_per_item=9e9),
    "failures": lambda raw: raw.update(error_rate=0.5),
    "the reason": lambda raw: raw.update(reason="approved"),
    "the digest": lambda raw: raw.update(digest="0" * 64),
    "no digest": lambda raw: raw.pop("digest"),
}
FORGED: dict[str, Edit] = {
    "no conditions": lambda raw: raw.update(conditions={}),
    "no seeds": lambda raw: raw["conditions"].update(seeds=[]),
    "a seed twice": lambda raw: raw["conditions"].update(seeds=[0, 0]),
    "two seeds for one score": lambda raw: raw["conditions"].update(seeds=[0, 1]),
    "ragged": lambda raw: _item(raw)["a-0003"].update(scores=[1.0, 0.0]),
    "empty scores": lambda raw: _item(raw)["a-0003"].update(scores=[]),
    "above one": lambda raw: _item(raw)["a-0003"].update(scores=[1.5]),
    "below zero": lambda raw: _item(raw)["a-0003"].update(scores=[-0.5]),
    "a word": lambda raw: _item(raw)["a-0003"].update(scores=["1.0"]),
    "true": lambda raw: _item(raw)["a-0003"].update(scores=[True]),
    "null": lambda raw: _item(raw)["a-0003"].update(scores=None),
    "no items": lambda raw: raw["tasks"]["a"].update(items={}),
    "no tasks": lambda raw: raw.update(tasks={}),
    "tasks in a list": lambda raw: raw.update(tasks=[1]),
    "more failures than allowed": lambda raw: raw["tasks"]["a"].update(failed=3),
    "half a failure": lambda raw: raw["tasks"]["a"].update(failed=0.5),
    "an unknown key": lambda raw: raw.update(verdict="PASS"),
    "an unknown condition": lambda raw: raw["conditions"].update(mood="good"),
    "a hot temperature": lambda raw: raw["conditions"].update(temperature=-1.0),
    "no repeats": lambda raw: raw["conditions"].update(repeats=0),
    "a task of half a character": lambda raw: raw["tasks"].update({"\ud800": 1}),
    "deep": lambda raw: raw.update(options={"a": json.loads("[" * 400 + "]" * 400)}),
    "large": lambda raw: raw["conditions"].update(repeats=10**400),
}


def edited(path: Path, edit: Edit, sealed: bool) -> Path:
    raw = json.loads(path.read_text())
    edit(raw)
    if sealed:
        raw["digest"] = digest_of({key: value for key, value in raw.items() if key != "digest"})
    path.write_text(json.dumps(raw))
    return path


@pytest.mark.parametrize("case", EDITS)
def test_an_edit_by_hand_is_seen(here: Path, case: str) -> None:
    with pytest.raises(InputError, match="is not as it was written: somebody has edited it"):
        load_baseline(edited(promoted(), EDITS[case], sealed=False))


@pytest.mark.parametrize("case", FORGED)
def test_what_no_promotion_writes_is_refused_whatever_its_digest(
    here: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    edited(promoted(), FORGED[case], sealed=True)
    capsys.readouterr()
    assert ended(lambda: cli.main(["baseline", "show", "b.json"], standalone_mode=False)) == 2
    told = capsys.readouterr()
    (line,) = (told.out + told.err).splitlines()
    assert "b.json" in line
    assert len(line) < 600


TEXTS = {
    "empty": "",
    "no JSON": "[",
    "an object without anything": "{}",
    "a list": "[]",
    "null": "null",
    "a number": "7",
    "not a number": '{"format": 3, "strategy": "s", "reason": "r", "error_rate": NaN}',
    "infinite": '{"format": 3, "strategy": "s", "reason": "r", "error_rate": 1e999}',
    "a key twice": '{"format": 3, "format": 3}',
    "deep": "[" * 100_000,
    "deep objects": '{"a":' * 50_000,
    "digits": '{"format": ' + "9" * 10_000 + "}",
    "a format that is a list": '{"format": [2], "strategy": "s", "reason": "r"}',
    "of the future": '{"format": 3, "strategy": "s", "reason": "r"}',
    "nothing but a format": '{"format": 3}',
    "zeros": "\0" * 100,
}


@pytest.mark.parametrize("case", TEXTS)
def test_a_damaged_baseline_is_one_line(here: Path, case: str) -> None:
    Path("b.json").write_text(TEXTS[case])
    with pytest.raises(InputError) as caught:
        load_baseline(Path("b.json"))
    assert len(str(caught.value)) < 500


def test_what_is_no_file_or_too_large_is_refused_at_once(here: Path) -> None:
    os.mkfifo("fifo.json")
    Path("folder.json").mkdir()
    with Path("large.json").open("w") as stream:
        stream.truncate(1 << 30)
    Path("bytes.json").write_bytes(b"\xff\xfe{")
    for name, told in (
        ("fifo", "is a named pipe"), ("folder", "is a folder"), ("large", "more than the 268,435,456"),
        ("bytes", "is not UTF-"), ("none", "there is no such file; write it with `trilemma baseline"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=told):
            load_baseline(Path(f"{name}.json"))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(place=st.integers(0, 200), value=_JSON)
def test_any_value_in_any_place_is_refused_in_one_line_or_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, place: int, value: Any
) -> None:
    folder = tmp_path_factory.mktemp("any")
    rows = rows_of(made(folder / "run", {"zero_shot": {"a": first(2)}}, {"a": 3}))
    whole = baseline_of(rows, "zero_shot", "r")
    raw = whole.model_dump(mode="json")
    spots = list(_spots(raw))
    holder, key = spots[place % len(spots)]
    holder[key] = value
    (folder / "b.json").write_text(json.dumps(raw))
    try:
        found = load_baseline(folder / "b.json")
    except InputError:
        return
    assert found == whole


def _spots(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in a JSON value, as its holder and its key."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [spot for key in keys for spot in ((value, key), *_spots(value[key]))]


# --- Comparing ---


OTHERWISE: dict[str, tuple[dict[str, Any], str]] = {
    "seeds": ({"seeds": (3, 4)}, "seeds: 0 here, 3, 4 in the baseline"),
    "limit": ({"limit": 400}, "limit: not set here, 400 in the baseline"),
    "repeats": ({"repeats": 2}, "repeats: 1 here, 2 in the baseline"),
    "temperature": ({"temperature": 0.8}, "temperature: 0.0 here, 0.8 in the baseline"),
    "long prompts": ({"on_long_prompt": "refuse"}, "on long prompt: 'cut' here, 'refuse' in the baseline"),
    "template options": ({"asked_with": {"a": 1}}, "model option: {} here, {'a': 1} in the baseline"),
    "day": ({"template_date": "2026-01-01"}, "template date: '' here, '2026-01-01' in the baseline"),
    "context": ({"context_length": 2048}, "context length: 0 here, 2048 in the baseline"),
    "dtype": ({"dtype": "bfloat16"}, "dtype: 'float32' here, 'bfloat16' in the baseline"),
    "quantisation": ({"quantization": "nf4"}, "quantization: 'none' here, 'nf4' in the baseline"),
    "embedder": ({"embedder": "other"}, "embedder: 'builtin:minilm' here, 'other' in the baseline"),
}


@pytest.mark.parametrize("case", OTHERWISE)
def test_other_conditions_than_the_baselines_cannot_be_compared(here: Path, case: str) -> None:
    change, told = OTHERWISE[case]
    baseline = baseline_of(rows_of(run_of(here / "before", first(0), 400)), "production", "in use")
    changed = baseline.model_copy(update={"conditions": baseline.conditions.model_copy(update=change)})
    result = evaluate(gate_of(), rows_of(run_of(here / "now", first(400))), ["candidate"], changed)
    assert result.verdict == "NOT COMPARABLE"
    assert told in result.candidates[0].checks[0].text


@pytest.mark.parametrize("digest", ["weights", "settings", "embedder_digest"])
def test_another_model_or_embedder_cannot_be_compared(here: Path, digest: str) -> None:
    baseline = baseline_of(rows_of(run_of(here / "before", first(0), 400)), "production", "in use")
    conditions = baseline.conditions.model_copy(update={digest: "other"})
    changed = baseline.model_copy(update={"conditions": conditions})
    result = evaluate(gate_of(), rows_of(run_of(here / "now", first(400))), ["candidate"], changed)
    assert result.verdict == "NOT COMPARABLE"
    assert "are not those of the baseline" in result.candidates[0].checks[0].text


def test_other_items_or_judges_than_the_baselines_cannot_be_compared(here: Path) -> None:
    baseline = baseline_of(rows_of(run_of(here / "before", first(0), 400)), "production", "in use")
    now = rows_of(run_of(here / "now", first(400)))
    task = baseline.tasks["a"]
    half = dict(list(task.items.items())[:200])
    for change, told in (
        ({"items": half}, "other ones than the 200"),
        ({"judges": ("x",)}, "has another primary metric"),
        ({"judging": "x"}, "has another primary metric"),
    ):
        tasks = baseline.tasks | {"a": task.model_copy(update=change)}
        result = evaluate(gate_of(), now, ["candidate"], baseline.model_copy(update={"tasks": tasks}))
        assert result.verdict == "NOT COMPARABLE"
        assert told in result.candidates[0].checks[0].text
    assert isinstance(baseline, Baseline)
