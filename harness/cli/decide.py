"""``trilemma decide``: which strategy to take, in one paragraph and a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.errors import EXIT_DONE, EXIT_HAD_ERRORS, EXIT_INCONCLUSIVE, InputError, nearest

if TYPE_CHECKING:
    from harness.runs.manifest import RunManifest


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--queries-per-month", type=click.FloatRange(min=0), default=10_000, show_default=True, metavar="N",
    help="Expected volume.",
)  # fmt: skip
@click.option(
    "--prices",
    metavar="FILE",
    help="Price sheet, or builtin:NAME [default: own-cpu or own-gpu, as the run was].",
)
@click.option(
    "--max-forgetting", type=click.FloatRange(0, 1), default=0.02, show_default=True, metavar="SHARE",
    help="Largest accepted loss in the mean of the retention tasks.",
)  # fmt: skip
@click.option(
    "--max-cost-per-1k",
    type=click.FloatRange(min=0),
    metavar="AMOUNT",
    help="Most that 1,000 answers may cost.",
)
@click.option("--weights", metavar="TASK=W,...", help="Weights of the target tasks [default: 1 each].")
@click.option(
    "--cache-hits", type=click.FloatRange(0, 1), default=0.0, show_default=True, metavar="SHARE",
    help="Share of requests that find the common beginning of their prompt cached.",
)  # fmt: skip
@click.option(
    "--retrains-per-month", type=click.FloatRange(min=0), default=0.0, show_default=True, metavar="N",
    help="How often training and indexing are repeated.",
)  # fmt: skip
@click.option(
    "--max-leaks", type=click.FloatRange(0, 1), default=0.01, show_default=True, metavar="SHARE",
    help="Largest accepted share of test items that stand in the training data, or nearly so.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON.")
def decide(  # noqa: PLR0913 - the options of a command
    run: Path,
    queries_per_month: float,
    prices: str | None,
    max_forgetting: float,
    max_cost_per_1k: float | None,
    weights: str | None,
    cache_hits: float,
    retrains_per_month: float,
    max_leaks: float,
    as_json: bool,
) -> int:
    """Decide by the run folder RUN: prompt, retrieve, fine-tune, or not yet proven.

    Ends with 0 where there is an answer, 3 where nothing is proven, 5 where the run allows no decision.
    """
    from harness.analysis.rows import load_rows
    from harness.deciding.choosing import choose
    from harness.deciding.cost import Use
    from harness.deciding.prices import load_prices
    from harness.deciding.records import Limits

    rows = load_rows(run, unchanged=True)
    if not any(task.role == "target" for task in rows.manifest.tasks.values()):
        remedy = "run it with a task of `role: target`; what was forgotten is in `trilemma report`"
        raise InputError(run, "tasks", "has no target task to decide on, only retention tasks", remedy)
    sheet = load_prices(prices) if prices else None
    shares = _weights(weights, rows.manifest)
    use = Use(queries_per_month, cache_hits, retrains_per_month)
    limits = Limits(max_forgetting=max_forgetting, max_cost_per_1000=max_cost_per_1k, max_leaks=max_leaks)
    decision = choose(rows, sheet, use, limits, shares)
    if as_json:
        click.echo(decision.model_dump_json(indent=1))
    else:
        from reports.terminal import print_decision

        print_decision(decision)
    return {"stopped": EXIT_HAD_ERRORS, "not yet proven": EXIT_INCONCLUSIVE}.get(decision.outcome, EXIT_DONE)


def _weights(text: str | None, manifest: RunManifest) -> dict[str, float]:
    """Read `a=2,b=1`; a task's name may be given without its suite."""
    targets = [name for name, task in manifest.tasks.items() if task.role == "target"]
    found = {}
    for part in (text or "").split(","):
        name, _, number = part.strip().rpartition("=")
        if not part.strip():
            continue
        try:
            weight = float(number)
        except ValueError:
            weight = -1.0
        if not name or not 0 <= weight < float("inf"):
            raise InputError(
                "--weights", "", "must be TASK=WEIGHT with a weight of 0 or more", "write a=2,b=1", part
            )
        full = [target for target in targets if name in (target, target.rpartition("/")[2])]
        if len(full) != 1:
            raise InputError("--weights", "", "is no target task of the run", nearest(name, targets), name)
        found[full[0]] = weight
    if found and not any(found.get(target, 1.0) for target in targets):
        raise InputError("--weights", "", "every target task weighs 0", "give one of them a weight", text)
    return found
