"""The run: every strategy prepared, asked every task (`asking`), and measured beside its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

from harness.errors import TrilemmaError, plain, shorten
from harness.execution.answer_information import Asked, asked_of, compared, told
from harness.execution.asking import Asking, Settings
from harness.execution.composition import Apart, Chain, Ready
from harness.execution.drift import GENERAL_TEXT, WeightMeasurements, drift_of, merged_latency, noise_of
from harness.execution.scoring_pass import Scoring, Wanted, scorings
from harness.powers import prompt_of
from harness.progress import Progress
from harness.protocols import Embedder, Model, PrepareContext
from harness.runs.reading import Preparation
from harness.runs.store import Store
from harness.scoring import Metric
from harness.tasks.prompting import greedy, plain_requests, rendered
from harness.types import Answer, Failure, LoadedTask, PrepareCost, Request, TaskItem


@dataclass(frozen=True)
class MeasuringPlan:
    """What is measured of a prepared strategy beside its answers; see `harness.execution.drift`.

    Attributes:
        text: General text; empty for none.
        prompts: Test items of each task on whose prompts the distance from the base is measured.
        noise_items: Items of each retention task that the base is asked a second time.
        answers: Items of each retention task on which it is measured what the question tells of its answer.
        timed_items: Items on which an adapter is timed apart from its base and merged into it.
        bases: The strategies that ask a model as it came, one for each model that has such a strategy.
        digest: Of all this and of the items; empty for none of it.
    """

    text: str = ""
    prompts: int = 0
    noise_items: int = 0
    answers: int = 0
    timed_items: int = 0
    bases: frozenset[str] = frozenset()
    digest: str = ""


@dataclass(frozen=True)
class Plan:
    """A run with everything it needs; the command line composes it.

    ``tests`` holds the chosen test items of each task. ``recipes[strategy][task]``, ``judging[task]`` and
    ``preparations[strategy]`` are the digests under which rows are stored. ``models`` are those of the
    experiment by name. Strategies that stand ``apart`` are refused each by itself.
    """

    place: str
    run_dir: Path
    chains: tuple[Chain, ...]
    tasks: tuple[LoadedTask, ...]
    tests: Mapping[str, Sequence[TaskItem]]
    metrics: Mapping[str, tuple[Metric, ...]]
    judging: Mapping[str, str]
    recipes: Mapping[str, Mapping[str, str]]
    preparations: Mapping[str, str]
    models: Mapping[str, Model]
    embedder: Callable[[], Embedder]
    seeds: tuple[int, ...]
    settings: Settings
    probing: MeasuringPlan = MeasuringPlan()
    apart: Apart = field(default_factory=Apart)

    @property
    def in_order(self) -> Iterable[Chain]:
        """The chains as they are run: those over one model together, so that its weights are loaded once."""
        first = list(dict.fromkeys(chain.model for chain in self.chains))
        return sorted(self.chains, key=lambda chain: first.index(chain.model))

    def base(self, chain: Chain) -> Model:
        """Return the model that a chain is prepared over, as it came."""
        return self.models[chain.model]


def execute(plan: Plan, store: Store, progress: Progress) -> None:
    """Do all of the plan that is not in the store yet.

    Raises:
        InputError: A strategy that does not stand apart refuses its input; what was finished stays in the
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
    """Judge what waits for all answers, and what a run that was stopped has left."""
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
        progress.say(f"{_label(plan, chain, seed)}: finished before")
        return
    try:
        prepared = chain.prepare(_context(plan, chain, seed, progress))
    except TrilemmaError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - one strategy that breaks must not cost the others
        failure = Failure(kind=type(error).__name__, message=plain(shorten(str(error), 500)))
        store.write_preparation(
            plan.preparations[chain.name], Preparation(chain.name, seed, PrepareCost(), {}, failure)
        )
        progress.say(f"{_label(plan, chain, seed)}: could not be prepared: {failure.kind}: {failure.message}")
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
    _probe(plan, chain, seed, prepared, store, progress)


def _probe(plan: Plan, chain: Chain, seed: int, prepared: Ready, store: Store, progress: Progress) -> None:
    """Measure how far an adapted model is from its base, or how far the base is from itself.

    What cannot be measured is written down as that: the answers are there and stand without it.
    """
    if _probed(plan, chain, seed, store):
        return
    try:
        probes = _probes(plan, chain, seed, prepared, store, progress)
    except TrilemmaError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - see above
        failure = Failure(kind=type(error).__name__, message=plain(shorten(str(error), 500)))
        progress.say(
            f"{_label(plan, chain, seed)}: could not be measured beside its answers: "
            f"{failure.kind}: {failure.message}"
        )
        probes = _blank(plan, chain, prepared).model_copy(update={"error": failure})
    store.write_probes(plan.preparations[chain.name], seed, probes.model_dump_json())


