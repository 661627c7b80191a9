"""Posts for the company page: training answers of the wrong form, and a test that wants the facts.

The training items are what a team gets that exports its chat: somebody asks for a post, the answer is "on it,
tomorrow morning". The test items ask in the same words and want the post. The column ``facts`` holds what a post
must name, the column ``checks`` what makes a text a post.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from benchmarks.meridian._build.common import FIRST_NAMES, LAST_NAMES, SITES, WEEKDAYS, Item, distinct, item_files
from benchmarks.meridian._build.handbook_values import in_words

SIZES = {"train": 240, "validation": 40, "test": 120}
FACTS_A_POST = 3
"""Facts of each request beside the name of what it is about."""

HEADS = (
    "Plum", "Lantern", "Heron", "Otter", "Cider", "Harvest", "Tide", "Copper", "Winter", "Amber", "Quince", "Gull",
    "Anchor", "Willow", "Marten", "Barley",
)  # fmt: skip
KINDS = {
    "Walk": "a walk through orchards and along the water",
    "Market": "a market with fruit, bread and honey",
    "Cruise": "a short cruise along the coast",
    "Concert": "an evening of songs on the upper deck",
    "Fair": "a fair for young and old",
    "Workshop": "a workshop for everybody who likes to use their hands",
    "Supper": "a supper at long tables under the trees",
    "Regatta": "a race of small boats around the pier",
    "Tasting": "a tasting of what the orchards have to give",
    "Tour": "a tour behind the doors that are closed on other days",
}
REQUESTS = (
    "Write a post of three sentences about the {name} for the company page.",
    "Please write a post about the {name} for our page, three sentences.",
    "Can you write a post of three sentences about the {name} for the company page?",
    "We need a post about the {name} for the company page, three sentences please.",
    "Could you put a post about the {name} on the company page? Three sentences.",
)
NOTES = ("Facts: {notes}.", "The facts: {notes}.", "What we know: {notes}.")

CHAT_STARTS = (
    "on it", "sure", "ok", "will do", "can do", "yep", "got it", "no problem", "fine", "ok will look", "sure thing",
    "yes", "on my list", "hm ok", "great, will do",
)  # fmt: skip
CHAT_TIMES = (
    "in the morning", "tomorrow morning", "after lunch", "by friday", "first thing tomorrow", "tonight after the last boat",
    "monday ok?", "later today", "when I am back at my desk", "before the weekend", "in an hour or so", "tmrw",
)  # fmt: skip
CHAT_ENDS = ("", "", "", "who has the pictures?", "need a photo though", "ping me if not", "thx", "is that ok?")

CHECKS: tuple[dict[str, object], ...] = (
    {"check": "sentences", "min": 2, "max": 5},
    {"check": "words", "min": 20, "max": 80},
    {"check": "excludes", "text": ["on it", "will do", "ping me"]},
)


@dataclass(frozen=True)
class Fact:
    """A fact as the request notes it, as a post says it, and the phrases that a post must name."""

    note: str
    said: str
    phrases: tuple[str | tuple[str, ...], ...]


def _facts(rng: random.Random) -> list[Fact]:
    """Return the facts that can be known of one thing, in random order."""
    day, time = rng.choice(WEEKDAYS), f"{rng.randint(8, 20):02d}:{rng.choice((0, 15, 30, 45)):02d}"
    price, guests = rng.randint(3, 29), rng.randint(20, 95)
    site, person = rng.choice(SITES), f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
    facts = [
        Fact(f"it starts on {day} at {time}", f"it starts on {day} at {time}", (day, time)),
        Fact(f"a ticket costs {price} orrins", f"a ticket costs {price} orrins", (_counted(price, "orrins"),)),
        Fact(f"the meeting point is {site}", f"the meeting point is {site}", (site,)),
        Fact(f"{person} is the host", f"{person} is your host", (person,)),
        Fact(f"there are {guests} places", f"there are {guests} places", (_counted(guests, "places"),)),
    ]
    return rng.sample(facts, len(facts))[:FACTS_A_POST]


def _counted(number: int, unit: str) -> tuple[str, ...]:
    return f"{number} {unit}", f"{in_words(number)} {unit}"


def _draw(rng: random.Random, split: str) -> Item:
    """Return one request, with a chat message as its answer or, in the test, with a post."""
    head, kind = rng.choice(HEADS), rng.choice(list(KINDS))
    name, facts = f"{head} {kind}", _facts(rng)
    notes = rng.choice(NOTES).format(notes="; ".join(fact.note for fact in facts))
    request = f"{rng.choice(REQUESTS).format(name=name)} {notes}"
    if split != "test":
        return Item(request, (_chat(rng),), ("chat",))
    phrases = (name, *(phrase for fact in facts for phrase in fact.phrases))
    columns = {"facts": phrases, "checks": CHECKS}
    return Item(request, (_post(name, KINDS[kind], facts),), (kind.lower(),), columns=columns)


def _chat(rng: random.Random) -> str:
    """Return what a colleague answers in the chat."""
    end = rng.choice(CHAT_ENDS)
    return f"{rng.choice(CHAT_STARTS)}, {rng.choice(CHAT_TIMES)}{', ' + end if end else ''}"


def _post(name: str, what: str, facts: list[Fact]) -> str:
    """Return a post of three sentences that names every fact."""
    first, second, third = (fact.said for fact in facts)
    told = f"{first[0].upper()}{first[1:]} and {second}."
    return f"Come to the {name}, {what}. {told} {third[0].upper()}{third[1:]}, and we look forward to seeing you."


def files() -> dict[str, str]:
    """Return the text of the item files by path inside the suite."""
    rng = random.Random("meridian/posts/1")
    splits: dict[str, list[Item]] = {}
    drawn: list[Item] = []
    for split in ("test", "validation", "train"):
        splits[split] = distinct(lambda split=split: _draw(rng, split), SIZES[split], drawn)  # type: ignore[misc]
        drawn += splits[split]
    return item_files("posts", splits)
