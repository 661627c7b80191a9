# ruff: noqa: E501 - a template stands in one line
"""Templates and expressions of a task end soon, stay small, and reach nothing of Python's."""

from __future__ import annotations

import time
from typing import Any

import pytest
from jinja2 import TemplateSyntaxError

from harness.errors import InputError
from harness.tasks.columns import resolve
from harness.tasks.prompting import compiled, render
from harness.tasks.readers import Row
from harness.tasks.sandbox import ENVIRONMENT, LARGEST
from harness.types import Task, TaskItem

TASK = Task(name="t", kind="generate", metrics=())
ITEM = TaskItem(id="1", input="x", targets=("a",), split="test")
DOUBLING = (
    "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x OP n.x %}{% endfor %}{{ n.x }}"
)

BOMBS = [
    "{{ 'a' * 999999999 }}",
    "{{ 999999999 * 'a' }}",
    "{{ [1] * 999999999 }}",
    "{{ 9 ** 999999999 }}",
    "{{ (9 ** 900) * (9 ** 9000) }}",
    "{{ 'a'.center(999999999) }}",
    "{{ 'a'.ljust(width=999999999) }}",
    "{{ 'a'.rjust(999999999) }}",
    "{{ 'a'.zfill(999999999) }}",
    "{{ '\\t'.expandtabs(999999999) }}",
    "{{ 'a' | center(999999999) }}",
    "{{ ['a'] | map('center', 999999999) | list }}",
    "{{ 'a' | indent(999999999, true) }}",
    "{{ 'a b' | wordwrap(1, wrapstring='x' * 9999999) | replace('x', 'y' * 9999999) }}",
    "{{ ('a' * 9999999) | replace('a', 'b' * 9999999) }}",
    "{{ ('a' * 999999).replace('a', 'b' * 999999) }}",
    "{{ ('a' * 999999).translate({97: 'b' * 999999}) }}",
    "{{ ('a' * 999999).join('b' * 999999) }}",
    "{{ range(99999) | join('b' * 999999) }}",
    "{{ [input * 999] * 99999 }}",
    "{{ [input * 999] * 99999 | join }}",
    "{{ ([input * 999] * 9) | select | map('upper') | map('center', 9999999) | join }}",
    "{% set n = namespace(x=['a']) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
    "{% set n = namespace(x=['a']) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x | string }}",
    "{% set n = namespace(x=['a']) %}{% for i in range(60) %}{% set n.x = {1: n.x, 2: n.x} %}{% endfor %}{{ n.x ~ 1 }}",
    "{{ '%999999999d' % 1 }}",
    "{{ '%*d' % (999999999, 1) }}",
    "{{ '%999999999d' | format(1) }}",
    "{{ '{:>999999999}'.format(1) }}",
    "{{ '{:>{}}'.format(1, 999999999) }}",
    "{{ '{a:>999999999}'.format_map({'a': 1}) }}",
    "{{ [1] | batch(999999999, 0) | list }}",
    "{{ [1] | slice(999999999) | list }}",
    "{{ {'a': 1} | tojson(999999999) }}",
    "{{ 0.5 | round(999999999, 'ceil') }}",
    "{{ (1).to_bytes(999999999, 'big') }}",
    "{{ range(999999999) | list }}",
    DOUBLING.replace("OP", "~"),
    DOUBLING.replace("OP", "+"),
    "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set b %}{{ n.x }}{{ n.x }}{% endset %}{% set n.x = b %}"
    "{% endfor %}{{ n.x }}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}",
    "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "{% for a in [1, 2] recursive %}{{ loop([1, 2]) if loop.depth < 60 }}{% endfor %}",
    "{% for a in range(9999) recursive %}{{ loop(range(9999)) if loop.depth < 3 }}{% endfor %}",
    "{% for a in range(99999) %}{{ ('a' * 999999) | upper | length }}{% endfor %}",
    "{% for a in range(99999) %}{{ 'a' * 999999 }}{% endfor %}",
    "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
    "{{ " + "[" * 99999 + " }}",
    "{{ " + "not " * 99999 + "1 }}",
    "{{ " + "1 + " * 9999 + "1 }}",
    "{% if 1 %}" * 500 + "{% endif %}" * 500,
    "{% for a in [1] %}" * 30 + "{% endfor %}" * 30,
]  # fmt: skip