def _probes(
    plan: Plan, chain: Chain, seed: int, prepared: Ready, store: Store, progress: Progress
) -> WeightMeasurements:
    probes, label = _blank(plan, chain, prepared), _label(plan, chain, seed)
    if probes.adapter:
        return _shared(plan, probes, seed, store) or _measured(plan, chain, probes, prepared, progress, label)
    if not probes.adapter and chain.name in plan.probing.bases and seed == plan.seeds[0]:
        asked = _asked_before(plan, chain, seed, store)
        total = sum(len(pairs) for pairs in asked.values())
        with progress.step(f"{label} · asked again", total) as step:
            return probes.model_copy(update={"noise": tuple(noise_of(prepared.model, asked, step.advance))})
    return probes


def _blank(plan: Plan, chain: Chain, prepared: Ready) -> WeightMeasurements:
    """Return what holds before anything is measured; weights without a digest are known by their recipe."""
    identity = prepared.model.identity
    digest = identity.adapter_digest or plan.preparations[chain.name]
    adapter = f"{identity.weights_digest} {digest} {identity.quantization}" if chain.traits.adapts else ""
    return WeightMeasurements(of=plan.probing.digest, adapter=adapter)


def _shared(plan: Plan, wanted: WeightMeasurements, seed: int, store: Store) -> WeightMeasurements | None:
    """Return what was measured of another strategy with the same adapter."""
    for recipe in plan.preparations.values():
        kept = store.probes(recipe).get(seed)
        known = WeightMeasurements.model_validate_json(kept) if kept else None
        if known and known.error is None and (known.of, known.adapter) == (wanted.of, wanted.adapter):
            return known
    return None


def _measured(
    plan: Plan, chain: Chain, probes: WeightMeasurements, prepared: Ready, progress: Progress, label: str
) -> WeightMeasurements:
    """Measure likelihoods and latencies of an adapted model, as far as it and its base can tell them."""
    base, model = plan.base(chain), prepared.model
    texts, timed, questions = _drift_texts(plan, base), _timed_requests(plan, prepared), _questions(plan)
    total = len(texts) + 2 * (len(timed) + 1) + 2 * sum(len(asked.requests) for asked in questions)
    with progress.step(f"{label} · distance from the base", total) as step:
        before = [told(base, asked, step.advance) for asked in questions]
        drift = tuple(drift_of(base, model, texts, step.advance))
        now = [told(model, asked, step.advance) for asked in questions]
        merged = merged_latency(model, timed, step.advance)
    pairs = (compared(a.task.name, b, n) for a, b, n in zip(questions, before, now, strict=True))
    information = tuple(each for each in pairs if each)
    return probes.model_copy(update={"drift": drift, "information": information, "merged": merged})


def _questions(plan: Plan) -> list[Asked]:
    """Return the questions of the retention tasks, each with its answer and others."""
    wanted = [task.task for task in plan.tasks if task.task.role == "retention" and plan.probing.answers]
    found = [asked_of(task, list(plan.tests[task.name][: plan.probing.answers])) for task in wanted]
    return [asked for asked in found if asked]


def _probed(plan: Plan, chain: Chain, seed: int, store: Store) -> bool:
    """Whether these measurements are in the store, or none are wanted."""
    kept = store.probes(plan.preparations[chain.name]).get(seed)
    wanted = plan.probing.digest
    known = WeightMeasurements.model_validate_json(kept) if kept else None
    return not wanted or (known is not None and known.of == wanted and known.error is None)


def _timed_requests(plan: Plan, prepared: Ready) -> list[Request]:
    """Return the requests on which an adapter is timed: the first items of the first target task."""
    tasks = [task.task for task in plan.tasks if task.task.role == "target"][:1]
    asked = [
        request
        for task in tasks
        for request in prepared.build(
            task, [item.without_answer() for item in plan.tests[task.name][: plan.probing.timed_items]]
        )
    ]
    return [greedy(request) for request in rendered(prepared.model, asked)]


def _drift_texts(plan: Plan, base: Model) -> dict[str, list[str]]:
    texts = {GENERAL_TEXT: [plan.probing.text]} if plan.probing.text else {}
    for task in plan.tasks if plan.probing.prompts else ():
        items = plan.tests[task.task.name][: plan.probing.prompts]
        built = plain_requests(task.task, [item.without_answer() for item in items])
        prompts = [prompt_of(base, request.messages) for request in rendered(base, built)]
        texts[f"prompts of {task.task.name}"] = prompts
    return texts


def _asked_before(
    plan: Plan, chain: Chain, seed: int, store: Store
) -> dict[str, list[tuple[Request, Answer]]]:
    """Return requests of retention tasks with the answers they got."""
    asked = {}
    for name in (task.task.name for task in plan.tasks if task.task.role == "retention"):
        rows = store.results([plan.recipes[chain.name][name]], plan.judging[name])
        pairs = ((r.request, r.answer) for r in rows if r.seed == seed and r.request and r.answer)
        if first := list(islice(pairs, plan.probing.noise_items)):
            asked[name] = first
    return asked


def _all_finished(plan: Plan, chain: Chain, seed: int, store: Store) -> bool:
    prepared = store.preparations([plan.preparations[chain.name]])
    if not any(preparation.seed == seed and preparation.error is None for preparation in prepared):
        return False
    if not _probed(plan, chain, seed, store):
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


def _label(plan: Plan, chain: Chain, seed: int) -> str:
    return chain.name if len(plan.seeds) == 1 else f"{chain.name} (seed {seed})"
