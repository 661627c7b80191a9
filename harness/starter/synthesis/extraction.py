"""Extraction to JSON: the instruction names the keys, the text holds the values."""

# ruff: noqa: E501  (tables of wordings keep a line each)

from __future__ import annotations

import json
from dataclasses import dataclass

from harness.starter.synthesis import values, words
from harness.starter.synthesis.core import Example, Source


@dataclass(frozen=True)
class Slot:
    """A piece of a record.

    Attributes:
        keys: Names it can have in a schema.
        kind: Kind of value; a few are made here, the others in `values`.
        says: Ways to say it within a text; `{v}` is the value.
        number: Whether it is a JSON number.
    """

    keys: tuple[str, ...]
    kind: str
    says: tuple[str, ...]
    number: bool = False


def _slot(keys: str, kind: str, says: str, number: bool = False) -> Slot:
    return Slot(tuple(keys.split()), kind, tuple(says.split("|")), number)


ORDER = [
    _slot("customer name client buyer ordered_by", "person", "My name is {v}.|This is {v}.|The customer is {v}.|Ordered by {v}.|{v} here."),
    _slot("item product article goods", "item", "Please send {q}.|I would like to order {q}.|We need {q}.|Kindly ship {q}.|I order {q}."),
    _slot("city town destination place", "place", "Deliver to {v}.|It goes to {v}.|Ship it to {v}, please.|The address is in {v}."),
    _slot("date delivery_date due day", "date", "We need it by {v}.|Delivery on {v}, please.|It should arrive on {v}.|The date is {v}."),
    _slot("colour color paint", "colour", "The colour should be {v}.|In {v}, please.|We want it in {v}."),
    _slot("order_id order reference number ref", "code", "The order number is {v}.|Our reference is {v}.|Order {v}.|Ref {v}."),
    _slot("price total amount budget", "amount", "The price is {v}.|We agreed on {v}.|The total is {v}.|It may cost {v}."),
    _slot("company firm account", "company", "We are {v}.|The bill goes to {v}.|I write for {v}.|Company: {v}."),
    _slot("phone contact tel", "extension", "Call me on {v}.|My number is {v}.|Phone: {v}."),
    _slot("email mail", "email", "Write to {v}.|My address is {v}.|Mail: {v}."),
]  # fmt: skip
RECORD = [
    _slot("name person employee full_name", "person", "{v} joined us last week.|The new colleague is {v}.|Name: {v}.|Meet {v}."),
    _slot("age years", "age", "The age is {v}.|Age {v}.|Turned {v} this year.", True),
    _slot("job role profession position", "job", "The job is {v}.|Works as a {v}.|Position: {v}.|Is a {v} by trade."),
    _slot("city home town residence", "place", "Lives in {v}.|Home is {v}.|Comes from {v}.|Town: {v}."),
    _slot("company employer firm", "company", "Employed at {v}.|The employer is {v}.|Works for {v}."),
    _slot("start since start_date", "date", "Started on {v}.|The first day was {v}.|Since {v} on the team."),
    _slot("room office desk_room", "code", "The room is {v}.|Sits in room {v}.|Office {v}."),
    _slot("phone extension tel", "extension", "Extension {v}.|Phone {v}.|Can be reached on {v}."),
    _slot("email mail address", "email", "Mail goes to {v}.|Address: {v}.|Write to {v}."),
    _slot("manager boss reports_to", "person", "Reports to {v}.|The manager is {v}.|The boss is {v}."),
    _slot("hours weekly_hours", "age", "Works {v} hours a week.|The week has {v} hours.", True),
]  # fmt: skip
EVENT = [
    _slot("event title name", "event", "We invite you to the {v}.|The {v} is coming.|Join us for the {v}.|Save the date: {v}."),
    _slot("date day when", "date", "It takes place on {v}.|The date is {v}.|Come on {v}."),
    _slot("time start starts_at", "clock", "It starts at {v}.|Doors open at {v}.|We begin at {v}."),
    _slot("place city venue location", "place", "It is held in {v}.|The venue is in {v}.|We meet in {v}."),
    _slot("host speaker organiser", "person", "The host is {v}.|{v} will speak.|Your host: {v}."),
    _slot("price fee cost", "amount", "Entry is {v}.|It costs {v}.|A ticket is {v}."),
    _slot("seats places capacity", "age", "There are {v} seats.|We have room for {v} people.", True),
    _slot("code booking ticket_code", "code", "Book with {v}.|The code is {v}."),
]  # fmt: skip
SCHEMAS = [ORDER, ORDER, RECORD, EVENT]
ASKS = (
    "Extract {k} as JSON.",
    "Return a JSON object with the keys {k}.",
    "Read the message and write JSON with {k}.",
    "Turn the text into JSON. Keys: {k}.",
    "Output JSON only, with these fields: {k}",
    "Pull out the fields {k} and answer in JSON.",
)


