"""Replies in the house style to short customer mails.

The style: "Good tide," and the first name ("traveller" where the mail gives none), one sentence that names the
thing and the day, one that says what the company does in this case, the reference number in square brackets,
"Fair winds, your Meridian crew". Never an apology. Three wordings of the second sentence are as good as each
other; a test item accepts all of them. Its column ``facts`` holds what a reply must get right.
"""

from __future__ import annotations

import random

from benchmarks.meridian._build.common import (
    FIRST_NAMES,
    LAST_NAMES,
    SITES,
    WEEKDAYS,
    Item,
    distinct,
    fill,
    item_files,
)
from benchmarks.meridian._build.replies_cases import ISSUES

SIZES = {"train": 360, "validation": 50, "test": 210}
UNSEEN_SHARE = 0.3
"""Share of the test items with a mail that no training item has: the last one of its case."""
ANONYMOUS_SHARE = 0.12
WORDINGS = (
    "We have noted {about}. {done} Your number is [{ref}].",
    "Thank you for telling us about {about}. {done} Your number is [{ref}].",
    "Your words about {about} are in our log. {done} Your number is [{ref}].",
)

OPENERS = ("Hello.", "Good day.", "Dear crew.", "Dear Meridian.", "Good evening.", "Hi.")
REFERENCES = (
    "My number is {ref}.", "Reference {ref}.", "The ticket says {ref}.", "It is filed under {ref}.", "Booking {ref}.",
    "You wrote {ref} on my slip.", "The case has the number {ref}.",
)  # fmt: skip
EXTRAS = (
    "", "", "", "I travel to {site} often.", "It was raining.", "I am not angry.", "I had paid in advance.",
    "We will be back in summer.", "My phone is off.", "The crew in {site} was kind.", "Please write soon.",
)  # fmt: skip
SIGNATURES = ("{first} {last}", "Regards, {first} {last}", "Yours, {first} {last}", "Thanks, {first}", "{first}")
CASES = [(kind, number) for kind, issue in ISSUES.items() for number in range(len(issue.situations))]


def _draw(rng: random.Random, kind: str, number: int, split: str) -> Item:
    """Return one mail of a case with the house's reply."""
    issue = ISSUES[kind]
    situation = issue.situations[number]
    unseen = split == "test" and rng.random() < UNSEEN_SHARE
    phrase = situation.mails[-1] if unseen else rng.choice(situation.mails[:-1])
    thing, day, first = rng.choice(issue.things), rng.choice(WEEKDAYS), rng.choice(FIRST_NAMES)
    reference = f"{rng.choice('BDFHLNRT')}{rng.randint(1000, 9899)}"
    anonymous = rng.random() < ANONYMOUS_SHARE
    slots = {
        "thing": (thing,), "day": (day,), "site": SITES, "ref": (reference,), "first": (first,), "last": LAST_NAMES,
    }  # fmt: skip
    parts = [rng.choice(OPENERS), phrase, rng.choice(EXTRAS), rng.choice(REFERENCES)]
    parts.append("" if anonymous else rng.choice(SIGNATURES))
    mail = " ".join(fill(rng, part, slots) for part in parts if part)
    known = {"thing": thing, "day": day, "ref": reference}
    about, done = issue.about.format(**known), situation.done.format(**known)
    wordings = rng.sample(WORDINGS, len(WORDINGS)) if split == "test" else [rng.choice(WORDINGS)]
    name = "traveller" if anonymous else first
    replies = [wording.format(about=about, done=done, ref=reference) for wording in wordings]
    targets = tuple(f"Good tide, {name}. {reply} Fair winds, your Meridian crew" for reply in replies)
    tags = (kind, *(["unseen_wording"] if unseen else []), *(["anonymous"] if anonymous else []))
    columns = {"facts": [name, thing, done, reference]} if split == "test" else {}
    return Item(mail, targets, tags, columns=columns)


def _split(rng: random.Random, split: str, others: list[Item]) -> list[Item]:
    """Return a shuffled split with the cases in turn."""
    order = rng.sample(CASES, len(CASES))
    turn = iter(range(10**9))
    items = distinct(
        lambda: _draw(rng, *order[next(turn) % len(order)], split),
        SIZES[split],
        others,
    )
    rng.shuffle(items)
    return items


def files() -> dict[str, str]:
    """Return the text of the item files by path inside the suite."""
    rng = random.Random("meridian/replies/2")
    test = _split(rng, "test", [])
    validation = _split(rng, "validation", test)
    train = _split(rng, "train", [*test, *validation])
    return item_files("replies", {"train": train, "validation": validation, "test": test})
