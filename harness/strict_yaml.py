"""YAML within bounds: no key twice, no anchors that expand without bound, no number without bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError

from harness.errors import InputError, shorten
from harness.files import LARGEST_SETTINGS, read_input_text
from harness.strict_json import check_depth

_MOST_NODES = 100_000
"""Keys, values and entries, each counted as often as it is referred to; parsing them takes some seconds."""
_LONGEST_NUMBER = 100


def read_yaml(path: Path) -> Any:
    """Return what the YAML file at ``path`` holds.

    Raises:
        InputError: The file is missing, no regular file, too large, not UTF-8, not YAML, or empty.
    """
    text = read_input_text(path, LARGEST_SETTINGS)
    try:
        value = yaml.load(text, Loader=_Loader)
        check_depth(value)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = shorten(getattr(error, "problem", None) or "cannot be parsed")
        raise InputError(path, where, f"is not YAML: {problem}", "fix the syntax at that place") from None
    except RecursionError:
        raise InputError(path, "", "is nested too deeply", "write it flatter") from None
    except (ValueError, OverflowError, TypeError, LookupError) as error:  # no such date
        problem = f"has an impossible value: {shorten(str(error))}"
        raise InputError(path, "", problem, "put it in quotation marks, or correct it") from None
    if value is None:
        raise InputError(path, "", "the file is empty", "see `trilemma init` for an example")
    return value


class _Loader(yaml.SafeLoader):
    """Loads what JSON could hold too, but dates, and no more of it than anybody writes by hand."""

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._n_nodes = 0
        self._nodes_of: dict[Any, int] = {}
        """How many nodes each complete node expands to."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        is_alias = self.check_event(yaml.AliasEvent)
        mark, before = self.peek_event().start_mark, self._n_nodes  # type: ignore[no-untyped-call]
        node = super().compose_node(parent, index)
        if is_alias and node not in self._nodes_of:
            raise ConstructorError(None, None, "an anchor is referred to within itself", mark)
        self._n_nodes += self._nodes_of[node] if is_alias else 1
        if not is_alias:
            self._nodes_of[node] = self._n_nodes - before
        if self._n_nodes > _MOST_NODES:
            problem = f"with all that is referred to it has more than {_MOST_NODES:,} values"
            raise ConstructorError(None, None, problem, mark)
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """YAML lets a key stand twice and keeps the last; here that is an error."""
        seen = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise ConstructorError(
                    None, None, "a key must be one word, not a list or a mapping", key_node.start_mark
                )
            if key_node.value in seen and key_node.tag != "tag:yaml.org,2002:merge":
                raise ConstructorError(
                    None, None, f"the key {key_node.value!r} stands twice", key_node.start_mark
                )
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)

    def construct_number(self, node: Any) -> Any:
        """Refuse what would take long to compute, and what would be too long to show."""
        if len(node.value) > _LONGEST_NUMBER:
            raise ValueError(f"a number of {len(node.value):,} digits, line {node.start_mark.line + 1}")
        is_int = node.tag.endswith(":int")
        return self.construct_yaml_int(node) if is_int else self.construct_yaml_float(node)


for _kind in ("int", "float"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _Loader.construct_number)
