"""What a run measures of a prepared strategy besides its answers; see `drift` for how."""

from __future__ import annotations

from itertools import islice

from harness.errors import TrilemmaError
from harness.execution.answer_information import Asked, asked_of, compared, told
from harness.execution.composition import Chain, Ready
from harness.execution.drift import GENERAL_TEXT, WeightMeasurements, drift_of, merged_latency, noise_of
from harness.execution.plan import Plan
from harness.powers import prompt_of
from harness.progress import Progress
from harness.protocols import Model
from harness.runs.store import Store
from harness.tasks.prompting import greedy, plain_requests, rendered
from harness.types import Answer, Failure, Request


def measure(plan: Plan, chain: Chain, seed: int, prepared: Ready, store: Store, progress: Progress) -> None:
    """Measure how far an adapted model is from its base, or how far the base is from itself.

    A failed measurement is recorded as such: the answers stay valid without it.
    """
    if is_measured(plan, chain, seed, store):
        return
    try:
        found = _measurements(plan, chain, seed, prepared, store, progress)
    except TrilemmaError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a model's error must not lose answers
        failure = Failure.of(error)
        progress.say(
            f"{plan.label(chain, seed)}: could not be measured beside its answers: "
            f"{failure.kind}: {failure.message}"
        )
        found = _blank(plan, chain, prepared).model_copy(update={"error": failure})
    store.write_probes(plan.preparations[chain.name], seed, found.model_dump_json())


def _measurements(
    plan: Plan, chain: Chain, seed: int, prepared: Ready, store: Store, progress: Progress
) -> WeightMeasurements:
    found, label = _blank(plan, chain, prepared), plan.label(chain, seed)
    if found.adapter:
        return _shared(plan, found, seed, store) or _measured(plan, chain, found, prepared, progress, label)
    if chain.name in plan.probing.bases and seed == plan.seeds[0]:
        asked = _asked_before(plan, chain, seed, store)
        total = sum(len(pairs) for pairs in asked.values())
        with progress.step(f"{label} · asked again", total) as step:
            return found.model_copy(update={"noise": tuple(noise_of(prepared.model, asked, step.advance))})
    return found


def _blank(plan: Plan, chain: Chain, prepared: Ready) -> WeightMeasurements:
    """Return an empty record before measuring; weights without a digest are identified by their recipe."""
    identity = prepared.model.identity
    digest = identity.adapter_digest or plan.preparations[chain.name]
    adapter = f"{identity.weights_digest} {digest} {identity.quantization}" if chain.traits.adapts else ""
    return WeightMeasurements(of=plan.probing.digest, adapter=adapter)


def _shared(plan: Plan, wanted: WeightMeasurements, seed: int, store: Store) -> WeightMeasurements | None:
    """Return the measurements of another strategy with the same adapter."""
    for recipe in plan.preparations.values():
        kept = store.probes(recipe).get(seed)
        known = WeightMeasurements.model_validate_json(kept) if kept else None
        if known and known.error is None and (known.of, known.adapter) == (wanted.of, wanted.adapter):
            return known
    return None


def _measured(
    plan: Plan, chain: Chain, found: WeightMeasurements, prepared: Ready, progress: Progress, label: str
) -> WeightMeasurements:
    """Measure likelihoods and latencies of an adapted model, as far as it and its base support it."""
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
    return found.model_copy(update={"drift": drift, "information": information, "merged": merged})


def _questions(plan: Plan) -> list[Asked]:
    """Return the questions of the retention tasks, each with its answer and others."""
    wanted = [task.task for task in plan.tasks if task.task.role == "retention" and plan.probing.answers]
    found = [asked_of(task, list(plan.tests[task.name][: plan.probing.answers])) for task in wanted]
    return [asked for asked in found if asked]


def is_measured(plan: Plan, chain: Chain, seed: int, store: Store) -> bool:
    """Whether these measurements are stored, or none are wanted."""
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