INSIDES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ ''['__class__'] }}",
    "{{ '' | attr('__class__') }}",
    "{{ ['__class__'] | map('attr', '__class__') | list | first.__mro__ }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ '{a.__class__}'.format_map({'a': 1}) }}",
    "{{ range.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.system('x') }}",
    "{{ self.__init__.__globals__ }}",
    "{{ namespace.__init__ }}",
    "{{ joiner.__init__.__globals__['__builtins__'] }}",
    "{{ ''.format.__self__ }}",
    "{% set x = [] %}{% for a in [1] %}{{ x.append(a) }}{% endfor %}",
    "{{ lipsum() }}",
    "{{ [1, 2] | random }}",
    "{% include '/etc/passwd' %}",
    "{% import '/etc/passwd' as x %}",
    "{% extends '/etc/passwd' %}",
]


def filled(source: str) -> str:
    return render(TASK, compiled(source), ITEM, {"input": "x" * 1000})


def refusal(function: Any, *arguments: Any) -> str:
    start, found, line = time.process_time(), None, ""
    try:
        found = function(*arguments)
    except (InputError, TemplateSyntaxError) as error:
        line = str(error)
    assert found is None, f"{str(found)[:100]!r} was made"
    assert time.process_time() - start < 5
    return line


@pytest.mark.parametrize("source", BOMBS, ids=range(len(BOMBS)))
def test_what_grows_or_goes_on_without_bound_is_refused_soon(source: str) -> None:
    refusal(filled, source)
    if source.startswith("{{"):
        refusal(resolve, Row("f", "line 1", {"input": "x"}), source)


@pytest.mark.parametrize("source", INSIDES)
def test_a_template_reaches_nothing_of_python(source: str) -> None:
    refusal(filled, source)
    refusal(resolve, Row("f", "line 1", {"input": "x"}), source)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ input[:3] ~ '!' ~ 1 }}", "xxx!1"),
        ("{% for a in [1, 2] %}{{ loop.index }}/{{ loop.length }}{{ ',' if not loop.last }}{% endfor %}", "1/2,2/2"),
        ("{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}", "a1"),
        ("{% for a in [3, 1] if a > 1 %}{{ a }}{% else %}none{% endfor %}", "3"),
        ("{{ ['b', 'a'] | sort | join(', ') }}", "a, b"),
        ("{{ input | truncate(9) | upper }}", "XXXXXX..."),
        ("{{ '%.2f' | format(1 / 3) }} {{ '{:>5}'.format('a') }} {{ '%d %%' % 10000 }}", "0.33     a 10000 %"),
        ("{{ 'Price 10000: %s' % 5 }}", "Price 10000: 5"),
        ("{{ (2 ** 10) * 3 + 7 % 4 }}", "3075"),
        ("{{ 'a\nb' | indent(2) }}", "a\n  b"),
        ("{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(1) }}{{ m('x' * 3) }}", "<1><xxx>"),
        ("{% set b %}{{ input | length }}{% endset %}{{ b }}", "1000"),
        ("{{ [{'a': 1}] | map(attribute='a') | list | tojson }}", "[1]"),
        ("{% for a in [[1, [2]]] recursive %}{{ a if a is number else loop(a) }}{% endfor %}", "12"),
        ("{{ 'a b'.split() | batch(1) | list }}", "[['a'], ['b']]"),
    ],
)  # fmt: skip
def test_what_prompts_need_works(source: str, text: str) -> None:
    assert filled(source) == text


def test_every_filter_of_jinja_is_counted() -> None:
    own = {"_each", "_bounded"}
    assert all(
        hasattr(function, "__wrapped__") for name, function in ENVIRONMENT.filters.items() if name not in own
    )
    with pytest.raises(InputError, match="too large"):
        filled(f"{{{{ input * {LARGEST // 1000 + 1} }}}}")


def test_a_template_after_one_that_was_refused_counts_from_zero() -> None:
    for _ in range(3):
        assert "more than 200,000 steps" in refusal(
            filled, "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
        )
        assert filled("{% for a in range(9999) %}{{ 1 if loop.last }}{% endfor %}") == "1"
