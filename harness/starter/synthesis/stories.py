"""Worlds that are not rules: attributes of things and people, short events, lives, notices, products."""

# ruff: noqa: E501  (tables of wordings keep a line each)

from __future__ import annotations

from collections.abc import Callable

from harness.starter.synthesis import values, words
from harness.starter.synthesis.core import Source
from harness.starter.synthesis.documents import Document, Fact, article, upper_first

ATTRIBUTE_SAYS = [
    "The {a} of {e} is {v}.",
    "{E} has {v} as its {a}.",
    "For {e}, the {a} is {v}.",
    "{v} is the {a} of {e}.",
    "{E}'s {a} is {v}.",
    "The {a} of {e} was set to {v}.",
    "As for {e}, its {a} is {v}.",
    "It is known that the {a} of {e} is {v}.",
]
ATTRIBUTE_SAYS_SHORT = [
    "Its {a} is {v}.",
    "The {a} is {v}.",
    "{A}: {v}.",
    "It has {v} as its {a}.",
    "As {a} it has {v}.",
]
ATTRIBUTE_ASKS = [
    "What is the {a} of {e}?",
    "What {a} does {e} have?",
    "Tell me the {a} of {e}.",
    "What is {e}'s {a}?",
    "Which {a} belongs to {e}?",
    "{E}: {a}?",
    "Give the {a} of {e}.",
]
ATTRIBUTE_KINDS = [
    "amount",
    "measure",
    "code",
    "colour",
    "person",
    "place",
    "word",
    "number",
    "date",
    "percent",
    "product",
    "company",
    "count",
]


def entities(source: Source, n: int) -> list[str]:
    """`n` different things or people of one sort, which can have attributes."""
    makers: list[Callable[[], str]] = [
        source.person,
        source.company,
        source.place,
        source.product,
        source.code,
        lambda: values.thing(source),
        lambda: f"the {source.product()} {source.pick(words.THINGS)}",
        lambda: f"the {source.pick(words.THINGS)} in {source.place()}",
    ]
    return source.distinct(source.pick(makers), n)


def attribute_world(source: Source, n_documents: int, n_facts: int) -> list[Document]:
    """Entities of one sort that share attributes.

    Args:
        source: Random choices.
        n_documents: Number of documents, one entity each.
        n_facts: Facts a document.
    """
    owners = entities(source, n_documents + 1)
    attributes = source.sample(words.ATTRIBUTES, n_facts + 2)
    kinds = {each: source.pick(ATTRIBUTE_KINDS) for each in attributes}
    documents: list[Document] = []
    for entity in owners[:n_documents]:
        chosen = source.sample(attributes, n_facts)
        short = source.chance(0.4)
        facts = []
        for index, attribute in enumerate(chosen):
            value = values.KINDS[kinds[attribute]](source)
            names = {
                "a": attribute,
                "A": upper_first(attribute),
                "e": entity,
                "E": upper_first(entity),
                "v": value,
            }
            says = ATTRIBUTE_SAYS_SHORT if short and index else ATTRIBUTE_SAYS
            sentence = source.pick(says).format(**names)
            asks = [ask.format(**names) for ask in ATTRIBUTE_ASKS]
            facts.append(Fact(upper_first(sentence), asks, value, (entity, attribute)))
        lacking = [each for each in attributes if each not in chosen]
        missing = [source.pick(ATTRIBUTE_ASKS).format(a=a, e=entity, E=upper_first(entity)) for a in lacking]
        title = upper_first(entity)
        documents.append(_Ordered(title, facts, missing))
    other = owners[-1]
    ask = source.pick(ATTRIBUTE_ASKS).format(a=attributes[0], e=other, E=upper_first(other))
    documents[0].missing.append(ask)
    return documents


class _Ordered(Document):
    """A document whose sentences keep their order, since later ones say `it`."""

    def text(self, source: Source) -> str:  # noqa: ARG002
        return " ".join([fact.sentence for fact in self.facts] + self.fillers)


def event_world(source: Source, n_documents: int, n_facts: int) -> list[Document]:
    """Who did what to what, where and when, in single sentences; every verb and thing occurs once.

    Args:
        source: Random choices.
        n_documents: Number of documents.
        n_facts: Sentences a document.
    """
    total = n_documents * n_facts
    verbs = source.sample(words.VERBS_PAST, total + 1)
    things = source.distinct(lambda: values.thing(source), total + 1)
    people = source.distinct(
        lambda: source.person() if source.chance(0.6) else f"the {source.pick(words.JOBS)}", total
    )
    documents: list[Document] = []
    for index in range(n_documents):
        facts: list[Fact] = []
        for each in range(index * n_facts, (index + 1) * n_facts):
            facts.extend(_event(source, people[each], verbs[each], things[each]))
        title = source.pick(("A busy day", "News", "Report", "Diary", "Notes", "What happened", "The week"))
        documents.append(Document(f"{title} {index + 1}" if source.chance(0.5) else title, facts))
    documents[0].missing = [f"Who {verbs[-1]} {things[-1]}?", f"Where was {things[-1]} {verbs[-1]}?"]
    return [_merged(document) for document in documents]


