"""Questions about the handbook: plain rules that stand once, and policies with near-duplicates and old versions.

Half of the test questions ask for a plain rule. A document of the other half states four of the five facts of its topic; the fifth, and the topic at a place or for a role
without a document, make the questions that cannot be answered. A fact is asked once, in one split.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.meridian._build.common import MONTHS, SITES, Item, item_files
from benchmarks.meridian._build.handbook_plain import PLAIN_TOPICS
from benchmarks.meridian._build.handbook_topics import COMPANY_TOPICS, NOTICES, ROLE_TOPICS, SITE_TOPICS
from benchmarks.meridian._build.handbook_values import accepted_forms, values_without_end

SIZES = {"train": 400, "validation": 56, "test": 220}
UNANSWERABLE = {"train": 72, "validation": 10, "test": 40}
PLAIN = {"train": 80, "validation": 18, "test": 110}
REFUSALS = ("not found", "not known")
""""The answer is not known" says it too, and is how a chat model likes to put it."""
GRADES = ("junior", "senior", "winter", "relief")
HOUSES = tuple(f"{site} {house}" for site in SITES[:4] for house in ("Quay", "Lock", "Mill", "Yard"))
ROLES = tuple(f"{grade} {trade}" for trade in ("deckhands", "pilots", "packers", "clerks") for grade in GRADES)
SITES_PER_TOPIC, ROLES_PER_TOPIC, SITES_PER_NOTICE = 6, 5, 3
VERSIONS = {2: 8, 3: 8, 4: 12, 5: 16}
"""How many documents in force are the second, third, ... version."""
UNSCOPED = 0.25
"""Share of the sentences that leave the place or role to the title."""
SHORTEST_WORDS = 36

FILLERS = (
    "This rule is posted next to the clock.",
    "It was agreed after long talks and is kept short.",
    "Exceptions are rare and are always put in writing.",
    "New colleagues read this page in their first week.",
    "The wording was chosen so that everybody understands it.",
    "Please do not rely on what was said in the corridor.",
    "A copy of this page lies in the drawer of every desk.",
    "Whoever finds a mistake on this page should say so.",
    "Older habits do not count.",
    "The rule serves safety and good sleep.",
)


@dataclass(frozen=True)
class Fact:
    """A sentence with its question; ``{s}`` is filled already, ``{v}`` stands for the value."""

    sentence: str
    question: str
    kind: str


@dataclass(frozen=True)
class Policy:
    """A document in force: what it states (fact and value), and the fact that it leaves out.

    ``replaced`` holds what its older versions stated, the first version first.
    """

    id: str
    title: str
    stated: tuple[tuple[Fact, str], ...]
    omitted: Fact
    near_duplicate: bool
    replaced: tuple[tuple[tuple[Fact, str], ...], ...] = ()


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _facts(rng: random.Random, bank: str, scope: str) -> list[Fact]:
    """Return the facts of one topic's bank with the scope filled in, in most of the sentences."""
    facts = []
    for line in bank.strip().splitlines():
        sentence, question, kind = line.strip().split(" | ")
        written = "" if rng.random() < UNSCOPED else scope
        facts.append(Fact(sentence.replace("{s}", written), question.replace("{s}", scope), kind))
    return facts


def _topics(rng: random.Random) -> Iterator[tuple[str, str, list[str], list[str]]]:
    """Yield title, bank, the scopes with a document and the scopes without one, for every topic."""
    for title, bank in SITE_TOPICS.items():
        scopes = [f" at {house}" for house in rng.sample(HOUSES, len(HOUSES))]
        yield title, bank, scopes[:SITES_PER_TOPIC], scopes[SITES_PER_TOPIC:]
    for title, bank in ROLE_TOPICS.items():
        scopes = [f" for {role}" for role in rng.sample(ROLES, len(ROLES))]
        yield title, bank, scopes[:ROLES_PER_TOPIC], scopes[ROLES_PER_TOPIC:]
    for title, bank in COMPANY_TOPICS.items():
        yield title, bank, [""], []


def _policies(rng: random.Random) -> tuple[list[Policy], list[Fact]]:
    """Return all documents in force, and the facts of topics at scopes that have no document."""
    policies, missing = [], []
    for title, bank, scopes, free in _topics(rng):
        pools = [values_without_end(rng, fact.kind) for fact in _facts(rng, bank, "")]
        for scope in scopes:
            valued = [(fact, next(pool)) for fact, pool in zip(_facts(rng, bank, scope), pools, strict=True)]
            omitted, _ = valued.pop(rng.randrange(len(valued)))
            rng.shuffle(valued)
            policies.append(
                Policy(_slug(title + scope), title + scope, tuple(valued), omitted, near_duplicate=bool(scope))
            )
        missing += [fact for scope in free for fact in _facts(rng, bank, scope)]
    return policies, missing


def _supersede(rng: random.Random, policy: Policy, version: int) -> Policy:
    """Return the policy as the given version of one whose facts, but the first, had other values before."""
    kept, *changed = policy.stated
    pools = [values_without_end(rng, fact.kind) for fact, _ in changed]
    others = [
        [other for other in itertools.islice(pool, version) if other != value]
        for pool, (_, value) in zip(pools, changed, strict=True)
    ]
    replaced = tuple(
        (kept, *((fact, values[older]) for (fact, _), values in zip(changed, others, strict=True)))
        for older in range(version - 1)
    )
    return dataclasses.replace(policy, replaced=replaced)


