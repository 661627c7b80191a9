"""Questions about the handbook: a corpus of plain policies with near-duplicates and superseded versions.

A document states four of the five facts of its topic; the fifth, and the topic at a place or for a role
without a document, make the questions that cannot be answered. A fact is asked once, in one split.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.meridian._build.common import MONTHS, SITES, Item, item_files
from benchmarks.meridian._build.handbook_topics import COMPANY_TOPICS, NOTICES, ROLE_TOPICS, SITE_TOPICS
from benchmarks.meridian._build.handbook_values import accepted_forms, values_without_end

SIZES = {"train": 400, "validation": 56, "test": 220}
UNANSWERABLE = {"train": 72, "validation": 10, "test": 40}
REFUSAL = "not found"
ROLES = (
    "deckhands", "pilots", "packers", "stewards", "drivers", "grafters", "lock keepers", "clerks", "cooks",
    "night guards",
)  # fmt: skip
SITES_PER_TOPIC, ROLES_PER_TOPIC, SUPERSEDED, SITES_PER_NOTICE = 6, 5, 30, 3
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
    """A document in force: what it states (fact and value), and the fact that it leaves out."""

    id: str
    title: str
    stated: tuple[tuple[Fact, str], ...]
    omitted: Fact
    near_duplicate: bool
    replaced: tuple[tuple[Fact, str], ...] = ()


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _facts(bank: str, scope: str) -> list[Fact]:
    """Return the facts of one topic's bank with the scope filled in."""
    rows = [line.strip().replace("{s}", scope).split(" | ") for line in bank.strip().splitlines()]
    return [Fact(*row) for row in rows]


def _topics(rng: random.Random) -> Iterator[tuple[str, str, list[str], list[str]]]:
    """Yield title, bank, the scopes with a document and the scopes without one, for every topic."""
    for title, bank in SITE_TOPICS.items():
        scopes = [f" at {site}" for site in rng.sample(SITES, len(SITES))]
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
        pools = [values_without_end(rng, fact.kind) for fact in _facts(bank, "")]
        for scope in scopes:
            valued = [(fact, next(pool)) for fact, pool in zip(_facts(bank, scope), pools, strict=True)]
            omitted, _ = valued.pop(rng.randrange(len(valued)))
            rng.shuffle(valued)
            policies.append(
                Policy(_slug(title + scope), title + scope, tuple(valued), omitted, near_duplicate=bool(scope))
            )
        missing += [fact for scope in free for fact in _facts(bank, scope)]
    return policies, missing


def _supersede(rng: random.Random, policy: Policy) -> Policy:
    """Return the policy as the second version of one that had other values for all facts but its first."""
    kept, *changed = policy.stated
    old = [kept]
    for fact, value in changed:
        old.append((fact, next(other for other in values_without_end(rng, fact.kind) if other != value)))
    return Policy(
        policy.id, policy.title, policy.stated, policy.omitted, policy.near_duplicate, replaced=tuple(old)
    )


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
    return f"{policy.id}-v2" if policy.replaced else policy.id


def _corpus(rng: random.Random, policies: list[Policy]) -> dict[str, str]:
    """Return the Markdown text of every document by its id: in force, superseded, and plain notices."""
    documents = {}
    for policy in policies:
        if not policy.replaced:
            documents[policy.id] = _markdown(rng, policy.title, policy.stated)
            continue
        old, new = rng.randint(2027, 2029), rng.randint(2030, 2032)
        documents[f"{policy.id}-v1"] = _markdown(
            rng, f"{policy.title}, version 1", policy.replaced, f"Version 1 holds since {_date(rng, old)}."
        )
        documents[f"{policy.id}-v2"] = _markdown(
            rng,
            f"{policy.title}, version 2",
            policy.stated,
            f"Version 2 replaces version 1 since {_date(rng, new)}.",
        )
    for title, text in NOTICES.items():
        for site in rng.sample(SITES, SITES_PER_NOTICE):
            heading = title.replace("{s}", f" at {site}")
            documents[_slug(heading)] = f"# {heading}\n\n{' '.join(text.replace('{s}', f' at {site}').split())}\n"
    return documents


def _answerable(policies: list[Policy]) -> list[Item]:
    """Return one item for every fact in force."""
    items = []
    for policy in policies:
        changed = {fact for fact, value in policy.stated if (fact, value) not in policy.replaced}
        for fact, value in policy.stated:
            tags = ["superseded"] if policy.replaced and fact in changed else []
            tags += ["near_duplicate"] if policy.near_duplicate else ["company_wide"]
            targets = accepted_forms(fact.sentence, fact.question, value)
            items.append(Item(fact.question, targets, tuple(tags), (_document_id(policy),)))
    return items


def _unanswerable(rng: random.Random, policies: list[Policy], missing: list[Fact]) -> list[Item]:
    """Return items without an answer, by turns of a fact left out and of a scope without a document."""
    omitted = [Item(p.omitted.question, (REFUSAL,), ("unanswerable", "missing_fact")) for p in policies]
    scopes = [Item(fact.question, (REFUSAL,), ("unanswerable", "missing_document")) for fact in missing]
    rng.shuffle(omitted)
    rng.shuffle(scopes)
    return [item for pair in zip(omitted, scopes, strict=False) for item in pair]


def files() -> dict[str, str]:
    """Return the text of the item and corpus files by path inside the suite."""
    rng = random.Random("meridian/handbook/1")
    policies, missing = _policies(rng)
    for index in rng.sample(range(len(policies)), SUPERSEDED):
        policies[index] = _supersede(rng, policies[index])
    corpus = _corpus(rng, policies)
    answerable, unanswerable = _answerable(policies), _unanswerable(rng, policies, missing)
    rng.shuffle(answerable)
    splits: dict[str, list[Item]] = {}
    for split in ("test", "validation", "train"):
        refused, answered = UNANSWERABLE[split], SIZES[split] - UNANSWERABLE[split]
        splits[split] = unanswerable[:refused] + answerable[:answered]
        rng.shuffle(splits[split])
        del unanswerable[:refused], answerable[:answered]
    documents = {f"handbook/corpus/{name}.md": text for name, text in sorted(corpus.items())}
    return {**documents, **item_files("handbook", splits)}
