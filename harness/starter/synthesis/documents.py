"""Documents with facts in them, and the questions that one can ask of the facts."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.starter.synthesis import values, words
from harness.starter.synthesis.core import Source
from harness.starter.synthesis.frames import AREAS, CONDITIONS, FILLERS, FRAMES, PAIRS, Frame


@dataclass
class Fact:
    """A sentence, questions that it answers, and the answer, which is a span of the sentence."""

    sentence: str
    questions: list[str]
    answer: str
    key: tuple[str, ...]


@dataclass
class Document:
    """A titled text; `missing` are questions near its facts that neither it nor its neighbours answer."""

    title: str
    facts: list[Fact]
    missing: list[str] = field(default_factory=list)
    opening: str = ""
    fillers: list[str] = field(default_factory=list)

    def text(self, source: Source) -> str:
        """The sentences in an order that keeps the opening first."""
        sentences = [fact.sentence for fact in self.facts] + self.fillers
        body = source.shuffled(sentences)
        return " ".join([self.opening, *body] if self.opening else body)


def article(noun: str) -> str:
    """`a` or `an` before a noun."""
    return f"an {noun}" if noun[0].lower() in "aeio" else f"a {noun}"


def upper_first(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def _condition(source: Source) -> str:
    if source.chance(0.6):
        return ""
    text = source.pick(CONDITIONS).format(
        role=values.role(source), duration=values.duration(source), month=values.month(source)
    )
    return f" {text}"


def _fill(source: Source, pattern: str, pair: tuple[str, str], value: str, old: str) -> str:
    one, many = pair
    text = pattern.format(
        S=upper_first(many), s=many, one=article(one), bare=one, v=value, c=_condition(source), old=old
    )
    return upper_first(text)


def policy_fact(source: Source, pair: tuple[str, str], frame: Frame, scope: str) -> Fact:
    """A rule about a subject; with a scope, sentence or title and question say where it holds."""
    make = values.KINDS[frame.kind]
    value = make(source)
    sentence = _fill(source, source.pick(frame.says), pair, value, make(source)) + "."
    if scope and source.chance(0.35):
        sentence = (
            f"{upper_first(scope)}, {sentence[0].lower() + sentence[1:]}"
            if value not in sentence[:30]
            else sentence
        )
    questions = [_fill(source, ask, pair, value, "") for ask in frame.asks]
    if scope:
        questions = [_scoped(source, question, scope) for question in questions]
    return Fact(sentence, questions, value, (scope, pair[1], frame.name))


def _scoped(source: Source, question: str, scope: str) -> str:
    if source.chance(0.3):
        return f"{upper_first(scope)}, {question[0].lower() + question[1:]}"
    return f"{question[:-1]} {scope}?"


def _scopes(source: Source, n: int) -> list[tuple[str, str]]:
    """Places a rule can hold: (phrase for sentences and questions, words for the title)."""
    style = source.between(0, 4)
    if style == 0:
        return [(f"at the {place} office", f"{place} office") for place in source.distinct(source.place, n)]
    if style == 1:
        return [(f"at {firm}", firm) for firm in source.distinct(source.company, n)]
    if style == 2:
        years = source.distinct(lambda: values.year(source), n)
        return [(f"in the {year} edition", f"edition {year}") for year in years]
    if style == 3:
        teams = source.distinct(lambda: f"the {source.pick(words.TEXT_WORDS)} team", n)
        return [(f"in {team}", team) for team in teams]
    return [(f"in {place}", place) for place in source.distinct(source.place, n)]


def policy_world(source: Source, n_documents: int, n_facts: int) -> list[Document]:
    """Pages of a handbook whose rules share subjects, kinds of rule, or both.

    Args:
        source: Random choices.
        n_documents: Number of pages.
        n_facts: Facts a page.
    """
    scoped = n_documents > 1 and source.chance(0.45)
    scopes = _scopes(source, n_documents) if scoped else [("", "")] * n_documents
    subjects = source.sample(PAIRS, n_documents * 2 + 1)
    frames = source.sample(FRAMES, n_facts + 2)
    documents: list[Document] = []
    taken: set[tuple[str, ...]] = set()
    for index, (scope, words_of_scope) in enumerate(scopes):
        own = subjects[:2] if scoped else subjects[2 * index : 2 * index + 2]
        wanted = [(pair, frame) for pair in own for frame in frames]
        chosen = source.sample(wanted, n_facts)
        facts = [policy_fact(source, pair, frame, scope) for pair, frame in chosen]
        taken |= {fact.key for fact in facts}
        title = (
            upper_first(words_of_scope)
            if scoped and source.chance(0.3)
            else _title(source, own, words_of_scope)
        )
        documents.append(Document(title, facts, fillers=source.sample(FILLERS, source.between(0, 2))))
        rest = [
            policy_fact(source, pair, frame, scope) for pair, frame in wanted if (pair, frame) not in chosen
        ]
        documents[-1].missing = [source.pick(fact.questions) for fact in rest if fact.key not in taken]
    stranger = policy_fact(source, subjects[-1], source.pick(frames), scopes[0][0])
    documents[0].missing.append(source.pick(stranger.questions))
    return documents


def _title(source: Source, subjects: list[tuple[str, str]], scope: str) -> str:
    style = source.between(0, 3)
    if style == 0:
        base = upper_first(subjects[0][1])
    elif style == 1:
        base = f"{upper_first(subjects[0][1])} and {subjects[1][1]}"
    elif style == 2:
        base = f"{source.pick(AREAS)}: {subjects[0][1]}"
    else:
        base = f"{source.pick(('Rules on', 'Guide to', 'Policy on', 'Notes on', 'About'))} {subjects[0][1]}"
    return f"{base}, {scope}" if scope else base


def superseded_world(source: Source, n_documents: int, n_facts: int) -> list[Document]:
    """Two editions of a page, of which the newer holds, and other pages.

    Args:
        source: Random choices.
        n_documents: Number of pages, at least two.
        n_facts: Facts a page.
    """
    others = policy_world(source, max(1, n_documents - 2), n_facts)
    used = {key[1] for document in others for key in (fact.key for fact in document.facts)}
    pair = source.pick([pair for pair in PAIRS if pair[1] not in used])
    frames = source.sample(FRAMES, n_facts + 1)
    new_year = source.between(2005, 2030)
    old_year = new_year - source.between(1, 6)
    base = _title(source, [pair, pair], "") if source.chance(0.7) else upper_first(pair[1])
    style = source.between(0, 2)
    titles = {
        0: (f"{base} ({old_year})", f"{base} ({new_year})"),
        1: (f"{base}, edition {old_year}", f"{base}, edition {new_year}"),
        2: (f"{base} (superseded)", f"{base} (current)"),
    }[style]
    note = source.pick(
        (
            f"This page replaces the one of {old_year}.",
            f"Valid from {new_year}. Earlier versions no longer apply.",
            f"This is the current version of {new_year}.",
        )
    )
    stale = source.pick(
        ("This page is no longer valid.", f"Valid until {new_year}.", f"Replaced in {new_year}.", "")
    )
    old_facts = [policy_fact(source, pair, frame, "") for frame in frames[:n_facts]]
    new_facts = [policy_fact(source, pair, frame, "") for frame in frames[:n_facts]]
    for fact in old_facts:
        fact.questions = [_scoped(source, each, f"in the rules of {old_year}") for each in fact.questions]
    if style == 2 or source.chance(0.7):
        for fact in old_facts:
            fact.questions = []
    missing = [source.pick(policy_fact(source, pair, frames[-1], "").questions)]
    return [
        Document(titles[0], old_facts, opening=stale),
        Document(titles[1], new_facts, missing, opening=note),
        *others[: max(0, n_documents - 2)],
    ]
