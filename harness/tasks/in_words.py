"""Choice tasks for models that give no log-likelihoods: the question is answered in words."""

from __future__ import annotations

import dataclasses

from harness.digests import digest_of
from harness.tasks.prompting import names_used
from harness.types import AnswerRule, LoadedTask

_ROOM_TOKENS = 64
"""Lowest limit on an answer's tokens: room for a sentence that names the choice."""
_LIST = "\n{% for choice in choices %}{{ '\\n- ' ~ choice }}{% endfor %}"


def in_words(loaded: LoadedTask, unable: str) -> LoadedTask:
    """Return a choice task whose answer is the choice that is named in what the model writes.

    Choices that the prompt does not show are listed at its end. Other tasks are returned as they are.

    Args:
        loaded: The task.
        unable: What cannot score choices, for the remark that says so.
    """
    task = loaded.task
    if not task.scores_choices:
        return loaded
    texts = (task.instruction, task.prompt)
    shown = any("choices" in names_used(text) for text in texts)
    shown = shown or (bool(task.choices) and all(any(c in text for text in texts) for c in task.choices))
    asked = task.model_copy(
        update={
            "answer": AnswerRule(extract="choice"),
            "prompt": task.prompt if shown else task.prompt + _LIST,
            "max_new_tokens": max(task.max_new_tokens, _ROOM_TOKENS),
        }
    )
    changed = [asked.answer.model_dump(), asked.prompt, asked.max_new_tokens]
    asked = asked.model_copy(
        update={
            "digest": digest_of([task.digest, *changed]),
            "judging": digest_of([task.judging, *changed]),
        }
    )
    remark = f"{unable} cannot score choices, so it is answered in words, by all strategies"
    if not shown:
        remark += "; its choices are listed at the end of the prompt"
    data = dataclasses.replace(loaded.data, task=asked)
    return dataclasses.replace(loaded, data=data, remarks=(*loaded.remarks, remark))
