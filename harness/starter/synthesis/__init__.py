"""The generator of synthetic tasks that the starter model is pre-trained on and measured with.

Every example is made from a seed and a split. Names (of people, places, companies, products, codes, labels) are
divided by a stable hash: those of the split `heldout` are never produced for the split `train`.
"""

# ruff: noqa: E501  (tables of wordings keep a line each)

from harness.starter.synthesis.core import Example, Source, Split
from harness.starter.synthesis.registry import FAMILIES, make

__all__ = ["FAMILIES", "Example", "Source", "Split", "make"]
