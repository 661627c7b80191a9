"""The sandbox of a task's templates and expressions: no code, no randomness, bounded time and memory.

Jinja's own sandbox keeps a template away from Python's internals. This one also counts what a template does,
so that no loop runs forever and no text grows without limit. What it counts is the same on every
machine.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MOST_STEPS = 200_000
"""Loop iterations and calls of one template for one item; a call with larger arguments counts more."""
LARGEST = 16 << 20
"""Characters or entries of anything that a template makes."""
FAULTS = (
    TemplateError, TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError,
    MemoryError,
)  # fmt: skip
"""What a template that cannot be filled may raise."""
_UNITS_A_STEP = 256
_LARGEST_PRODUCT = 100_000_000
"""Limit on size times width, or size times what is inserted, of one call."""
_MOST_BITS, _LARGEST_NUMBER = 10_000, 100_000
_GROWING = frozenset(
    (
        "batch", "center", "expandtabs", "format", "format_map", "indent", "join", "ljust", "replace",
        "rjust", "round",
        "slice", "to_bytes", "tojson", "translate", "urlize", "wordwrap", "xmlattr", "zfill",
    )
)  # fmt: skip
"""Filters and methods whose result may be far larger than what they are given."""
_WIDE = re.compile(r"%[^a-zA-Z%]*(\d{5}|\*)|\{[^{}]*(\d{5}|\{)")
"""A width in a format that is large, or comes from a value."""
_ENTRY = 64
"""What an entry of a list counts in addition to its own size."""
_steps: ContextVar[int] = ContextVar("steps", default=0)


@contextmanager
def counted() -> Iterator[None]:
    """Fill one template or evaluate one expression: what it does is counted from zero."""
    token = _steps.set(0)
    try:
        yield
    finally:
        _steps.reset(token)


def _spend(steps: int) -> None:
    done = _steps.get() + steps
    _steps.set(done)
    if done > MOST_STEPS:
        raise SecurityError(f"it takes more than {MOST_STEPS:,} steps")


def _size(value: Any) -> int:
    """Return roughly how large a value is; what is larger than ``LARGEST`` may be larger still."""
    size, left = 0, [value]
    while left and size <= LARGEST:
        each = left.pop()
        if isinstance(each, str | bytes | range):
            size += len(each)
        elif isinstance(each, dict | list | tuple | set):
            size += _ENTRY * len(each)
            if size <= LARGEST:
                left += each.values() if isinstance(each, dict) else each
    return size


def bounded(value: Any) -> Any:
    """Return a value that is not too large.

    Raises:
        SecurityError: It is.
    """
    size = _size(value)
    _spend(size // _UNITS_A_STEP)
    if size > LARGEST or (isinstance(value, int) and value.bit_length() > _MOST_BITS):
        raise SecurityError("it makes a value that is too large")
    return value


def _each(values: Iterable[Any]) -> Iterator[Any]:
    """Yield what a loop iterates over, and count its iterations."""
    for value in values:
        _spend(1 + _size(value) // _UNITS_A_STEP)
        yield value


def _check_call(name: str, owner: Any, arguments: Sequence[Any]) -> None:
    """Count a call and refuse one whose result would be too large, or that would take too long."""
    sizes = [_size(owner), *map(_size, arguments)]
    _spend(1 + sum(sizes) // _UNITS_A_STEP)
    if name not in _GROWING:
        return
    numbers = [abs(each) for each in arguments if isinstance(each, int)]
    wide = max(sizes[0], 1) * max([*sizes[1:], *numbers], default=1) > _LARGEST_PRODUCT
    if wide or max(numbers, default=0) > _LARGEST_NUMBER:
        raise SecurityError(f"{name} would make a value that is too large")
    if name == "format" and isinstance(owner, str) and _WIDE.search(owner):
        raise SecurityError("a format has a width that is too large, or comes from a value")


def _checked(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that is counted; Jinja may hand it its own context first."""

    @functools.wraps(function)
    def checked(*arguments: Any, **named: Any) -> Any:
        arguments = tuple(map(_gone_over, arguments))
        given = arguments[1:] if hasattr(function, "jinja_pass_arg") else arguments
        _check_call(name, given[0] if given else None, [*given[1:], *named.values()])
        return bounded(function(*arguments, **named))

    return checked


