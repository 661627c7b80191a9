"""Replies in the house style to short customer mails.

The style: "Good tide," and the first name ("traveller" where the mail gives none), one sentence that names the
thing the mail is about, one that says what the company does and by when (a fixed sentence for each kind of
issue), the reference number in square brackets, "Fair winds, your Meridian crew". Never an apology.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from benchmarks.meridian._build.common import (
    FIRST_NAMES,
    LAST_NAMES,
    SHIPS,
    SITES,
    WEEKDAYS,
    Item,
    distinct,
    fill,
    item_files,
)

SIZES = {"train": 360, "validation": 50, "test": 210}
UNSEEN = 2
"""How many mail phrases of each issue, counted from its last, only test items use."""


@dataclass(frozen=True)
class Issue:
    """A kind of mail: what the slot ``{thing}`` holds, the phrases of the mails, the house's answer."""

    things: tuple[str, ...]
    mails: tuple[str, ...]
    answer: str


ISSUES = {
    "late": Issue(
        SHIPS,
        (
            "The {thing} came in two hours late on {day}.",
            "I stood in {site} on {day} and the {thing} did not come.",
            "Why was the {thing} delayed again on {day}?",
            "Because the {thing} was so slow I missed my train in {site}.",
            "Can you explain the delay of the {thing} last {day}?",
            "On {day} the {thing} kept us waiting in {site} all morning.",
            "The {thing} left {site} long after its time.",
        ),
        "You told us about the {thing} running late. The harbour log is read today and half the fare returns to you.",
    ),
    "lost": Issue(
        ("green scarf", "leather case", "red umbrella", "camera", "grey coat", "straw hat", "sketch book", "flute"),
        (
            "I left my {thing} on board on {day}.",
            "Has a {thing} been found on the boat to {site}?",
            "My {thing} must be lying in the saloon since {day}.",
            "Somebody may have handed in my {thing} at {site}.",
            "I cannot find my {thing} after the crossing from {site}.",
            "A {thing} was forgotten under the seat on {day}, it is mine.",
            "I got off in {site} without my {thing}.",
        ),
        "You told us about the missing {thing}. The deck is searched tonight and finds wait at the pier house.",
    ),
    "fruit": Issue(
        ("plums", "pears", "apples", "quinces", "cherries", "damsons", "apricots", "medlars"),
        (
            "The {thing} I bought on {day} were soft.",
            "Half of my {thing} from {site} had worms.",
            "Your {thing} taste sour this year.",
            "When I opened the box on {day} the {thing} were rotten.",
            "Why are the {thing} from {site} so small?",
            "The {thing} in my box were squashed.",
            "I threw the {thing} away on {day}, they were mouldy.",
        ),
        "You told us about the {thing}. The orchard master is informed and a fresh box leaves on Thursday.",
    ),
    "refund": Issue(
        ("18 orrins", "26 orrins", "34 orrins", "47 orrins", "59 orrins", "72 orrins", "88 orrins", "93 orrins"),
        (
            "I still wait for the {thing} you promised on {day}.",
            "When do you pay back my {thing}?",
            "You owe me {thing} for the trip to {site}.",
            "Please return {thing} to my card.",
            "On {day} I was charged {thing} too much.",
            "The sum of {thing} has not come back from {site}.",
            "Where are my {thing}?",
        ),
        "You told us about the sum of {thing}. The ledger room checks it and pays within nine days.",
    ),
    "group": Issue(
        ("choir", "rowing club", "school class", "brass band", "scout troop", "hiking group", "dance school", "team"),
        (
            "I want to book for our {thing} on {day}.",
            "Is there a lower fare for a {thing} to {site}?",
            "Our {thing} would like to sit together on {day}.",
            "How do I reserve seats for a {thing}?",
            "A {thing} of forty wants to visit {site}.",
            "My {thing} is going to {site} in spring, what is the price?",
            "Could our {thing} get its own deck on {day}?",
        ),
        "You told us about the plans of the {thing}. The upper deck is kept free and every sixth seat costs nothing.",
    ),
    "access": Issue(
        ("mother", "father", "uncle", "son", "aunt", "grandmother", "neighbour", "daughter"),
        (
            "My {thing} needs a ramp in {site}.",
            "Is there help on board for my {thing}, who uses a wheelchair?",
            "My {thing} cannot climb stairs, how do we board on {day}?",
            "Who can walk my blind {thing} to the boat in {site}?",
            "On {day} my {thing} travels on crutches.",
            "My {thing} has to sit near the door on {day}.",
            "Can my {thing} be met with a chair in {site}?",
        ),
        "You told us about the needs of your {thing}. A steward with a blue sash waits at the gate before boarding.",
    ),
    "freight": Issue(
        ("barrels", "tables", "tile boxes", "glass panes", "seed sacks", "paint tins", "mirrors", "crates"),
        (
            "Two of our {thing} came to {site} broken.",
            "The {thing} were wet when we opened them on {day}.",
            "Our {thing} were dropped in {site}.",
            "Somebody at {site} has scratched our {thing}.",
            "On {day} the {thing} arrived in pieces.",
            "The {thing} we shipped on {day} are dented.",
            "Our {thing} did not survive the trip to {site}.",
        ),
        "You told us about the damaged {thing}. The cargo council inspects them on the quay and writes by Friday.",
    ),
    "praise": Issue(
        ("soup", "captain", "sunset tour", "deck music", "new benches", "plum cake", "ship's cat", "night crossing"),
        (
            "We loved the {thing} on {day}.",
            "The {thing} on the way to {site} was a joy.",
            "I only write to praise the {thing}.",
            "What a pleasure, the {thing} last {day}!",
            "Please tell the crew in {site} that we liked the {thing}.",
            "My children still talk about the {thing}.",
            "Nothing on the trip to {site} was as good as the {thing}.",
        ),
        "You told us about the {thing}. The crew reads your words aloud and a lantern is lit for you.",
    ),
}

