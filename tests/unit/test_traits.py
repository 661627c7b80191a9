"""What strategies state of themselves, from the class to the verdict, also of plug-ins and of older runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from harness import plugins
from harness.analysis.forgetting import continual_of
from harness.cli import cli
from harness.config import resolve_experiment
from harness.deciding.choosing import choose
from harness.errors import InputError
from harness.execution.composition import Chain, chain_of
from harness.traits import UNSTATED, Traits
from tests.unit._fakes import RuleModel
from tests.unit._gate import rows_of
from tests.unit._retrieval import context, data

PLUGIN = """
import dataclasses
from pydantic import BaseModel
from harness.protocols import Prepared
from harness.types import PrepareCost

class Options(BaseModel):
    word: str = "hint"

class Bare:
    options_type = Options

    def __init__(self, options):
        self.options = options

    def check(self, tasks, place, key):
        pass

    def prepare(self, context):
        return Prepared(context.model, context.build, PrepareCost(), {"word": self.options.word})

class Found(Bare):
    traits = {"kind": "retrieve", "sees": ["index"]}

class Known(Bare):
    @property
    def traits(self):
        return {"kind": "retrieve", "ceiling": self.options.word == "answer"}

class Wrong(Bare):
    traits = {"kind": "magic"}

class Unfinished:
    options_type = Options

    def check(self, tasks, place, key):
        pass