def _gone_over(value: Any) -> Any:
    """Return an argument; what a filter yields one by one is counted as it is consumed."""
    return _each(value) if isinstance(value, Iterator) else value


class _Counting(NodeTransformer):
    """Puts the counting of loops and the bound on joined texts into a template."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        node.iter = _filtered(node.iter, "_each")
        return node

    def _visit_made(self, node: nodes.Expr) -> nodes.Expr:
        self.generic_visit(node)
        stored = getattr(node, "ctx", "load") != "load"
        return node if stored else _filtered(node, "_bounded")

    visit_List = visit_Dict = visit_Tuple = _visit_made  # noqa: N815 - Jinja's names

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        return _filtered(node, "_bounded")


def _filtered(node: Any, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what Jinja and Python raise at a malformed template into a syntax error."""
    try:
        yield
    except (RecursionError, MemoryError, SyntaxError, ValueError, OverflowError) as error:
        raise TemplateSyntaxError(
            f"it is nested too deeply, or too long ({type(error).__name__})", 1
        ) from None


class Sandbox(ImmutableSandboxedEnvironment):
    """An environment whose templates are counted; raises ``SecurityError`` where one exceeds a limit."""

    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # No randomness in a prompt: the same item must always give the same text.
        del self.filters["random"], self.globals["lipsum"]
        self.filters = {name: _checked(name, function) for name, function in self.filters.items()}
        self.filters |= {"_each": _each, "_bounded": bounded}

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Evaluate an operator whose result can grow."""
        numbers = isinstance(left, int) and isinstance(right, int)
        if operator == "*":
            large = left.bit_length() + right.bit_length() > _MOST_BITS if numbers else _repeated(left, right)
        elif operator == "**":
            large = numbers and left.bit_length() * abs(right) > _MOST_BITS
        else:
            large = operator == "%" and isinstance(left, str) and _WIDE.search(left) is not None
        if large:
            raise SecurityError(f"{operator} would make a value that is too large")
        _spend(1 + (_size(left) + _size(right)) // _UNITS_A_STEP)
        return bounded(super().call_binop(context, operator, left, right))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """Call a function, a macro or a method."""
        name = str(getattr(__obj, "__name__", ""))
        _check_call(name, getattr(__obj, "__self__", None), [*args, *kwargs.values()])
        recursive = isinstance(__obj, LoopContext)
        args = tuple(_each(each) if recursive else _gone_over(each) for each in args)
        return bounded(super().call(__context, __obj, *args, **kwargs))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Refuse a format whose widths are large or come from values."""
        found = super().wrap_str_format(value)
        if found is not None and _WIDE.search(value.__self__):
            raise SecurityError("a format has a width that is too large, or comes from a value")
        return found

    @staticmethod
    def concat(parts: Iterable[str]) -> str:
        """Join the output of a template."""
        found, size = [], 0
        for part in parts:
            found.append(part)
            size += len(part)
            if size > LARGEST:
                raise SecurityError("it makes a text that is too large")
        return "".join(found)

    def _generate(self, source: nodes.Template, *arguments: Any, **options: Any) -> str:
        _Counting().visit(source)
        return super()._generate(source, *arguments, **options)

    def parse(self, *arguments: Any, **options: Any) -> nodes.Template:
        """Parse a template."""
        with _told():
            return super().parse(*arguments, **options)

    def compile(self, *arguments: Any, **options: Any) -> Any:
        """Compile a template."""
        with _told():
            return super().compile(*arguments, **options)

    def compile_expression(self, *arguments: Any, **options: Any) -> Any:
        """Compile one expression."""
        with _told():
            return super().compile_expression(*arguments, **options)


def _repeated(left: Any, right: Any) -> bool:
    """Whether a text or list that is repeated would be too large."""
    if isinstance(left, int):
        left, right = right, left
    return isinstance(right, int) and not isinstance(left, float) and _size(left) * right > LARGEST


ENVIRONMENT = Sandbox(
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, finalize=bounded
)
