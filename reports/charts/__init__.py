"""The charts of a report, as Altair specifications: numbers of the run in, figures out."""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.findings import Contrast
from harness.deciding.records import Decision
from reports.charts.accuracy import cost_of_accuracy
from reports.charts.curves import losses
from reports.charts.forest import differences
from reports.charts.heat import kept
from reports.charts.payback import break_even
from reports.drawing import Figure

__all__ = ["break_even", "cost_of_accuracy", "differences", "kept", "losses", "page_one"]


def page_one(decision: Decision, forgetting: Sequence[Contrast]) -> list[Figure]:
    """Return the charts of the first page, those that have something to show."""
    found = [differences(decision), cost_of_accuracy(decision), break_even(decision), kept(forgetting)]
    return [figure for figure in found if figure]
