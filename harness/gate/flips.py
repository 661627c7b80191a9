"""Items that were right and are wrong now."""

from __future__ import annotations

from harness.analysis.forgetting import RightItems
from harness.gate.sides import Candidate, Comparisons, Sides, checked_tasks
from harness.tasks.questions import question_for_people
from harness.types import Frozen

WORST_FLIPS = 10


class Flip(Frozen):
    """An item that was right and is wrong now."""

    task: str
    item_id: str
    question: str
    target: str
    answer: str
    drop: float


def flips_of(candidate: Candidate, compared: Comparisons) -> list[Flip]:
    """Return the items that were right and are wrong now, the largest drops first."""
    flips, run = [], candidate.run
    for task, check in checked_tasks(candidate.gate, candidate.asked).items():
        sides = compared[task, check.against]
        if not isinstance(sides, Sides):
            continue
        after, before = sides.new.of(sides.metric), sides.old.of(sides.metric)
        lost = RightItems.of(sides.new, sides.old, sides.metric, sides.right_from).lost
        drops = {item_id: float(before[item_id].mean() - after[item_id].mean()) for item_id in lost}
        largest = sorted(lost, key=lambda item_id: (-drops[item_id], item_id))[:WORST_FLIPS]
        items, answers = run.items[task].some(largest), run.first_results(candidate.name, task, largest)
        for item_id in largest:
            item, answer = items[item_id], answers[item_id].answer
            flips.append(
                Flip(
                    task=task,
                    item_id=item_id,
                    question=question_for_people(run.manifest.tasks[task], item),
                    target=item.targets[0],
                    answer=answer.text if answer else "(no answer)",
                    drop=drops[item_id],
                )
            )
    return sorted(flips, key=lambda flip: (-flip.drop, flip.task, flip.item_id))[:WORST_FLIPS]
