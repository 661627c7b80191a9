"""The explorer's tick is the mean's over seeds and repeats, as flips and costs count."""

from __future__ import annotations

import json
from pathlib import Path

from harness.runs.store import Store
from reports.explorer.items import AskedItems, Outcome
from tests.unit._gate import first, made, rows_of


def test_a_tick_follows_the_mean_over_seeds_and_not_the_first_answer(tmp_path: Path) -> None:
    folder = made(tmp_path / "run", {"zero_shot": {"a": first(1)}}, {"a": 2})
    with Store.open(folder) as store:
        rows = list(store.results(["zero_shot/a"]))
        later = [
            row.model_copy(
                update={"seed": seed, "key": f"{row.key}/{seed}", "scores": {"exact_match": score}}
            )
            for row in rows
            for seed, score in ((1, 1.0 - row.scores["exact_match"]), (2, 1.0 - row.scores["exact_match"]))
        ]
        store.write_batch("zero_shot/a", {}, later)
    raw = json.loads((folder / "manifest.json").read_text())
    raw["experiment"]["seeds"] = [0, 1, 2]
    (folder / "manifest.json").write_text(json.dumps(raw))
    ticks = [Outcome.RIGHT in each.shown["zero_shot"].outcome for each in AskedItems(rows_of(folder))]
    assert ticks == [False, True]  # the first answers say the opposite
