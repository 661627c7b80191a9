"""Candidates of a gate: what is taken for one, that each is judged apart, and what is believed of it."""

from __future__ import annotations

import json
import shutil
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from harness.cli import cli
from harness.cli._ending import ended
from tests.unit._training import load
from tests.unit.test_adapter_files import edit_config, save_adapter

N = 60
GATE = {"name": "g", "experiment": "e.yaml", "checks": [{"tasks": "a", "margin": 0.9, "against": "base"}]}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """A gate over a tiny model, with one sound adapter: adapters/good."""
    folder = tmp_path_factory.mktemp("gated")
    rows = [
        {"id": f"a-{i}", "input": f"number {i}", "target": ("north", "south")[i % 3 == 0]} for i in range(N)
    ]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = {
        "name": "a", "kind": "choice", "metrics": ["choice_accuracy"], "choices": ["north", "south"],
        "items": {"test": "a.jsonl"},
    }  # fmt: skip
    strategies = {"zero_shot": {}, "tuned": {"use": "adapter", "path": "adapters/good"}}
    experiment = {"name": "e", "model": str(tiny_model), "tasks": [task], "strategies": strategies}
    (folder / "e.yaml").write_text(json.dumps(experiment))
    (folder / "gate.yaml").write_text(json.dumps(GATE))
    save_adapter(load(tiny_model), folder / "adapters" / "good")
    return folder


