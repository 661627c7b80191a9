"""The plain form of questions and answers, for base models, whose tokenizer has no chat template.

One template writes the question, the examples and what is trained: a question, a new line and ``Answer:``
without a space after it, since words begin with theirs; then the answer, and a blank line before the next
question. The last answer ends with the end of text.
"""

from __future__ import annotations

from typing import Any

BLANK_LINE = "\n\n"
"""What ends an answer among examples."""

_TURNS = (
    "{% for message in messages %}{% if message.role == 'assistant' %}"
    "{{ ' ' + message.content }}{% if loop.last %}{{ eos_token }}{% else %}{{ '\n\n' }}{% endif %}"
    "{% elif message.role == 'system' %}{{ message.content + '\n\n' }}"
    "{% else %}{{ message.content }}"
    "{% if not message.content.endswith('nswer:') %}{{ '\nAnswer:' }}{% endif %}{% endif %}{% endfor %}"
)
_BEGIN = "{{ bos_token }}"


def plain_template(tokenizer: Any) -> str:
    """Return the template; it begins with the token that the tokenizer writes of its own accord, if any."""
    first = tokenizer("a")["input_ids"][:1]
    begins = tokenizer.bos_token_id is not None and first == [tokenizer.bos_token_id]
    return _BEGIN + _TURNS if begins else _TURNS


def is_plain_template(template: Any) -> bool:
    """Whether a template is the plain one."""
    return template in (_TURNS, _BEGIN + _TURNS)
