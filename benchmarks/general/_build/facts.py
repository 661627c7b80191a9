"""Well-known facts of the world as plain questions, each asked once."""

from __future__ import annotations

from benchmarks.general._build import facts_nature, facts_world
from benchmarks.general._build.parsing import Row, drawn, lines_of, target_of

TASK = "facts"
VALIDATION = 26


def items() -> dict[str, list[Row]]:
    """Return the rows by split; ``tags`` names the field of knowledge."""
    groups = {
        topic: [
            {"input": question, "target": target_of(accepted), "tags": [topic]}
            for question, *accepted in lines_of(bank)
        ]
        for topic, bank in {**facts_nature.TOPICS, **facts_world.TOPICS}.items()
    }
    return drawn(TASK, groups, VALIDATION)