@pytest.fixture
def here(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, as the current folder."""
    shutil.copytree(place, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def ends(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Return the exit code of a command and all that it says."""
    capsys.readouterr()
    code = ended(lambda: cli.main(list(arguments), standalone_mode=False))
    told = capsys.readouterr()
    return code, told.out + told.err


def gated(capsys: pytest.CaptureFixture[str], *candidates: str, out: str = "out") -> tuple[int, str]:
    named = [word for name in candidates for word in ("--candidate", name)]
    return ends(capsys, "gate", "gate.yaml", *named, "--out", out)


def verdicts(out: str = "out") -> dict[str, str]:
    result = json.loads((Path(out) / "gate.json").read_text())
    return {each["candidate"]: each["verdict"] for each in result["candidates"]}


def variant(name: str, **changes: Any) -> str:
    shutil.copytree("adapters/good", f"adapters/{name}")
    edit_config(Path("adapters") / name, **changes)
    return f"adapters/{name}"


# --- Each is judged apart ---


def test_a_refused_candidate_costs_no_other(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = [
        "adapters/nowhere",  # before a library is imported
        variant("other-kind", peft_type="LOKR"),
        variant("other-rank", r=4),  # with the model's modules
        variant("strange", init_lora_weights="nonsense"),
    ]
    code, told = gated(capsys, bad[0], bad[1], "adapters/good", bad[2], bad[3])
    assert code == 2
    assert verdicts() == {
        "good": "PASS", "nowhere": "REFUSED", "other-kind": "REFUSED", "other-rank": "REFUSED",
        "strange": "REFUSED",
    }  # fmt: skip
    assert json.loads(Path("out/gate.json").read_text())["verdict"] == "REFUSED"
    assert told.count("\nrefused: ") + told.startswith("refused: ") == 4
    text = Path("out/gate.md").read_text()
    assert "there is no such folder" in text
    assert "🚫 strange: REFUSED" in text
    suites = {suite.get("name"): suite for suite in ET.parse("out/gate.xml").getroot()}
    assert suites["good"].get("errors") == "0"
    assert suites["other-kind"].get("errors") == "1"
    assert "must be LORA" in str(suites["other-kind"][0][0].get("message"))


def test_one_that_is_refused_as_its_weights_are_loaded_costs_no_other(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from safetensors.torch import load_file, save_file

    idle = Path(variant("idle")) / "adapter_model.safetensors"
    save_file({k: v * ("lora_B" not in k) for k, v in load_file(idle).items()}, idle)
    code, _ = gated(capsys, "adapters/idle", "adapters/good")
    assert (code, verdicts()) == (2, {"good": "PASS", "idle": "REFUSED"})


def test_where_all_are_refused_no_model_is_loaded_and_three_files_are_written(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.models.huggingface.load_weights", None)
    code, told = gated(capsys, variant("a", r=4), variant("b", peft_type="TROJAN"))
    assert (code, verdicts()) == (2, {"a": "REFUSED", "b": "REFUSED"})
    assert "a: REFUSED" in Path("out/gate.md").read_text()
    assert Path("out/gate.xml").is_file()
    assert "refused: " in told


def test_what_is_wrong_with_the_gate_itself_ends_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("gate.yaml").write_text(json.dumps(GATE | {"candidate": "rag"}))
    code, told = gated(capsys, "adapters/good")
    assert code == 2
    assert "does not ask the adapter" in told


STRANGE: dict[str, dict[str, Any]] = {
    "loftq": {"init_lora_weights": "loftq"},
    "loftq in part": {"init_lora_weights": "loftq", "loftq_config": {"loftq_bits": 4}},
    "loftq without end": {
        "init_lora_weights": "loftq", "loftq_config": {"loftq_bits": 4, "loftq_iter": 10**9},
    },
    "loftq as a list": {"init_lora_weights": "loftq", "loftq_config": [4]},
    "corda": {"init_lora_weights": "corda"},
    "corda with files": {"init_lora_weights": "corda", "corda_config": {"cache_file": "/etc/passwd"}},
    "unknown": {"init_lora_weights": "nonsense"},
    "a number": {"init_lora_weights": 7},
    "a list": {"init_lora_weights": ["pissa"]},
    "a mapping": {"init_lora_weights": {"a": 1}},
    "rounds that are none": {"init_lora_weights": "pissa_niter_x"},
    "rounds without end": {"init_lora_weights": "pissa_niter_999999999"},
    "eva of nonsense": {"init_lora_weights": "eva", "eva_config": {"rho": 0.1}},
    "targets": {"target_modules": "(q_proj"},
    "exclusions": {"exclude_modules": "[q_proj"},
    "ranks": {"rank_pattern": {"q_proj)": 2}},
    "alphas": {"alpha_pattern": {"*": 2}},
    "flags in the midst": {"alpha_pattern": {"(?i)q": 2}},
    "layers": {"target_modules": ["q_proj"], "layers_to_transform": [0], "layers_pattern": "(x"},
    "some layers": {"target_modules": ["q_proj"], "layers_to_transform": [0], "layers_pattern": ["h", "(x"]},
    "layers that are a number": {"layers_to_transform": [0], "layers_pattern": [7]},
    "a type that is a number": {"peft_type": 7},
    "a type that is a list": {"peft_type": ["LORA"]},
    "a type that is unknown": {"peft_type": "TROJAN"},
    "no type": {"peft_type": None},
    "targets that are a number": {"target_modules": 7},
    "an unknown bias": {"bias": "some"},
}  # fmt: skip


def test_strange_settings_are_a_line_each_and_never_a_fault_of_ours(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.monotonic()
    names = [variant(name, **changes) for name, changes in STRANGE.items()]
    code, told = gated(capsys, *names, "adapters/good")
    assert code == 2
    assert verdicts() == dict.fromkeys(STRANGE, "REFUSED") | {"good": "PASS"}
    lines = [line for line in told.splitlines() if line.startswith("refused: ")]
    assert len(lines) == len(STRANGE)
    assert all(len([line for line in lines if f"adapters/{name}" in line]) >= 1 for name in STRANGE)
    assert time.monotonic() - began < 2 * len(STRANGE)


# --- What is taken for a candidate ---


def test_a_folder_that_brings_a_run_along_is_judged_as_the_adapter_that_it_is(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A finished run inside an adapter's folder is nobody's verdict."""
    assert ends(capsys, "run", "e.yaml", "--out", "run")[0] == 0
    evil = Path(shutil.copytree("adapters/good", "adapters/evil"))
    for name in ("manifest.json", "results.sqlite"):
        shutil.copy(Path("run") / name, evil / name)
    assert gated(capsys, "adapters/evil")[0] == 0
    (evil / "adapter_model.safetensors").unlink()
    code, told = gated(capsys, "adapters/evil", out="again")
    assert (code, verdicts("again")) == (2, {"evil": "REFUSED"})
    assert "adapter_model.safetensors is missing" in told


def test_a_run_is_a_candidate_where_it_is_named_as_one(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends(capsys, "run", "e.yaml", "--out", "run")[0] == 0
    code, told = gated(capsys, "run")
    assert code == 2
    assert "run: is a run folder, not an adapter's; use --candidate-run run" in told
    assert ends(capsys, "gate", "gate.yaml", "--candidate-run", "run", "--out", "o")[0] == 0
    assert verdicts("o") == {"tuned": "PASS"}
    for wrong, line in (
        (["--candidate-run", "run", "--candidate", "adapters/good"], "a run folder stands alone"),
        (["--candidate", "adapters/good", "--strategy", "tuned"], "name the run with --candidate-run"),
        (["--candidate-run", "adapters/good"], "manifest.json: there is no such file"),
        ([], "--candidate: is missing"),
    ):
        code, told = ends(capsys, "gate", "gate.yaml", *wrong, "--out", "o")
        assert code == 2, wrong
        assert line in told


def test_the_gate_file_does_not_choose_another_adapter(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("gate.yaml").write_text(json.dumps(GATE | {"options": {"adapter": {"path": "adapters/good"}}}))
    assert gated(capsys, "adapters/nowhere")[0] == 2
