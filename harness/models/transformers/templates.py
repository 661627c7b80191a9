"""Chat templates of tokenizers: one is chosen, tried on a question, and refused if it fails."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.models.transformers.model_files import read_object
from harness.models.transformers.opening import said

_KEY = "chat_template"
_BESIDE = "chat_template.json"
_WORD = "Wherever"
_ASKED = [{"role": "system", "content": "Answer."}, {"role": "user", "content": _WORD}]
# For templates that want a turn's content as a list of parts, as those of multimodal models do.
_IN_PARTS = (
    "{% set in_parts = namespace(turns=[]) %}{% for turn in messages %}"
    "{% set in_parts.turns = in_parts.turns"
    " + [dict(turn, content=[{'type': 'text', 'text': turn.content}])] %}{% endfor %}"
    "{% set messages = in_parts.turns %}"
)


def settle_template(
    tokenizer: Any, folder: str, place: object, options: Mapping[str, Any] | None = None
) -> None:
    """Leave the tokenizer with one chat template that shows the model what it is asked, or with none.

    Of several templates the one called default is used. A template that shows a list of parts but no plain
    text is given parts from then on.

    Args:
        tokenizer: A tokenizer of transformers; its ``chat_template`` is set.
        folder: The model's folder, where some keep the template in a file that the tokenizer does not read.
        place: The experiment file, for errors.
        options: What the template is given besides the messages.

    Raises:
        InputError: There are several templates and none is the default, or the one there is cannot render a
            plain question, or shows nothing of it.
    """
    template = _the_one(tokenizer.chat_template, place) or _beside(Path(folder), place)
    tokenizer.chat_template = template
    if not template:
        return
    for tried in (template, _IN_PARTS + template):
        for turns in (_ASKED[-1:], _ASKED):  # some require a system turn
            found = _rendered(tokenizer, tried, turns, options or {})
            if not isinstance(found, Exception) and _WORD in found:
                tokenizer.chat_template = tried
                return
    found = _rendered(tokenizer, template, _ASKED[-1:], options or {})
    shows = (
        f"cannot render a question: {said(found)}" if isinstance(found, Exception) else "loses the question"
    )
    raise InputError(place, _KEY, f"the model's chat template {shows}", "fix it, or remove it to ask plainly")


def _the_one(template: Any, place: object) -> str:
    """Return the one template, or the default of several; empty where there is none."""
    if not isinstance(template, dict):
        return str(template) if template else ""
    if "default" in template or len(template) == 1:
        return str(template.get("default") or next(iter(template.values())))
    if not template:
        return ""
    names = ", ".join(sorted(map(str, template)))
    problem = f"the model has several chat templates ({names}) and none is called default"
    raise InputError(place, _KEY, problem, "keep one of them, as chat_template.jinja in its folder")


def _beside(folder: Path, place: object) -> str:
    """Return the template in the file of an image processor; empty without one."""
    path = folder / _BESIDE
    return _the_one(read_object(path, place, _KEY).get(_KEY), place) if path.is_file() else ""


def _rendered(
    tokenizer: Any, template: str, turns: list[dict[str, str]], options: Mapping[str, Any]
) -> str | Exception:
    """Return a question as the template shows it, or what it raised."""
    asked = {"tokenize": False, "add_generation_prompt": True} | dict(options)
    try:
        return str(tokenizer.apply_chat_template(turns, chat_template=template, **asked))
    except Exception as error:  # noqa: BLE001 - a template is a program
        return error
