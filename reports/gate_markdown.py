"""A gate's result as Markdown, for a job summary or a pull request."""

from __future__ import annotations

import re

from harness.gate.evaluate import CandidateResult, GateResult
from harness.gate.flips import Flip
from harness.gate.judge import CheckResult

MARKS = {
    "PASS": "✅",
    "FAIL": "❌",
    "INCONCLUSIVE": "❔",
    "NOT COMPARABLE": "⛔",
    "ERROR": "💥",
    "REFUSED": "🚫",
}
_LONGEST = 160
_LONGEST_REASON = 2_000
"""What a verdict rests on, and what a reader must know beside, is told in full."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#!|~&@]|(?<=:)//|^[-+.](?=\s))")


def markdown(result: GateResult) -> str:
    """Return the verdict, a table of checks and the worst flips of every candidate."""
    lines = [f"## {MARKS[result.verdict]} {result.verdict}: gate {plain(result.gate)}", ""]
    if len(result.candidates) > 1:
        lines += _ranking(result)
    for candidate in result.candidates:
        lines += _candidate(candidate)
    against = f" Baseline: `{_code(result.baseline)}`." if result.baseline else ""
    lines.append(f"{_bounds(result)}; drops corrected by Holm.{against}")
    return "\n".join(lines) + "\n"


def _bounds(result: GateResult) -> str:
    """Say at which levels the bounds stand, and which of several candidates decides."""
    usual = f"{100 * (1 - result.alpha):g} %"
    if result.level < result.alpha:
        lower = f"{100 * (1 - result.level):.4g} %"
        return f"One candidate that passes is enough: lower bounds at {lower}, upper ones at {usual}"
    several = "The worst candidate decides. " if len(result.candidates) > 1 and not result.best else ""
    return f"{several}One-sided bounds at {usual}"


def _ranking(result: GateResult) -> list[str]:
    lines = ["| rank | candidate | verdict | mean gain | p (Holm) |", "|---|---|---|---|---|"]
    for rank, each in enumerate(result.candidates, 1):
        gain = "" if each.gain is None else f"{100 * each.gain:+.1f}"
        p = "" if each.p_better is None else f"{each.p_better:.3f}"
        lines.append(f"| {rank} | {plain(each.candidate)} | {each.verdict} | {gain} | {p} |")
    return [*lines, ""]


def _candidate(candidate: CandidateResult) -> list[str]:
    title = f"### {MARKS[candidate.verdict]} {plain(candidate.candidate)}: {candidate.verdict}"
    lines = [title, "", "| check | verdict | difference | bounds | margin | n | what it means |"]
    lines.append("|---|---|---|---|---|---|---|")
    lines += [_row(check) for check in candidate.checks]
    lines.append("")
    lines += [f"- {plain(note, _LONGEST_REASON)}" for note in candidate.notes]
    lines += [""] if candidate.notes else []
    if candidate.flips:
        lines += ["<details><summary>Worst flips: right before, wrong now</summary>", ""]
        lines += ["| task | item | question | expected | answer |", "|---|---|---|---|---|"]
        lines += [_flip(flip) for flip in candidate.flips]
        lines += ["", "</details>", ""]
    return lines


def _row(check: CheckResult) -> str:
    difference = "" if check.difference is None else f"{100 * check.difference:+.1f}"
    bounds = "" if check.low is None else f"{100 * check.low:+.1f} to {100 * (check.high or 0.0):+.1f}"
    margin = "" if check.margin is None or check.difference is None else f"{100 * check.margin:.1f}"
    n = str(check.n) if check.n else ""
    cells = (plain(check.name), f"{MARKS[check.verdict]} {check.verdict}", difference, bounds, margin, n)
    return "| " + " | ".join((*cells, plain(check.text, _LONGEST_REASON))) + " |"


def _flip(flip: Flip) -> str:
    cells = (flip.task, flip.item_id, flip.question, flip.target, flip.answer)
    return "| " + " | ".join(plain(cell) for cell in cells) + " |"


def plain(text: str, longest: int = _LONGEST) -> str:
    """Return text that Markdown and HTML show as it is, on one line and not too long."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    text = text if len(text) <= longest else text[: longest - 1] + "…"
    return _SPECIAL.sub(r"\\\1", text)


def _code(text: str) -> str:
    return text.replace("`", "'").replace("\n", " ")