def _value(source: Source, slot: Slot) -> tuple[str, str | int]:
    """A sentence, and the value as JSON has it."""
    if slot.kind == "item":
        count, thing = source.between(2, 60), f"{source.pick(words.ADJECTIVES)} {source.pick(words.THINGS)}s"
        return source.pick(slot.says).format(q=f"{count} {thing}"), thing
    if slot.kind == "age":
        number = source.between(16, 70)
        return source.pick(slot.says).format(v=number), number
    if slot.kind == "event":
        name = f"{source.pick(words.ADJECTIVES)} {source.pick(('fair', 'concert', 'course', 'meeting', 'workshop', 'market', 'race'))}"
        return source.pick(slot.says).format(v=name), name
    value = values.KINDS[slot.kind](source)
    return source.pick(slot.says).format(v=value), value


def _instruction(source: Source, keys: list[str], numbers: set[str]) -> str:
    style = source.between(0, 3)
    if style == 0:
        skeleton = json.dumps({key: 0 if key in numbers else "" for key in keys})
        return source.pick(
            ("Fill in the JSON: {s}", "Answer in this form: {s}", "Extract the data as {s}")
        ).format(s=skeleton)
    if style == 1:
        properties = {key: {"type": "integer" if key in numbers else "string"} for key in keys}
        schema = json.dumps({"type": "object", "properties": properties})
        return source.pick(
            ("Extract JSON for this schema: {s}", "Schema: {s}", "Answer with JSON that fits {s}")
        ).format(s=schema)
    listed = (
        ", ".join(keys[:-1]) + f" and {keys[-1]}" if len(keys) > 1 and source.chance(0.5) else ", ".join(keys)
    )
    return source.pick(ASKS).format(k=listed)


def extraction(source: Source, level: float = 1.0) -> Example:
    """Messages to be turned into JSON objects of one schema.

    Args:
        source: Random choices.
        level: 0.0 for two or three keys.
    """
    slots = source.sample(source.pick(SCHEMAS), source.between(2, 3 if level < 0.2 else 5))
    names = {id(slot): source.pick(slot.keys) for slot in slots}
    quantity = source.pick(("quantity", "count", "qty", "number_of_items", "pieces"))
    with_quantity = any(slot.kind == "item" for slot in slots) and source.chance(0.8)
    keys: list[str] = []
    numbers = {names[id(slot)] for slot in slots if slot.number} | {quantity}
    for slot in slots:
        keys.append(names[id(slot)])
        if slot.kind == "item" and with_quantity:
            keys.append(quantity)
    optional = source.chance(0.2)
    system = _instruction(source, keys, numbers) + (" Use null for what is missing." if optional else "")
    turns = []
    for _ in range(source.between(1, 3) if source.split == "train" else 1):
        record: dict[str, str | int | None] = {}
        sentences = []
        for slot in slots:
            sentence, value = _value(source, slot)
            if optional and source.chance(0.25) and slot.kind != "item":
                record[names[id(slot)]] = None
                continue
            sentences.append(sentence)
            record[names[id(slot)]] = value
            if slot.kind == "item" and with_quantity:
                record[quantity] = int(next(part for part in sentence.split() if part.isdigit()))
        extra = source.pick(
            ("Hello!", "Dear team,", "Thank you.", "Good morning.", "Best regards", "", "", "")
        )
        text = " ".join(part for part in [*source.shuffled(sentences), extra] if part)
        turns.append((text, json.dumps(record, ensure_ascii=False)))
    return Example("extraction", turns, system, tags=[f"keys-{len(keys)}"])