OPENERS = ("Hello.", "Good day.", "Dear crew.", "Dear Meridian.", "Good evening.", "Hi.")
REFERENCES = (
    "My number is {ref}.", "Reference {ref}.", "The ticket says {ref}.", "It is filed under {ref}.", "Booking {ref}.",
    "You wrote {ref} on my slip.", "The case has the number {ref}.",
)  # fmt: skip
EXTRAS = (
    "", "", "", "I travel to {site} often.", "It was raining.", "I am not angry.", "I had paid in advance.",
    "We will be back in summer.", "My phone is off on {day}.", "The crew in {site} was kind.", "Please write soon.",
)  # fmt: skip
SIGNATURES = ("{first} {last}", "Regards, {first} {last}", "Yours, {first} {last}", "Thanks, {first}", "{first}")


def _draw(rng: random.Random, kind: str, split: str) -> Item:
    """Return one mail of a kind with the house's reply."""
    issue = ISSUES[kind]
    unseen = split == "test" and rng.random() < 0.35
    phrase = rng.choice(issue.mails[-UNSEEN:] if unseen else issue.mails[:-UNSEEN])
    thing, first = rng.choice(issue.things), rng.choice(FIRST_NAMES)
    reference = f"{rng.choice('BDFHLNRT')}{rng.randint(1000, 9899)}"
    anonymous = rng.random() < 0.12
    slots = {
        "thing": (thing,), "day": WEEKDAYS, "site": SITES, "ref": (reference,), "first": (first,), "last": LAST_NAMES,
    }  # fmt: skip
    parts = [rng.choice(OPENERS), phrase, rng.choice(EXTRAS), rng.choice(REFERENCES)]
    parts.append("" if anonymous else rng.choice(SIGNATURES))
    mail = " ".join(fill(rng, part, slots) for part in parts if part)
    name = "traveller" if anonymous else first
    answer = issue.answer.format(thing=thing)
    reply = f"Good tide, {name}. {answer} Your number is [{reference}]. Fair winds, your Meridian crew"
    tags = (kind, *(["unseen_wording"] if unseen else []), *(["anonymous"] if anonymous else []))
    return Item(mail, (reply,), tags)


def _split(rng: random.Random, split: str, others: list[Item]) -> list[Item]:
    """Return a shuffled split with the kinds of issue in turn."""
    kinds = [list(ISSUES)[index % len(ISSUES)] for index in range(SIZES[split])]
    turn = iter(range(10**9))
    items = distinct(lambda: _draw(rng, kinds[next(turn) % len(kinds)], split), SIZES[split], others)
    rng.shuffle(items)
    return items


def files() -> dict[str, str]:
    """Return the text of the item files by path inside the suite."""
    rng = random.Random("meridian/replies/1")
    test = _split(rng, "test", [])
    validation = _split(rng, "validation", test)
    train = _split(rng, "train", [*test, *validation])
    return item_files("replies", {"train": train, "validation": validation, "test": test})
