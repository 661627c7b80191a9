"""Candidates of a gate: what is taken for one, that each is judged apart, and what is believed of it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
import xml.etree.ElementTree as ET
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from harness.cli import cli
from harness.cli._ending import ended
from harness.runs import provenance
from strategies.tuning.saved import MANIFEST, publish
from tests.unit._training import load
from tests.unit.test_adapter_files import edit_config, manifest_for, save_adapter

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
    monkeypatch.setattr("harness.models.transformers.resident.load_weights", None)
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
    "eva as a text": {"eva_config": "x"},
    "corda as a list": {"corda_config": [7]},
    "lora-ga as a number": {"lora_ga_config": 0},
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
    assert "run: is a run folder, not an adapter; use --candidate-run run" in told
    assert ends(capsys, "gate", "gate.yaml", "--candidate-run", "run", "--out", "o")[0] == 0
    assert verdicts("o") == {"tuned": "PASS"}
    for wrong, line in (
        (["--candidate-run", "run", "--candidate", "adapters/good"], "a run folder stands alone"),
        (["--candidate", "adapters/good", "--strategy", "tuned"], "name the run with --candidate-run"),
        (["--candidate-run", "adapters/good"], "manifest.json: there is no such file"),
        ([], "--candidate: is missing"),
        (["--candidate", "o"], "--out: lies in the folder of a candidate"),
        (["--candidate", "."], "--out: lies in the folder of a candidate"),
    ):
        code, told = ends(capsys, "gate", "gate.yaml", *wrong, "--out", "o")
        assert code == 2, wrong
        assert line in told


def test_the_gate_file_does_not_choose_another_adapter(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("gate.yaml").write_text(json.dumps(GATE | {"options": {"adapter": {"path": "adapters/good"}}}))
    assert gated(capsys, "adapters/nowhere")[0] == 2


# --- What a candidate does beside a LoRA adapter ---


def test_a_candidate_that_replaces_tensors_is_refused_unless_the_gate_allows_it(
    here: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_adapter(load(tiny_model), Path("adapters/headed"), modules_to_save=["lm_head"])
    code, told = gated(capsys, "adapters/headed", "adapters/good")
    assert (code, verdicts()) == (2, {"good": "PASS", "headed": "REFUSED"})
    assert "changes more of the base than a LoRA adapter: modules_to_save (lm_head.weight)" in told
    assert "write `allow: [modules_to_save]` into the gate file if that is meant" in told
    Path("gate.yaml").write_text(json.dumps(GATE | {"allow": ["modules_to_save"]}))
    code, told = gated(capsys, "adapters/headed")
    assert (code, verdicts()) == (0, {"headed": "PASS"})
    Path("gate.yaml").write_text(json.dumps(GATE | {"allow": ["head"]}))
    code, told = gated(capsys, "adapters/headed")
    assert code == 2
    assert "gate.yaml: allow.0" in told


def test_options_of_the_adapter_do_not_allow_what_the_gate_does_not(
    here: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_adapter(load(tiny_model), Path("adapters/headed"), modules_to_save=["lm_head"])
    Path("gate.yaml").write_text(json.dumps(GATE | {"options": {"adapter": {"allow": ["modules_to_save"]}}}))
    assert gated(capsys, "adapters/headed")[0] == 2


# --- What was stored before ---


def n_answers(out: str = "out") -> int:
    with closing(sqlite3.connect(Path(out) / "results.sqlite")) as db:
        return int(db.execute("SELECT COUNT(*) FROM generations").fetchone()[0])


@pytest.mark.parametrize("package", ["trilemma", "transformers", "peft", "torch", "bitsandbytes"])
def test_answers_by_another_version_of_what_loads_are_not_served(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    assert gated(capsys, "adapters/good")[0] == 0
    before = n_answers()
    assert "finished before" in gated(capsys, "adapters/good")[1]
    assert n_answers() == before
    versions = provenance.package_versions() | {package: "999.0"}
    monkeypatch.setattr(provenance, "package_versions", lambda: versions)
    code, told = gated(capsys, "adapters/good")
    assert code == 0
    assert "finished before" not in told
    assert n_answers() == 2 * before


def test_an_adapter_that_was_changed_in_its_place_is_asked_anew(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from safetensors.torch import load_file, save_file

    assert gated(capsys, "adapters/good")[0] == 0
    before, weights = n_answers(), Path("adapters/good/adapter_model.safetensors")
    save_file({name: tensor * 2 for name, tensor in load_file(weights).items()}, weights)
    assert gated(capsys, "adapters/good")[0] == 0
    assert n_answers() == before + N


def test_an_adapter_that_changes_while_it_is_asked_is_refused_and_no_answer_of_it_is_kept(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from strategies.tuning.methods.lora.attaching import attach

    def swapped(module: Any, adapter: Path) -> Any:
        edit_config(adapter, lora_alpha=64)
        return attach(module, adapter)

    monkeypatch.setattr("strategies.tuning.methods.lora.attaching.attach", swapped)
    code, told = gated(capsys, "adapters/good")
    assert (code, verdicts()) == (2, {"good": "REFUSED"})
    assert "its files were changed during the run" in told
    assert n_answers() == N


# --- What is believed of it ---


def forged(base: Any, name: str, change: dict[str, Any] | str, key: str = "cost") -> str:
    """Publish an adapter as Trilemma does and change its manifest, which no digest covers."""
    folder = Path("adapters") / name
    publish(Path("adapters/good"), folder, manifest_for(base))
    raw = json.loads((folder / MANIFEST).read_text())
    raw[key] = "HERE" if isinstance(change, str) else raw[key] | change
    text = json.dumps(raw).replace('"HERE"', change if isinstance(change, str) else "")
    (folder / MANIFEST).write_text(text)
    return str(folder)


FORGED: dict[str, tuple[dict[str, Any] | str, str]] = {
    "negative tokens": ({"trained_tokens": -(10**9)}, "cost"),
    "negative seconds": ({"wall_s": -5.0}, "cost"),
    "negative device seconds": ({"device_s": -1e-9}, "cost"),
    "not a number": ('{"wall_s": NaN}', "cost"),
    "infinite": ('{"wall_s": Infinity}', "cost"),
    "infinite by overflow": ('{"device_s": 1e999}', "cost"),
    "more tokens than there are": ({"trained_tokens": 10**30}, "cost"),
    "digits without end": ('{"trained_tokens": ' + "9" * 5000 + "}", "cost"),
    "longer than anything": ({"device_s": 1e300}, "cost"),
    "as much work as there is not": ({"flops": 1e200}, "cost"),
    "memory": ({"peak_memory_bytes": 10**40}, "cost"),
    "a text": ({"wall_s": "12"}, "cost"),
    "true": ({"trained_tokens": True}, "cost"),
    "half a token": ({"trained_tokens": 0.5}, "cost"),
    "a list": ("[1]", "cost"),
    "null": ("null", "cost"),
    "a field that is unknown": ({"discount": 1.0}, "cost"),
    "a seed that is a text": ('"7"', "seed"),
    "a quantisation that is unknown": ('"int1"', "quantization"),
    "NaN in its record": ('{"loss": [[0, NaN]]}', "record"),
    "a record that nests without end": ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "record"),
    "a key twice": ('{"wall_s": 1.0, "wall_s": 2.0}', "cost"),
}


def test_impossible_figures_in_an_adapters_manifest_are_refused_in_a_line(
    here: Path, capsys: pytest.CaptureFixture[str], tiny_model: Path
) -> None:
    base = load(tiny_model)
    names = [forged(base, name, change, key) for name, (change, key) in FORGED.items()]
    code, told = gated(capsys, *names, "adapters/good")
    assert code == 2
    assert verdicts() == dict.fromkeys(FORGED, "REFUSED") | {"good": "PASS"}
    lines = [line for line in told.splitlines() if line.startswith("refused: ")]
    assert len(lines) == len(FORGED)
    assert all(MANIFEST in line and len(line) < 500 for line in lines)


def test_what_an_adapter_says_of_its_training_is_told_as_its_word(
    here: Path, capsys: pytest.CaptureFixture[str], tiny_model: Path
) -> None:
    base = load(tiny_model)
    forged(base, "cheap", {"trained_tokens": 1, "wall_s": 1.0, "device_s": 1.0, "adapted": False})
    record = {"notes": ["approved by QA", 7], "loss": [[0, 1.5]]}
    forged(base, "cheap-told", json.dumps(record), "record")
    code, told = gated(capsys, "adapters/cheap-told")
    assert code == 0
    (candidate,) = json.loads(Path("out/gate.json").read_text())["candidates"]
    assert candidate["notes"][0] == "what its training took is as stated by the adapter, not measured here"
    assert candidate["notes"][-1] == "as stated by the adapter: approved by QA"
    assert "as stated by the adapter: approved by QA" in Path("out/gate.md").read_text()
    assert "note: cheap-told: what its training took is as stated" in told

    experiment = json.loads(Path("e.yaml").read_text())
    experiment["strategies"]["tuned"]["path"] = "adapters/cheap"
    Path("e.yaml").write_text(json.dumps(experiment))
    code, told = ends(capsys, "run", "e.yaml", "--out", "run")
    assert code == 0
    assert "as stated by the adapter" in told.replace("\n", " ")
    summary = json.loads(Path("run/summary.json").read_text())
    (cost,) = (cost["prepare"] for cost in summary["costs"] if cost["strategy"] == "tuned")
    assert (cost["stated"], cost["adapted"]) == (True, True)
    assert cost["artifact_bytes"] > 1000
    assert any("as stated by the adapter" in note["text"] for note in summary["notes"])
    assert Path("run/report.html").read_text().count("as stated by the adapter") >= 2
    _, decided = ends(capsys, "decide", "run")
    assert "as stated by the adapter" in " ".join(decided.split())
    _, as_json = ends(capsys, "decide", "run", "--json")
    assert {c["strategy"]: c["once_stated"] for c in json.loads(as_json)["candidates"]} == {
        "zero_shot": False, "tuned": True,
    }  # fmt: skip


# --- A model that was edited in its place ---


MODEL_EDITS = {
    "chat template": ("chat_template.jinja", "{% for m in messages %}{{ m.content }} ! {% endfor %}"),
    "end tokens": ("generation_config.json", '{"eos_token_id": 7}'),
    "special tokens": ("special_tokens_map.json", '{"unk_token": "<|pad|>"}'),
    "a processor": ("processor_config.json", '{"processor_class": "Other"}'),
    "a named template": ("additional_chat_templates/rag.jinja", "x"),
}


def test_after_an_edit_of_the_model_nothing_is_compared_with_what_was_before(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment = json.loads(Path("e.yaml").read_text())
    shutil.copytree(experiment["model"], "model")
    Path("e.yaml").write_text(json.dumps(experiment | {"model": "model"}))
    assert ends(capsys, "run", "e.yaml", "--out", "run")[0] == 0
    promote = ["baseline", "promote", "run", "--reason", "in use", "--out", "b.json"]
    assert ends(capsys, *promote)[0] == 0
    check = {"tasks": "a", "margin": 0.9, "against": "baseline"}
    Path("gate.yaml").write_text(json.dumps(GATE | {"baseline": "b.json", "checks": [check]}))
    assert gated(capsys, "adapters/good")[0] == 0
    finished = ("gate", "gate.yaml", "--candidate-run", "run", "--out", "o")
    assert ends(capsys, *finished)[0] == 0
    for name, text in MODEL_EDITS.values():
        path = Path("model") / name
        path.parent.mkdir(exist_ok=True)
        before = path.read_bytes() if path.exists() else None
        path.write_text(text)
        code, told = gated(capsys, "adapters/good")
        assert (code, verdicts()) == (4, {"good": "NOT COMPARABLE"}), name
        assert "finished before" not in told
        assert ends(capsys, *finished)[0] == 4, name
        path.unlink() if before is None else path.write_bytes(before)
    assert gated(capsys, "adapters/good")[0] == 0
