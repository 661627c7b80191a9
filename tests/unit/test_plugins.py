import os
import sys
from pathlib import Path

import pytest

from harness import plugins
from harness.config import resolve_experiment
from harness.errors import InputError
from harness.execution.composition import chain_of


def chain(name: str, strategies: dict[str, object]):
    experiment = resolve_experiment({"name": "x", "tasks": ["t"], "strategies": strategies}, "a.yaml")
    return chain_of(name, experiment.strategies, "a.yaml")


def test_ids_are_the_files_names_and_helpers_are_none() -> None:
    found = plugins.known("strategies")
    assert {"zero_shot", "few_shot", "rag", "lora", "qlora"} <= set(found)
    assert not [name for name in found if name.startswith("_")]


def test_an_unknown_id_names_the_nearest_without_an_import() -> None:
    before = set(sys.modules)
    with pytest.raises(InputError, match="did you mean 'zero_shot'"):
        plugins.check_known("strategies", "zeroshot", "a.yaml", "strategies.zeroshot")
    assert not [name for name in set(sys.modules) - before if name.startswith("strategies")]


def test_a_class_can_be_named_by_module() -> None:
    with plugins.allowing("strategies.zero_shot", "no_such_package.x:Y"):
        check_named_classes()


def check_named_classes() -> None:
    assert plugins.load("strategies", "strategies.zero_shot:ZeroShot", "a.yaml", "k").__name__ == "ZeroShot"
    with pytest.raises(InputError, match="no such class"):
        plugins.load("strategies", "strategies.zero_shot:Nobody", "a.yaml", "k")
    with pytest.raises(InputError, match="cannot be imported"):
        plugins.load("strategies", "no_such_package.x:Y", "a.yaml", "k")


def test_a_chain_takes_the_options_of_its_parts_from_their_own_entries() -> None:
    strategies = {"zero_shot": {}, "rag": {"top_k": 7}, "rag+few_shot": {"few_shot": {"k": 2}}}
    parts = chain("rag+few_shot", strategies).parts
    assert [part.id for part in parts] == ["rag", "few_shot"]
    assert parts[0].options["top_k"] == 7
    assert parts[1].options["k"] == 2
    assert parts[0].key == "strategies.rag"


@pytest.mark.parametrize(
    ("strategies", "line"),
    [
        ({"rag+rag": {}}, "names a part twice"),
        ({"rag+few_shot": {"lora": {}}}, "strategies.rag+few_shot.lora: is none of its parts"),
        ({"rag+fewshot": {}}, "did you mean 'few_shot'"),
        ({"rag": {"topk": 3}}, "strategies.rag.topk: is not a known key; did you mean 'top_k'"),
        ({"rag": {"top_k": "many"}}, "strategies.rag.top_k: "),
    ],
)
def test_faults_in_a_chain_name_their_key(strategies: dict[str, object], line: str) -> None:
    with pytest.raises(InputError) as caught:
        chain(next(iter(strategies)), strategies)
    assert line in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def broken(:", "cannot be imported: SyntaxError"),
        ("raise RuntimeError('no licence')", "cannot be imported: RuntimeError: no licence"),
        ("raise SystemExit(1)", "cannot be imported: SystemExit: 1"),
        ("class Mine: pass", "is no strategy: it has no `options_type`"),
    ],
)
def test_a_faulty_plug_in_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    name = f"faulty_{abs(hash(text))}"
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    for entry in (f"{name}:Mine", f"{name}:Mine+rag"):
        with pytest.raises(InputError) as caught, plugins.allowing(name):
            chain("mine", {"mine": {"use": entry}})
        assert f"strategies.mine: {said}" in str(caught.value).replace(f".{name}:Mine", "")


def test_a_check_that_breaks_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    made = chain("zero_shot", {"zero_shot": {}})
    monkeypatch.setattr(type(made.parts[0].strategy), "check", lambda *_: os.environ["GONE"])
    with pytest.raises(InputError, match=r"strategies.zero_shot: fails: KeyError: 'GONE'"):
        made.check([], "a.yaml")
