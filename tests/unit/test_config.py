from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.backends import backend_of
from harness.config import ModelOptions, load_experiment, resolve_experiment
from harness.errors import InputError

GOOD = {"name": "trial", "tasks": ["t"], "strategies": {"zero_shot": None, "rag": {"top_k": 2}}}


def refused(raw: dict[str, object]) -> str:
    with pytest.raises(InputError) as caught:
        resolve_experiment(raw, "a.yaml")
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_shorthands_are_written_out_and_the_first_strategy_is_the_incumbent() -> None:
    experiment = resolve_experiment(GOOD | {"model": "org/name", "seeds": 3, "tasks": "t"}, "a.yaml")
    assert experiment.models["model"] == ModelOptions(options={"path": "org/name"})
    assert experiment.seeds == (3,)
    assert experiment.tasks == ("t",)
    assert experiment.incumbent == "zero_shot"
    assert experiment.strategies["rag"].use == "rag"
    assert experiment.strategies["rag"].options == {"top_k": 2}


def test_a_resolved_experiment_resolves_to_itself() -> None:
    experiment = resolve_experiment(GOOD, "a.yaml")
    assert resolve_experiment(experiment.model_dump(mode="json"), "a.yaml") == experiment


def test_use_names_the_strategy_behind_another_name() -> None:
    raw = GOOD | {"strategies": {"eight": {"use": "few_shot", "k": 8}}}
    assert resolve_experiment(raw, "a.yaml").strategies["eight"].options == {"k": 8}


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"pth": "x"}, "a.yaml: model.pth: is not a known key; did you mean 'path'?"),
        ({"use": "transformer"}, "did you mean 'transformers'?"),
        ({"use": "openai", "model": "m"}, "a.yaml: model.base_url: is missing"),
        ({"use": "some.where:Else"}, "names code to run as a model backend, which you have not allowed"),
    ],
)
def test_a_backend_reads_its_own_options(given: dict[str, object], line: str) -> None:
    experiment = resolve_experiment(GOOD | {"model": given}, "a.yaml")
    with pytest.raises(InputError) as caught:
        backend_of(experiment.models["model"], "a.yaml", "model")
    assert line in str(caught.value)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"taks": []}, "a.yaml: taks: is not a known key; did you mean 'tasks'?"),
        (
            {"incumbent": "rga"},
            "a.yaml: incumbent: is not one of the strategies (got rga); did you mean 'rag'?",
        ),
        ({"limit": 0}, "a.yaml: limit: input should be greater than or equal to 1 (got 0)"),
        ({"strategies": {"rag": 3}}, "a.yaml: strategies.rag: must be a mapping of options (got 3)"),
        ({"strategies": {}}, "a.yaml: strategies: "),
        ({"name": "a/b"}, "a.yaml: name: "),
    ],
)
def test_each_fault_is_one_line_with_place_and_key(change: dict[str, object], line: str) -> None:
    assert refused(GOOD | change).startswith(line)


def test_a_key_with_a_slip_is_told_rather_than_the_one_that_is_missing_for_it() -> None:
    raw: dict[str, object] = {"name": "trial", "tasks": ["t"], "strategy": {"zero_shot": {}}}
    assert refused(raw).startswith("a.yaml: strategy: is not a known key; did you mean 'strategies'?")


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ({"name": "a", "experiment": "e.yaml"}, "is a gate file, by its key `experiment`; use it with"),
        (
            {"name": "a", "kind": "choice", "items": {}},
            "is a task, by its key `items`; name it under `tasks`",
        ),
    ],
)
def test_a_file_of_another_kind_is_told_as_what_it_is(raw: dict[str, object], line: str) -> None:
    assert line in refused(raw)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a: [1", "is not YAML"),
        ("", "the file is empty"),
        ("- 1\n- 2", "must be a mapping"),
        ("name: a\nname: b", "stands twice"),
        ("name: \x00", "holds a NUL byte"),
    ],
)
def test_a_file_that_is_no_experiment_is_refused(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "e.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=part) as caught:
        load_experiment(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_experiment(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"name: \xe9")
    with pytest.raises(InputError, match="UTF-8"):
        load_experiment(tmp_path / "bytes.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: " + "[" * 3000 + "]" * 3000, "nested too deeply"),
        ("? [a]\n: 1\n", "a key must be one word"),
        ("? {a: 1}\n: 1\n", "a key must be one word"),
        ("limit: " + "9" * 5000, "has an impossible value"),
        ("day: 2020-13-45", "month must be in 1..12"),
    ],
)
def test_yaml_that_no_value_can_be_made_of_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "e.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_experiment(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seeds": [-1]},
        {"seeds": [2**32]},
        {"seeds": True},
        {"temperature": float("inf")},
        {"repeats": 10**19},
    ],
)
def test_numbers_that_nothing_can_work_with_are_refused(wrong: dict[str, Any]) -> None:
    raw = {"name": "x", "tasks": ["t"], "strategies": ["zero_shot"]} | wrong
    with pytest.raises(InputError, match=next(iter(wrong))):
        resolve_experiment(raw, "a.yaml")
