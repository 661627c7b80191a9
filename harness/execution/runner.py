"""The run: prepare every strategy, ask it every task (`asking`), and measure it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from harness.errors import TrilemmaError
from harness.execution.asking import Asking
from harness.execution.composition import Chain
from harness.execution.measuring import is_measured, measure
from harness.execution.plan import Plan
from harness.execution.scoring_pass import Scoring, Wanted, scorings
from harness.progress import Progress
from harness.protocols import PrepareContext
from harness.runs.reading import Preparation
from harness.runs.store import Store
from harness.tasks.prompting import plain_requests
from harness.types import Failure, PrepareCost


def execute(plan: Plan, store: Store, progress: Progress) -> None:
    """Do all of the plan that is not in the store yet.

    Raises:
        InputError: A strategy that is not in ``apart`` refuses its input; what was finished stays in the
            store.
    """
    for task in plan.tasks:
        store.write_items(task.task.digest, plan.tests[task.task.name])
    for chain in plan.chains:
        with plan.apart.each(chain.name):
            chain.check_model(plan.base(chain), [task.data for task in plan.tasks], plan.place)
    if plan.apart.empty:
        return
    scoring = scorings(plan.tasks, plan.metrics, plan.judging, store, plan.models)
    for chain in plan.in_order:
        if chain.name in plan.apart.refused:
            continue
        with plan.apart.each(chain.name):
            for seed in plan.seeds:
                _run_strategy(plan, chain, seed, scoring, store, progress)
    for chain in plan.chains:
        if chain.name not in plan.apart.refused:
            with plan.apart.each(chain.name):
                _judge_rest(plan, chain, scoring, progress)


def _judge_rest(plan: Plan, chain: Chain, scoring: Mapping[str, Scoring], progress: Progress) -> None:
    """Judge what had to wait for all answers, and what a stopped run left unjudged."""
    for task, each in scoring.items():
        wanted = Wanted({item.id for item in plan.tests[task]}, plan.seeds, plan.settings.repeats)
        each.rest(chain.name, plan.recipes[chain.name][task], wanted, progress)


def _run_strategy(
    plan: Plan, chain: Chain, seed: int, scoring: Mapping[str, Scoring], store: Store, progress: Progress
) -> None:
    recipes = plan.recipes[chain.name]
    for recipe in recipes.values():
        store.forget_errors(recipe, seed)
    if _all_finished(plan, chain, seed, store):
        progress.say(f"{plan.label(chain, seed)}: finished before")
        return
    try:
        prepared = chain.prepare(_context(plan, chain, seed, progress))
    except TrilemmaError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a failing strategy must not stop the others
        failure = Failure.of(error)
        store.write_preparation(
            plan.preparations[chain.name], Preparation(chain.name, seed, PrepareCost(), {}, failure)
        )
        progress.say(f"{plan.label(chain, seed)}: could not be prepared: {failure.kind}: {failure.message}")
        return
    preparation = Preparation(chain.name, seed, prepared.cost, prepared.record)
    store.write_preparation(plan.preparations[chain.name], preparation)
    for task in plan.tasks:
        name = task.task.name
        Asking(
            strategy=chain.name,
            seed=seed,
            task=task,
            items=plan.tests[name],
            recipe=recipes[name],
            scoring=scoring[name],
            prepared=prepared,
            settings=plan.settings,
            store=store,
        ).run(progress)
    measure(plan, chain, seed, prepared, store, progress)


def _all_finished(plan: Plan, chain: Chain, seed: int, store: Store) -> bool:
    prepared = store.preparations([plan.preparations[chain.name]])
    if not any(preparation.seed == seed and preparation.error is None for preparation in prepared):
        return False
    if not is_measured(plan, chain, seed, store):
        return False
    return all(
        {(item.id, repeat) for item in plan.tests[task.task.name] for repeat in range(plan.settings.repeats)}
        <= store.finished(plan.recipes[chain.name][task.task.name], seed)
        for task in plan.tasks
    )


def _context(plan: Plan, chain: Chain, seed: int, progress: Progress) -> PrepareContext:
    return PrepareContext(
        model=plan.base(chain),
        build=partial(plain_requests, temperature=plan.settings.temperature),
        tasks=tuple(task.data for task in plan.tasks),
        seed=seed,
        artifacts=plan.run_dir / "artifacts",
        embedder=plan.embedder,
        progress=progress,
        on_long_prompt="refuse" if plan.settings.on_long_prompt == "refuse" else "cut",
        place=plan.place,
    )
