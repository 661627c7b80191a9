"""Chat templates of all kinds: one is chosen and shows what is asked, or the model is refused in one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError
from harness.models.transformers.model import TransformersModel
from harness.models.transformers.options import TransformersOptions
from harness.types import Message
from tests.unit._models import edit, ended, experiment

TURNS = (
    Message(role="system", content="Answer."),
    Message(role="user", content="Where?"),
    Message(role="assistant", content="Here."),
)
PLAIN = (
    "{% for m in messages %}[{{ m.role }}] {{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}[a]{% endif %}"
)
PARTS = (
    "{% for m in messages %}[{{ m['role'] }}]{% for part in m['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endfor %}{% if add_generation_prompt %}[a]{% endif %}"
)
FIRST_PART = (
    "{% if messages[0]['role'] == 'system' %}[system]{{ messages[0]['content'][0]['text'] }}"
    "{% set messages = messages[1:] %}{% endif %}"
    "{% for m in messages %}[{{ m['role'] }}]{{ m['content'][0]['text'] }}{% endfor %}"
    "{% if add_generation_prompt %}[a]{% endif %}"
)


def with_template(tiny_model: Path, folder: Path, template: Any) -> TransformersModel:
    shutil.copytree(tiny_model, folder)
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    if isinstance(template, str):
        (folder / "chat_template.jinja").write_text(template)
    elif template is not None:
        edit(folder / "tokenizer_config.json", chat_template=template)
    return TransformersModel(TransformersOptions(path=str(folder)))


@pytest.mark.parametrize("template", [PARTS, FIRST_PART])
def test_a_template_that_wants_lists_of_parts_is_given_them(
    tiny_model: Path, tmp_path: Path, template: str
) -> None:
    model = with_template(tiny_model, tmp_path / "model", template)
    model.check()
    assert model.render(TURNS[:2]) == "[system]Answer.[user]Where?[a]"
    assert model.render(TURNS) == "[system]Answer.[user]Where?[assistant]Here."


def test_a_template_of_plain_text_stays_as_it_is(tiny_model: Path, tmp_path: Path) -> None:
    model = with_template(tiny_model, tmp_path / "model", PLAIN)
    assert model.tokenizer.chat_template == PLAIN


def test_a_template_that_wants_a_system_turn_is_given_one(tiny_model: Path, tmp_path: Path) -> None:
    template = "{% if messages[0].role != 'system' %}{{ raise_exception('no') }}{% endif %}" + PLAIN
    model = with_template(tiny_model, tmp_path / "model", template)
    model.check()
    assert model.render(TURNS[:2]) == "[system] Answer.[user] Where?[a]"


def test_of_several_templates_the_default_is_taken(tiny_model: Path, tmp_path: Path) -> None:
    several = [{"name": "rag", "template": "{{ 1 }}"}, {"name": "default", "template": PLAIN}]
    model = with_template(tiny_model, tmp_path / "model", several)
    model.check()
    assert model.tokenizer.chat_template == PLAIN


def test_a_single_named_template_is_taken(tiny_model: Path, tmp_path: Path) -> None:
    model = with_template(tiny_model, tmp_path / "model", [{"name": "chat", "template": PLAIN}])
    assert model.tokenizer.chat_template == PLAIN


def test_templates_in_files_of_their_own_are_read(tiny_model: Path, tmp_path: Path) -> None:
    model = with_template(tiny_model, tmp_path / "model", PLAIN)
    more = tmp_path / "model" / "additional_chat_templates"
    more.mkdir()
    (more / "rag.jinja").write_text("{{ 1 }}")
    model.check()
    assert model.tokenizer.chat_template == PLAIN


def test_the_template_that_a_processor_of_images_keeps_is_read(tiny_model: Path, tmp_path: Path) -> None:
    model = with_template(tiny_model, tmp_path / "model", None)
    (tmp_path / "model" / "chat_template.json").write_text(json.dumps({"chat_template": PARTS}))
    assert model.render(TURNS[:2]) == "[system]Answer.[user]Where?[a]"


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{ raise_exception('never') }}", "cannot render a question: never"),
        ("{% for", "cannot render a question"),
        ("{{ 1 / 0 }}", "cannot render a question"),
        ("{{ messages[7].content.text }}", "cannot render a question"),
        ("a fixed text", "loses the question"),
        ("{% for m in messages %}{{ m.text }}{% endfor %}", "loses the question"),
        (
            [{"name": "rag", "template": PLAIN}, {"name": "tool_use", "template": PLAIN}],
            r"several chat templates \(rag, tool_use\) and none is called default",
        ),
    ],
)
def test_a_template_that_cannot_ask_is_one_line_before_the_run(
    tiny_model: Path,
    tmp_path: Path,
    write_task: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    template: Any,
    problem: str,
) -> None:
    model = with_template(tiny_model, tmp_path / "model", template)
    with pytest.raises(InputError, match=problem):
        model.check()
    path = experiment(tmp_path, model.folder, write_task())
    assert ended(["run", str(path), "--out", str(tmp_path / "run")], monkeypatch) == 2
    assert "chat template" in capsys.readouterr().err
