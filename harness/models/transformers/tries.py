"""The choices of one item as a tree of tokens, and the best-first search for the likeliest of them.

Adding a token never makes a text likelier, so the log-likelihood of a beginning is an upper bound for every
choice with that beginning. A choice whose bound is below the log-likelihood of another choice is ruled out
without being read to its end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

ROOT = 0


@dataclass(frozen=True)
class Scored:
    """What is known of the choices of one item.

    Attributes:
        values: Log-likelihood of each choice in nats, or an upper bound of it.
        exact: Whether each value is the log-likelihood itself.
        n_read: Tokens that the model read for them.
    """

    values: list[float]
    exact: list[bool]
    n_read: int


class Trie:
    """A tree whose nodes are the beginnings of choices; a node is a number, its parent's is smaller.

    The root stands for the prompt. A node that was read gives the probability of each of its children.

    Args:
        options: Token ids of each choice, at least one each.
    """

    def __init__(self, options: Sequence[Sequence[int]]) -> None:
        self.tokens, self.parents, self.depths = [-1], [ROOT], [0]
        self.children: list[list[int]] = [[]]
        self.n_read = 0
        nodes: dict[tuple[int, int], int] = {}
        self._ends = [self._grown(option, nodes) for option in options]
        self._values: list[float | None] = [0.0, *[None] * (len(self.tokens) - 1)]
        self._open = {ROOT}

    def _grown(self, option: Sequence[int], nodes: dict[tuple[int, int], int]) -> int:
        """Add one option and return the node of its last token."""
        node = ROOT
        for token in option:
            child = nodes.setdefault((node, token), len(self.tokens))
            if child == len(self.tokens):
                self.tokens.append(token)
                self.parents.append(node)
                self.depths.append(self.depths[node] + 1)
                self.children.append([])
                self.children[node].append(child)
            node = child
        return node

    def learn(self, node: int, log_probs: Mapping[int, float]) -> None:
        """Store the result of reading a node, whose own log-likelihood is known.

        Args:
            node: The node that was read.
            log_probs: Log-probability of each of its children, at most 0.
        """
        self.n_read += node != ROOT
        self._open.discard(node)
        before = self._values[node]
        assert before is not None
        for child in self.children[node]:
            if self._values[child] is None:
                self._values[child] = before + log_probs[child]
                if self.children[child]:
                    self._open.add(child)

    def promising(self, width: int) -> list[int]:
        """Return the nodes to read next, parents first; none if the likeliest choice is known.

        The likeliest beginnings come first, each with its descendants as long as there is only one child.

        Args:
            width: Most nodes to return, at least 1.
        """
        known = [value for end in self._ends if (value := self._values[end]) is not None]
        best = max(known, default=-math.inf)
        hopeful = [node for node in self._open if self._value(node) >= best]
        chosen: list[int] = []
        for first in sorted(hopeful, key=lambda node: (-self._value(node), node)):
            for node in self._way(first):
                if len(chosen) == width:
                    return chosen
                chosen.append(node)
        return chosen

    def parts(self, most: int) -> list[list[int]]:
        """Return all nodes that have children in parts that can be read separately, each with its ancestors.

        Args:
            most: Most nodes of a part, no fewer than ``longest_way``.
        """
        parts: list[list[int]] = []
        part: dict[int, None] = {}
        for end in sorted({end for end in self._ends if self.depths[end] > 1}, key=self._path):
            path = self._path(end)[:-1]
            if part and len(part.keys() | set(path)) > most:
                parts.append(list(part))
                part = {}
            part |= dict.fromkeys(path)
        return [*parts, list(part)] if part else parts

    @property
    def longest_way(self) -> int:
        """Nodes that are read for the longest choice."""
        return max(self.depths) - 1

    def slices(self, most: int) -> list[list[int]]:
        """Return all nodes that have children, parents first, ``most`` by ``most``.

        They are to be read one slice after the other, each continuing from those before.
        """
        nodes = [node for node, children in enumerate(self.children) if children and node != ROOT]
        return [nodes[start : start + most] for start in range(0, len(nodes), most)]

    def scored(self) -> Scored:
        """Return what is known of every option."""
        exact = [self._values[end] is not None for end in self._ends]
        return Scored([self._bound(end) for end in self._ends], exact, self.n_read)

    def _value(self, node: int) -> float:
        value = self._values[node]
        assert value is not None
        return value

    def _bound(self, node: int) -> float:
        while self._values[node] is None:
            node = self.parents[node]
        return self._value(node)

    def _way(self, node: int) -> Iterator[int]:
        """Yield a node that has children and its descendants up to a branch or an end."""
        while self.children[node]:
            yield node
            if len(self.children[node]) > 1:
                return
            node = self.children[node][0]

    def _path(self, node: int) -> list[int]:
        """Return the nodes from the root, without it, to this one."""
        path = []
        while node != ROOT:
            path.append(node)
            node = self.parents[node]
        return path[::-1]