def _event(source: Source, who: str, verb: str, what: str) -> list[Fact]:
    base = words.VERB_BASE[verb]
    place, day = source.place(), source.pick((values.weekday(source), values.date(source)))
    with_place, with_day = source.chance(0.6), source.chance(0.5)
    where = f" in {place}" if with_place else ""
    when = f" on {day}" if with_day else ""
    if with_day and source.chance(0.4):
        sentence = f"On {day}, {who} {verb} {what}{where}."
    else:
        sentence = upper_first(f"{who} {verb} {what}{where}{when}.")
    facts = [
        Fact(sentence, [f"Who {verb} {what}?"], who, (verb, "who")),
        Fact(sentence, [f"What did {who} {base}?"], what, (verb, "what")),
    ]
    if with_place:
        asks = [f"Where did {who} {base} {what}?", f"In which town was {what} when {who} {verb} it?"]
        facts.append(Fact(sentence, asks[:1] if source.chance(0.8) else asks, place, (verb, "where")))
    if with_day:
        facts.append(
            Fact(
                sentence,
                [f"When did {who} {base} {what}?", f"On what day did {who} {base} {what}?"],
                day,
                (verb, "when"),
            )
        )
    return facts


class _Merged(Document):
    """A document in which several facts can come from one sentence."""

    def text(self, source: Source) -> str:
        sentences = list(dict.fromkeys(fact.sentence for fact in self.facts))
        return " ".join(source.shuffled(sentences) + self.fillers)


def _merged(document: Document) -> Document:
    return _Merged(document.title, document.facts, document.missing, document.opening, document.fillers)


LIFE: list[tuple[str, str, str]] = [
    ("place", "{n} was born in {v}.|{n} comes from {v}.|{n} grew up in {v}.", "Where does {n} come from?|Where was {n} born?|In which town did {n} grow up?"),
    ("year", "{n} was born in {v}.|{n}'s year of birth is {v}.", "In which year was {n} born?|When was {n} born?"),
    ("job", "{n} works as a {v}.|{n} is a {v} by trade.|{n} has been a {v} for years.", "What is {n}'s job?|What does {n} work as?|What is the trade of {n}?"),
    ("company", "{n} works for {v}.|{n} is employed at {v}.|{n} joined {v} last year.", "Which company does {n} work for?|Where is {n} employed?|Who is {n}'s employer?"),
    ("person", "{n} is married to {v}.|{n} shares a flat with {v}.", "Who is {n} married to?|With whom does {n} live?"),
    ("colour", "{n}'s favourite colour is {v}.|{n} likes {v} best of all colours.", "What is {n}'s favourite colour?|Which colour does {n} like best?"),
    ("extension", "{n} can be reached on {v}.|The phone number of {n} is {v}.", "What is the phone number of {n}?|On which number can {n} be reached?"),
    ("email", "{n}'s address is {v}.|Write to {n} at {v}.", "What is the address of {n}?|Where can one write to {n}?"),
    ("weekday", "{n} is free on {v}s.|The day off of {n} is {v}.", "On which day is {n} free?|When does {n} have a day off?"),
    ("instrument", "{n} plays the {v}.|In the evening {n} practises the {v}.", "Which instrument does {n} play?|What does {n} play?"),
    ("animal", "{n} keeps a {v}.|{n} has a {v} as a pet.", "What animal does {n} keep?|What pet does {n} have?"),
    ("amount", "{n} earns {v} a week.|The salary of {n} is {v}.", "How much does {n} earn?|What is the salary of {n}?"),
    ("duration", "{n} has worked there for {v}.|{n} joined {v} ago.", "How long has {n} worked there?|How long ago did {n} join?"),
    ("room", "{n} has a desk in {v}.|{n} can be found in {v}.", "Where can {n} be found?|Where is the desk of {n}?"),
]  # fmt: skip


def _life_value(source: Source, kind: str) -> str:
    if kind == "instrument":
        return source.pick(words.INSTRUMENTS)
    return source.pick(words.ANIMALS) if kind == "animal" else values.KINDS[kind](source)