def _superseded(rng: random.Random, policies: list[Policy]) -> list[Policy]:
    """Return the policies, of which some have become later versions of older ones."""
    versions = [version for version, count in VERSIONS.items() for _ in range(count)]
    chosen = dict(zip(rng.sample(range(len(policies)), len(versions)), versions, strict=True))
    return [
        _supersede(rng, policy, chosen[index]) if index in chosen else policy
        for index, policy in enumerate(policies)
    ]


def _date(rng: random.Random, year: int) -> str:
    return f"{rng.randint(1, 28)} {rng.choice(MONTHS)} {year}"


def _markdown(rng: random.Random, title: str, stated: tuple[tuple[Fact, str], ...], last: str = "") -> str:
    """Return a document: title line, its facts, fillers until it is long enough, a closing sentence."""
    sentences = [fact.sentence.replace("{v}", value) for fact, value in stated]
    fillers = rng.sample(FILLERS, 3)
    while sum(len(sentence.split()) for sentence in sentences) < SHORTEST_WORDS and fillers:
        sentences.insert(rng.randint(1, len(sentences)), fillers.pop())
    if last:
        sentences.append(last)
    return f"# {title}\n\n{' '.join(sentences)}\n"


def _document_id(policy: Policy) -> str:
    return f"{policy.id}-v{len(policy.replaced) + 1}" if policy.replaced else policy.id


def _versions(rng: random.Random, policy: Policy) -> dict[str, str]:
    """Return the text of all versions of a policy by document id."""
    documents = {}
    for version, stated in enumerate([*policy.replaced, policy.stated], start=1):
        since = _date(rng, 2026 + version)
        told = f"Version {version} replaces version {version - 1} since {since}."
        documents[f"{policy.id}-v{version}"] = _markdown(
            rng,
            f"{policy.title}, version {version}",
            stated,
            told if version > 1 else f"Version 1 holds since {since}.",
        )
    return documents


def _corpus(rng: random.Random, policies: list[Policy]) -> dict[str, str]:
    """Return the Markdown text of every document by its id: in force, superseded, and plain notices."""
    documents = {}
    for policy in policies:
        if policy.replaced:
            documents.update(_versions(rng, policy))
        else:
            documents[policy.id] = _markdown(rng, policy.title, policy.stated)
    for title, text in NOTICES.items():
        for site in rng.sample(SITES, SITES_PER_NOTICE):
            heading = title.replace("{s}", f" at {site}")
            documents[_slug(heading)] = f"# {heading}\n\n{' '.join(text.replace('{s}', f' at {site}').split())}\n"
    return documents


def _answerable(policies: list[Policy]) -> list[Item]:
    """Return one item for every fact in force."""
    items = []
    for policy in policies:
        for fact, value in policy.stated:
            changed = any((fact, value) not in older for older in policy.replaced)
            tags = ["superseded"] if changed else []
            tags += ["near_duplicate"] if policy.near_duplicate else ["company_wide"]
            targets = accepted_forms(fact.sentence, value)
            items.append(Item(fact.question, targets, tuple(tags), (_document_id(policy),)))
    return items


def _plain(rng: random.Random) -> tuple[dict[str, str], list[Item]]:
    """Return the documents that rule alone on their topic, by id, and one item for each of their facts."""
    documents, items = {}, []
    for title, (remark, bank) in PLAIN_TOPICS.items():
        name, sentences = _slug(title), [remark]
        for fact in _facts(rng, bank, ""):
            value = next(values_without_end(rng, fact.kind))
            sentences.append(fact.sentence.replace("{v}", value))
            items.append(Item(fact.question, accepted_forms(fact.sentence, value), ("plain",), (name,)))
        documents[name] = f"# {title}\n\n{' '.join(sentences)}\n"
    return documents, items


def _unanswerable(rng: random.Random, policies: list[Policy], missing: list[Fact]) -> list[Item]:
    """Return items without an answer, by turns of a fact left out and of a scope without a document."""
    omitted = [Item(p.omitted.question, REFUSALS, ("unanswerable", "missing_fact")) for p in policies]
    scopes = [Item(fact.question, REFUSALS, ("unanswerable", "missing_document")) for fact in missing]
    rng.shuffle(omitted)
    rng.shuffle(scopes)
    return [item for pair in zip(omitted, scopes, strict=False) for item in pair]


def _splits(
    rng: random.Random, plain: list[Item], answerable: list[Item], unanswerable: list[Item]
) -> dict[str, list[Item]]:
    """Deal the items to the splits, so that each is in one of them; all three lists are used up from the front."""
    splits: dict[str, list[Item]] = {}
    for split in ("test", "validation", "train"):
        sizes = (PLAIN[split], SIZES[split] - PLAIN[split] - UNANSWERABLE[split], UNANSWERABLE[split])
        splits[split] = []
        for items, size in zip((plain, answerable, unanswerable), sizes, strict=True):
            splits[split] += items[:size]
            del items[:size]
        rng.shuffle(splits[split])
    return splits


def files() -> dict[str, str]:
    """Return the text of the item and corpus files by path inside the suite."""
    rng = random.Random("meridian/handbook/1")
    policies, missing = _policies(rng)
    policies = _superseded(rng, policies)
    corpus = _corpus(rng, policies)
    answerable, unanswerable = _answerable(policies), _unanswerable(rng, policies, missing)
    plain_documents, plain = _plain(rng)
    rng.shuffle(answerable)
    rng.shuffle(plain)
    documents = {f"handbook/corpus/{name}.md": text for name, text in sorted((corpus | plain_documents).items())}
    return {**documents, **item_files("handbook", _splits(rng, plain, answerable, unanswerable))}
