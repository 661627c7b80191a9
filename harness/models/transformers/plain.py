"""The plain form of questions and answers, for base models, whose tokenizer has no chat template.

One template writes the question, the examples and the training texts: a question, a new line and ``Answer:``
without a space after it, since word tokens begin with one; then the answer, and a blank line before the next
question. The last answer ends with the end of text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

BLANK_LINE = "\n\n"
"""What ends an answer among examples."""
PARAGRAPH_TOKENS = 64
"""Without examples, an answer of at most this many tokens is taken to be one paragraph."""
_LABEL_CHARS = 40

_TURNS = (
    "{% for message in messages %}{% if message.role == 'assistant' %}"
    "{{ ' ' + message.content }}{% if loop.last %}{{ eos_token }}{% else %}{{ '\n\n' }}{% endif %}"
    "{% elif message.role == 'system' %}{{ message.content + '\n\n' }}"
    "{% else %}{{ message.content }}"
    "{% if not message.content.endswith('nswer:') %}{{ '\nAnswer:' }}{% endif %}{% endif %}{% endfor %}"
)
_BEGIN = "{{ bos_token }}"


def plain_template(tokenizer: Any) -> str:
    """Return the template; it begins with the token that the tokenizer adds by itself, if any."""
    first = tokenizer("a")["input_ids"][:1]
    begins = tokenizer.bos_token_id is not None and first == [tokenizer.bos_token_id]
    return _BEGIN + _TURNS if begins else _TURNS


def end_of_answer(question: str, shown: Sequence[str], max_new_tokens: int) -> str:
    """Return the text that ends a base model's answer.

    A blank line, where answers are single paragraphs: as the examples show, or without examples if answers
    are short. Else the label of an answer to the next question, which `before_question` takes out.

    Args:
        question: The last question.
        shown: Answers of the examples.
        max_new_tokens: Most tokens of an answer.
    """
    paragraph = not any(BLANK_LINE in each for each in shown) if shown else max_new_tokens <= PARAGRAPH_TOKENS
    if paragraph:
        return BLANK_LINE
    last = question.rstrip().rpartition("\n")[2]
    return f"\n{last}" if last.endswith("nswer:") and len(last) <= _LABEL_CHARS else "\nAnswer:"


def before_question(text: str) -> str:
    """Return an answer without the question that a base model went on to ask, whose label was cut off."""
    answer, blank, _ = text.rpartition(BLANK_LINE)
    return answer if blank else text


def is_plain_template(template: Any) -> bool:
    """Whether a template is the plain one."""
    return template in (_TURNS, _BEGIN + _TURNS)
