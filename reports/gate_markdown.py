"""A gate's result as Markdown, for a job summary or a pull request."""

from __future__ import annotations

from harness.gate.evaluate import CandidateResult, GateResult
from reports._language import words
from reports.tables.gate import VERDICT_SIGNS, check_table, flip_table, ranking_table
from reports.tables.markdown import plain, table_lines

_LONGEST_NOTE = 2_000
"""Notes beside the verdict are shown in full up to this length."""


def markdown(result: GateResult) -> str:
    """Return the verdict, a table of checks and the worst flips of every candidate."""
    t = words("gate")
    heading = t.heading.format(verdict=result.verdict, gate=plain(result.gate))
    lines = [f"## {VERDICT_SIGNS[result.verdict]} {heading}", ""]
    if len(result.candidates) > 1:
        lines += [*table_lines(ranking_table(result)), ""]
    for candidate in result.candidates:
        lines += _candidate(candidate)
    against = f" {t.baseline.format(name=_code(result.baseline))}" if result.baseline else ""
    lines.append(f"{bounds_text(result)}{against}")
    return "\n".join(lines) + "\n"


def bounds_text(result: GateResult) -> str:
    """Say at which levels the bounds hold, and which of several candidates decides."""
    t, usual = words("gate"), f"{100 * (1 - result.alpha):g} %"
    if result.level < result.alpha:
        return str(t.bounds_best.format(lower=f"{100 * (1 - result.level):.4g} %", upper=usual))
    several = f"{t.worst_decides} " if len(result.candidates) > 1 and not result.best else ""
    return f"{several}{t.bounds.format(level=usual)}"


def _candidate(candidate: CandidateResult) -> list[str]:
    checks, flips = check_table(candidate, signs=True), flip_table(candidate)
    lines = [f"### {VERDICT_SIGNS[candidate.verdict]} {plain(checks.title)}", "", *table_lines(checks), ""]
    lines += [f"- {plain(note, _LONGEST_NOTE)}" for note in candidate.notes]
    lines += [""] if candidate.notes else []
    if flips.rows:
        lines += [f"<details><summary>{plain(flips.title)}</summary>", "", *table_lines(flips)]
        lines += ["", "</details>", ""]
    return lines


def _code(text: str) -> str:
    return text.replace("`", "'").replace("\n", " ")
