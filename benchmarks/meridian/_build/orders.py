"""Order mails to the company's own JSON: short keys, and conventions that only examples reveal.

The conventions: ``sku`` is upper-case with a hyphen however the mail writes it; ``qty`` is a number even where
the mail has a word, and the one that holds where a mail corrects itself; ``prio`` is P1 where the mail is
urgent, P3 where it says that there is time, else P2; no spaces after separators.
"""

from __future__ import annotations

import json
import random

from benchmarks.meridian._build.common import SITES, WEEKDAYS, Item, distinct, item_files

SIZES = {"train": 400, "validation": 50, "test": 220}

ACCOUNT_HEADS = (
    "Tolvane", "Brackwell", "Ostermoor", "Pellimar", "Grindlow", "Hesterfold", "Junivale", "Kestrelby", "Lunsford",
    "Marrowby", "Nethercot", "Pippinhurst", "Quarnford", "Ravelin", "Saltersby", "Thistlemere", "Umberlow",
    "Wexholm", "Yarrowfen", "Zellmark",
)  # fmt: skip
ACCOUNT_TAILS = ("Mill", "Bakery", "Inn", "Stores", "Dairy", "School", "Traders", "Brewery", "Kitchens", "Yard")
PREFIXES = ("KX", "BR", "TN", "WL", "FA", "JD", "PM", "ZC", "HO", "GV")
UNITS = ("crates", "boxes", "sacks", "barrels", "trays", "jars", "baskets", "cases", "bottles", "bundles")
NUMBER_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "a dozen": 12,
}  # fmt: skip

GREETINGS = ("Hello,", "Dear Meridian,", "Good morning,", "Hi,", "To the order desk:", "Dear team,", "")
REQUESTS = (
    "{acct} would like {qty} {unit} of {sku}.",
    "please send {qty} {unit} of {sku} to {acct}.",
    "{acct} orders {qty} {unit} of article {sku}.",
    "we need {qty} {unit} of {sku}; the account is {acct}.",
    "for {acct}: {qty} {unit} of {sku}, please.",
    "could you put {qty} {unit} of {sku} aside for {acct}?",
    "book {sku}, {qty} {unit}, on the account of {acct}.",
    "this is {acct}, we are out of {sku} and take {qty} {unit}.",
    "our house {acct} asks for {qty} {unit} of number {sku}.",
    "kindly deliver article {sku} to {acct}, {qty} {unit} this time.",
)
CORRECTIONS = (
    "Make that {qty}, not {old}.",
    "Last time it was {old}, this time it is {qty}.",
    "I wrote {old} on the phone, but {qty} is right.",
)
URGENT = (
    "It is urgent.", "We need it at once.", "Please hurry.", "This cannot wait.", "As fast as you can, please.",
    "Our shelves are empty, so rush it.", "Send it with the very next boat.", "An emergency, I am afraid.",
)  # fmt: skip
RELAXED = (
    "There is no hurry.", "Take your time.", "Whenever it suits you.", "Any week will do.", "It can wait.",
    "No rush at all.", "Next month is early enough.", "Only when there is room on a boat.",
)  # fmt: skip
EXTRAS = (
    "Our dock in {site} is open on {day}.", "Ask for the night porter.", "The last delivery was fine.",
    "You can reach me on extension {number}.", "Leave it at the {site} pier.", "My colleague is away on {day}.",
    "The gate code is {number}.", "Our street was renamed after the flood in {site}.", "Bill us as usual.",
)  # fmt: skip
CLOSINGS = ("Thanks.", "Many thanks.", "Kind regards.", "Best wishes from {site}.", "Until {day}.", "", "")


def _sku(rng: random.Random) -> tuple[str, str]:
    """Return an article number as the company writes it and as the mail does."""
    prefix, number = rng.choice(PREFIXES), rng.randint(100, 989)
    house = f"{prefix}-{number}"
    return house, rng.choices((house, house.lower(), f"{prefix}{number}", f"{prefix} {number}"), (5, 3, 1, 1))[0]


def _quantity(rng: random.Random) -> tuple[int, str]:
    """Return a quantity as a number and as the mail writes it."""
    if rng.random() < 0.25:
        word = rng.choice(list(NUMBER_WORDS))
        return NUMBER_WORDS[word], word
    number = rng.randint(2, 96)
    return number, str(number)


def _draw(rng: random.Random) -> Item:
    """Return one order mail with its JSON."""
    acct = f"{rng.choice(ACCOUNT_HEADS)} {rng.choice(ACCOUNT_TAILS)}"
    sku, written_sku = _sku(rng)
    qty, written_qty = _quantity(rng)
    prio = rng.choice(("P1", "P2", "P2", "P3"))
    request = rng.choice(REQUESTS).format(acct=acct, qty=written_qty, unit=rng.choice(UNITS), sku=written_sku)
    greeting = rng.choice(GREETINGS)
    parts = [f"{greeting} {request}" if greeting else request[0].upper() + request[1:]]
    tags = []
    if rng.random() < 0.15:
        old, qty = qty, rng.choice([n for n in range(2, 97) if n != qty])
        parts.append(rng.choice(CORRECTIONS).format(old=old, qty=qty))
        tags.append("corrected")
    if rng.random() < 0.5:
        parts.append(rng.choice(EXTRAS))
    if prio != "P2":
        parts.insert(rng.randint(1, len(parts)), rng.choice(URGENT if prio == "P1" else RELAXED))
    parts.append(rng.choice(CLOSINGS))
    text = " ".join(part for part in parts if part)
    text = text.replace("{site}", rng.choice(SITES)).replace("{day}", rng.choice(WEEKDAYS))
    text = text.replace("{number}", str(rng.randint(1000, 9899)))
    if written_sku != sku:
        tags.append("sku_rewritten")
    if not written_qty.isdigit():
        tags.append("number_word")
    target = json.dumps({"acct": acct, "sku": sku, "qty": qty, "prio": prio}, separators=(",", ":"))
    return Item(text, (target,), tuple(tags) or ("plain",))


def files() -> dict[str, str]:
    """Return the text of the item files by path inside the suite."""
    rng = random.Random("meridian/orders/1")
    splits: dict[str, list[Item]] = {}
    drawn: list[Item] = []
    for split in ("test", "validation", "train"):
        splits[split] = distinct(lambda: _draw(rng), SIZES[split], drawn)
        drawn += splits[split]
    return item_files("orders", splits)