def life_world(source: Source, n_documents: int, n_facts: int) -> list[Document]:
    """Short lives of people; later sentences may say only the given name.

    Args:
        source: Random choices.
        n_documents: Number of people.
        n_facts: Facts a person.
    """
    people = source.distinct(source.person, n_documents + 1)
    slots = [slot for slot in LIFE if slot[0] != source.pick(("place", "year"))]
    slots = source.sample(slots, n_facts + 2)
    documents: list[Document] = []
    for person in people[:n_documents]:
        chosen = source.sample(slots, n_facts)
        facts = []
        for index, (kind, says, asks) in enumerate(chosen):
            value = _life_value(source, kind)
            alone = sum(other.split()[0] == person.split()[0] for other in people) == 1
            name = person.split()[0] if index and alone and source.chance(0.6) else person
            sentence = source.pick(says.split("|")).format(n=name, v=value)
            facts.append(
                Fact(sentence, [ask.format(n=person) for ask in asks.split("|")], value, (person, kind))
            )
        lacking = [slot for slot in slots if slot not in chosen]
        missing = [source.pick(asks.split("|")).format(n=person) for _, _, asks in lacking]
        documents.append(_Ordered(person, facts, missing))
    documents[0].missing.append(source.pick(slots[0][2].split("|")).format(n=people[-1]))
    return documents


NOTICE: list[tuple[str, str, str]] = [
    ("date", "{E} takes place on {v}.|The date of {e} is {v}.|{E} is planned for {v}.", "When does {e} take place?|What is the date of {e}?|On what day is {e}?"),
    ("clock", "{E} starts at {v}.|Doors open at {v} for {e}.|Come to {e} at {v}.", "At what time does {e} start?|When does {e} begin?"),
    ("room", "{E} is held in {v}.|You will find {e} in {v}.|Come to {v} for {e}.", "Where is {e} held?|Where does {e} take place?|In which place is {e}?"),
    ("amount", "Entry to {e} costs {v}.|A ticket for {e} is {v}.|The price of {e} is {v}.", "How much does {e} cost?|What does a ticket for {e} cost?|What is the price of {e}?"),
    ("person", "{E} is run by {v}.|{v} leads {e}.|The host of {e} is {v}.", "Who runs {e}?|Who leads {e}?|Who is the host of {e}?"),
    ("count", "{E} has room for {v} people.|Up to {v} people can join {e}.", "How many people can join {e}?|For how many people is there room at {e}?"),
    ("duration", "{E} lasts {v}.|{E} takes {v}.", "How long does {e} last?|How long is {e}?"),
    ("company", "{E} is paid for by {v}.|The sponsor of {e} is {v}.", "Who is the sponsor of {e}?|Who pays for {e}?"),
    ("measure", "{E} weighs {v}.|The size of {e} is {v}.", "How much does {e} weigh?|What is the size of {e}?"),
    ("colour", "{E} comes in {v}.|The colour of {e} is {v}.", "In which colour does {e} come?|What is the colour of {e}?"),
    ("code", "The item number of {e} is {v}.|Order {e} under {v}.", "What is the item number of {e}?|Under which number is {e} ordered?"),
    ("place", "{E} is made in {v}.|The home of {e} is {v}.", "Where is {e} made?|What is the home of {e}?"),
    ("percent", "{E} was reduced by {v}.|The tax on {e} is {v}.", "By how much was {e} reduced?|What is the tax on {e}?"),
]  # fmt: skip
EVENTS = [
    "fair",
    "concert",
    "course",
    "meeting",
    "workshop",
    "market",
    "race",
    "lecture",
    "exhibition",
    "dinner",
    "tour",
    "party",
    "game",
    "seminar",
]


def notice_world(source: Source, n_documents: int, n_facts: int) -> list[Document]:
    """Notices of events, or descriptions of products; later sentences may say `it`.

    Args:
        source: Random choices.
        n_documents: Number of notices.
        n_facts: Facts a notice.
    """
    if source.chance(0.5):
        slots = NOTICE[:8]
        entities = source.distinct(
            lambda: (
                f"the {source.pick((source.place(), source.pick(words.ADJECTIVES), source.product()))} {source.pick(EVENTS)}"
            ),
            n_documents + 1,
        )
    else:
        slots = NOTICE[3:4] + NOTICE[8:]
        entities = source.distinct(
            lambda: f"the {source.product()} {source.pick(words.THINGS)}", n_documents + 1
        )
    slots = source.sample(slots, min(len(slots), n_facts + 2))
    documents: list[Document] = []
    for entity in entities[:n_documents]:
        chosen = source.sample(slots, n_facts)
        facts = []
        for index, (kind, says, asks) in enumerate(chosen):
            value = values.KINDS[kind](source)
            name = "it" if index and source.chance(0.5) else entity
            sentence = source.pick(says.split("|")).format(e=name, E=upper_first(name), v=value)
            questions = [ask.format(e=entity) for ask in asks.split("|")]
            facts.append(Fact(upper_first(sentence), questions, value, (entity, kind)))
        lacking = [slot for slot in slots if slot not in chosen]
        missing = [source.pick(asks.split("|")).format(e=entity) for _, _, asks in lacking]
        documents.append(_Ordered(upper_first(entity.removeprefix("the ")), facts, missing))
    documents[0].missing.append(source.pick(slots[0][2].split("|")).format(e=entities[-1]))
    return documents


def one_article(noun: str) -> str:
    """`a` or `an` and the noun, for other families."""
    return article(noun)