class Adapts(Bare):
    def prepare(self, context):
        model = dataclasses.replace(context.model, identity=context.model.identity.model_copy(
            update={"adapter_digest": "a"}))
        return Prepared(model, context.build, PrepareCost(), {})
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module with strategies outside the repository."""
    (tmp_path / "found_outside.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    yield "found_outside"
    sys.modules.pop("found_outside", None)


@pytest.fixture
def plugin(module: str) -> Iterator[str]:
    """That module, allowed."""
    with plugins.allowing(module):
        yield module


def chain(name: str, **strategies: Any) -> Chain:
    raw = {"name": "x", "tasks": ["t"], "strategies": strategies}
    return chain_of(name, resolve_experiment(raw, "a.yaml").strategies, "a.yaml")


@pytest.mark.parametrize(
    ("entry", "stated"),
    [
        ({"use": "zero_shot"}, {"kind": "prompt", "plain": True}),
        ({"use": "few_shot"}, {"kind": "prompt", "sees": ["examples"]}),
        ({"use": "few_shot", "select": "knn"}, {"kind": "prompt", "sees": ["examples", "index"]}),
        ({"use": "rag"}, {"kind": "retrieve"}),
        ({"use": "rag", "source": "both", "oracle": True},
         {"kind": "retrieve", "sees": ["index"], "ceiling": True}),
        ({"use": "adapter", "path": "a"}, {"kind": "fine-tune", "adapts": True}),
        ({"use": "qlora"}, {"kind": "fine-tune", "adapts": True, "sees": ["training"]}),
        ({"use": "zero_shot+rag"}, {"kind": "combine", "retrieves": True}),
        ({"use": "few_shot+qlora"}, {"kind": "combine", "adapts": True, "sees": ["examples", "training"]}),
        ({"use": "rag + lora", "rag": {"source": "train"}, "lora": {"stages": [["a"], ["b", "c"]]}},
         {"kind": "combine", "adapts": True, "retrieves": True, "sees": ["index", "training"],
          "stages": [["a"], ["b", "c"]]}),
    ],
)  # fmt: skip
def test_a_composition_states_what_its_parts_state(entry: dict[str, Any], stated: dict[str, Any]) -> None:
    assert chain("mine", mine=entry).traits == Traits.model_validate(stated)


def test_a_plug_in_needs_three_members_and_composes(plugin: str, tmp_path: Path) -> None:
    bare = chain("bare", bare={"use": f"{plugin}:Bare"})
    assert bare.traits == UNSTATED
    assert [each["files"] for each in bare.recipe("a.yaml")] == [
        chain("z", z={"use": "zero_shot"}).recipe("a.yaml")[0]["files"]
    ]
    both = chain("both", both={"use": f"{plugin}:Found + zero_shot", f"{plugin}:Found": {"word": "own"}})
    assert both.traits == Traits(kind="combine", retrieves=True, sees=("index",))
    assert both.prepare(context(tmp_path, data())).record[f"{plugin}:Found"] == {"word": "own"}


def test_traits_follow_the_options_of_a_plug_in(plugin: str) -> None:
    asked = [
        chain("k", k={"use": f"{plugin}:Known", "word": word}).traits.ceiling for word in ("a", "answer")
    ]
    assert asked == [False, True]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Wrong", "strategies.mine: its traits.kind: input should be 'prompt', 'retrieve', 'fine-tune'"),
        ("Unfinished", "strategies.mine: is no strategy: it has no `prepare`"),
    ],
)
def test_a_strategy_that_is_none_is_one_line(plugin: str, name: str, line: str) -> None:
    with pytest.raises(InputError) as caught:
        chain("mine", mine={"use": f"{plugin}:{name}"})
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_adapter_that_nobody_was_told_of_is_refused(plugin: str, tmp_path: Path) -> None:
    made_of = chain("mine", mine={"use": f"{plugin}:Adapts"})
    with pytest.raises(InputError, match="answers with an adapter, which its traits do not state"):
        made_of.prepare(context(tmp_path, data(), model=RuleModel()))


# --- In a run ---


def trilemma(*command: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in command], standalone_mode=False)


@pytest.fixture
def finished(module: str, tmp_path: Path, tiny_model: Path) -> Path:
    """A run with strategies of a plug-in."""
    rows = [{"input": f"Where is place {n}?", "target": f"queue {n}"} for n in range(6)]
    task = {"name": "places", "kind": "generate", "metrics": ["exact_match"], "max_new_tokens": 2,
            "items": {"test": "places.jsonl"}}  # fmt: skip
    (tmp_path / "places.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    experiment = {
        "name": "outside", "model": str(tiny_model), "tasks": [task], "forgetting": None,
        "strategies": {
            "zero_shot": {}, "bare": {"use": f"{module}:Bare"}, "found": {"use": f"{module}:Found"},
            "best": {"use": f"{module}:Known", "word": "answer"},
            "both": {"use": f"zero_shot+{module}:Found"},
        },
    }  # fmt: skip
    (tmp_path / "outside.yaml").write_text(yaml.safe_dump(experiment))
    out = tmp_path / "run"
    done = trilemma("run", tmp_path / "outside.yaml", "--out", out, "--allow-plugin", module)
    assert done.exception is None, done.output
    return out


def test_a_run_keeps_what_its_strategies_state_and_decides_by_it(finished: Path) -> None:
    sys.modules.pop("found_outside")
    found = choose(rows_of(finished))
    assert "found_outside" not in sys.modules, "a run folder is read without anybody's code"
    kinds = {each.strategy: each.kind for each in found.candidates}
    assert kinds == {
        "zero_shot": "prompt", "bare": "other", "found": "retrieve", "best": "retrieve", "both": "combine"
    }  # fmt: skip
    (best,) = (each for each in found.candidates if each.strategy == "best")
    assert best.excluded == ("shows the right passages: a ceiling, not a system",)
    assert best.p_holm is None
    assert json.loads((finished / "manifest.json").read_text())["traits"]["found"]["kind"] == "retrieve"
    assert trilemma("report", finished).exception is None


# --- Stages ---


@pytest.mark.parametrize("option", ["stages", "curriculum"])
def test_stages_are_found_in_any_part_and_under_any_name(option: str) -> None:
    def entry(*stages: list[str]) -> dict[str, Any]:
        return {"use": "a:B+rag", "options": {"a:B": {option: list(stages), "rank": 4}, "rag": {}}}

    lists = {"one": [["a"]], "two": [["a"], ["b"]]}
    traits = {
        name: Traits.model_validate({"kind": "combine", "stages": each}) for name, each in lists.items()
    }
    means = {"one": {"a": 0.9, "b": 0.1}, "two": {"a": 0.5, "b": 0.8}}
    entries = {name: entry(*each) for name, each in lists.items()}
    (found,) = continual_of(entries, traits, means)
    assert found.after == ("one", "two")
    entries["one"]["options"]["a:B"]["rank"] = 8
    assert not list(continual_of(entries, traits, means))
