"""The findings of validation, and those about labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from harness.errors import shorten
from harness.tasks.labels import are_digits, counted, typos, variants
from harness.types import Frozen, Task, TaskItem

Severity = Literal["error", "warning"]
_EXAMPLES = 3


class Finding(Frozen):
    """One fault of a task. ``items`` are the ids of all the items it concerns, in order.

    An error makes results wrong or impossible; a warning is something to look at.
    """

    severity: Severity
    code: str
    place: str
    message: str
    items: tuple[str, ...] = ()

    def line(self) -> str:
        """Return the finding as one line that names the first items."""
        named = ", ".join(shorten(item, 40) for item in self.items[:_EXAMPLES])
        more = f" and {len(self.items) - _EXAMPLES} more" if len(self.items) > _EXAMPLES else ""
        where = f" ({named}{more})" if named else ""
        line = f"{self.severity}: {self.place}: {self.code}: {self.message}{where}"
        return "".join(character if character.isprintable() else " " for character in line)


def finding_of(
    severity: Severity, code: str, place: str, message: str, items: Iterable[TaskItem]
) -> list[Finding]:
    """Return one finding for all the items, or none where there are no items."""
    ids = tuple(item.id for item in items)
    message = message.format(n=len(ids), items="item" if len(ids) == 1 else "items")
    return [Finding(severity=severity, code=code, place=place, message=message, items=ids)] if ids else []


def some_of(texts: Iterable[str]) -> str:
    """Return the first few of ``texts`` quoted; braces are doubled for a later format string."""
    ordered = sorted(texts)
    shown = ", ".join(repr(shorten(text, 40)) for text in ordered[:_EXAMPLES])
    more = f" and {len(ordered) - _EXAMPLES} more" if len(ordered) > _EXAMPLES else ""
    return _braces(shown + more)


def alike(task: Task, items: Sequence[TaskItem]) -> list[Finding]:
    """Labels that probably are variants of one, and numbers that probably are codes for names."""
    if task.kind != "choice" or not task.choices:
        return []
    counts = counted(items)
    labels = {*task.choices, *counts}
    findings = []
    groups = variants(labels)
    held = {label for group in groups for label in group}
    message = (
        f"{{n}} {{items}} with labels that differ only in how they are written: {_variants(groups, counts)}"
    )
    concerned = [item for item in items if held & set(item.targets)]
    findings += finding_of("error", "labels_alike", task.name, message, concerned)
    slips = [(rare, frequent) for rare, frequent in typos(counts) if rare not in held]
    pairs = ", ".join(f"{a!r} ({counts[a]}) for {b!r} ({counts[b]})" for a, b in slips[:_EXAMPLES])
    message = "{n} {items} with a label that looks like a slip: " + _braces(pairs)
    rare = {a for a, _ in slips}
    concerned = [item for item in items if rare & set(item.targets)]
    findings += finding_of("warning", "label_slip", task.name, message, concerned)
    if are_digits(task.choices):
        message = (
            f"the labels are numbers ({some_of(task.choices)}): if they stand for names, a model cannot know "
            "which; map them, as in `fields: {{target: {{index: label, of: [negative, positive]}}}}`"
        )
        findings += finding_of("warning", "labels_are_numbers", task.name, message, items)
    return findings


def _variants(groups: Sequence[Sequence[str]], counts: Mapping[str, int]) -> str:
    shown = [
        " / ".join(f"{shorten(label, 40)!r} ({counts.get(label, 0)})" for label in group)
        for group in groups[:_EXAMPLES]
    ]
    more = [f"{len(groups) - _EXAMPLES} more"] if len(groups) > _EXAMPLES else []
    return _braces(", ".join([*shown, *more]))


def _braces(text: str) -> str:
    """Return a text with its braces doubled, for a format string."""
    return text.replace("{", "{{").replace("}", "}}")
