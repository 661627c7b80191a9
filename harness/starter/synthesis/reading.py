"""Reading passages and answering, or saying that they do not hold the answer."""

from __future__ import annotations

from harness.starter.synthesis.core import Example, Source
from harness.starter.synthesis.documents import Document, policy_world, superseded_world
from harness.starter.synthesis.stories import attribute_world, event_world, life_world, notice_world

NOT_FOUND = "not found"
LATER = 0.5
"""Level from which more questions are asked of the same passages."""
WORLDS = {
    "policy": (policy_world, 10),
    "superseded": (superseded_world, 3),
    "attribute": (attribute_world, 5),
    "event": (event_world, 3),
    "life": (life_world, 3),
    "notice": (notice_world, 3),
}
INSTRUCTIONS = (
    "Answer the question from the passages. If they do not hold the answer, say: not found",
    "Answer from the passages only. If the answer is not there, reply: not found",
    "Use the passages to answer. Say not found if they do not answer the question.",
    "Read the passages and answer the question in a few words. No answer in them: not found",
    "Answer the question with words from the passages, or with: not found",
    "You answer questions about documents. Copy the answer from them. If it is missing, write not found.",
    "Give a short answer taken from the text. If the text lacks it, answer not found.",
    "Question answering over passages. Unknown: not found",
    "Find the answer in the passages below and write only the answer. Otherwise write: not found",
    "Answer briefly, from the handbook passages. When the handbook does not say, answer: not found",
    "Answer the question about the company. If the passages do not say, answer not found.",
    "Short answers only, as in the text. Write not found when there is no answer.",
    "Help the reader: answer from the given text or say not found.",
    "Reply with the exact words of the passage that answer the question; not found if there are none.",
    "Answer questions about the staff handbook. If you cannot tell, answer: not found",
    "Which words of the passages answer the question? If none do, say: not found",
)


def _passages(source: Source, documents: list[Document], style: int) -> str:
    blocks = []
    for number, document in enumerate(documents, 1):
        text = document.text(source)
        if style <= 6:
            blocks.append(f"[{number}] {document.title}: {text}")
        elif style == 7:
            blocks.append(
                f"[{number}] {text}" if document.title in text else f"[{number}] {document.title}\n{text}"
            )
        elif style == 8:
            blocks.append(f"{document.title}: {text}")
        else:
            blocks.append(f"Passage {number}: {document.title}. {text}")
    return "\n".join(blocks)


def _questions(source: Source, documents: list[Document], n: int, refuse: float) -> list[tuple[str, str]]:
    facts = [fact for document in documents for fact in document.facts if fact.questions]
    missing = list(dict.fromkeys(each for document in documents for each in document.missing))
    chosen = source.sample(facts, n)
    missed = source.shuffled(missing)
    asked = []
    for fact in chosen:
        if missed and source.chance(refuse):
            asked.append((missed.pop(), NOT_FOUND))
        else:
            asked.append((source.pick(fact.questions), fact.answer))
    return asked


def _ambiguous(documents: list[Document]) -> bool:
    """Whether one question has two answers in the documents."""
    known: dict[str, str] = {}
    for document in documents:
        for fact in document.facts:
            for question in fact.questions:
                if known.setdefault(question, fact.answer) != fact.answer:
                    return True
    return any(question in known for document in documents for question in document.missing)


def world(source: Source, n_documents: int, n_facts: int) -> tuple[str, list[Document]]:
    """Documents of one kind in which no question has two answers.

    Args:
        source: Random choices.
        n_documents: Number of documents.
        n_facts: Facts a document.

    Returns:
        The kind, and the documents in random order.
    """
    names = [name for name, (_, share) in WORLDS.items() for _ in range(share)]
    while True:
        name = source.pick(names)
        make, _ = WORLDS[name]
        if name == "superseded" and n_documents < 2:
            continue
        documents = make(source, n_documents, n_facts)
        if not _ambiguous(documents):
            return name, source.shuffled(documents)


def _size(source: Source, level: float) -> tuple[int, int]:
    most = 2 if level < 0.15 else 4 if level < 0.4 else 6
    n_documents = source.between(1, most)
    return n_documents, source.between(1, 3 if level < 0.15 or n_documents > 4 else 4)


def reading(source: Source, level: float = 1.0, turns: int | None = None, refuse: float = 0.25) -> Example:
    """Passages and one or more questions over them.

    Args:
        source: Random choices.
        level: 0.0 for few short passages, 1.0 for one to six.
        turns: Number of questions; by default one to five.
        refuse: Share of questions that the passages do not answer.
    """
    n_documents, n_facts = _size(source, level)
    name, documents = world(source, n_documents, n_facts)
    single, least, most = (0.15, 5, 10) if level >= LATER else (0.25, 3, 6)
    wanted = turns or (1 if source.chance(single) else source.between(least, most))
    asked = _questions(source, documents, wanted, refuse)
    style = source.between(0, 9)
    passages = _passages(source, documents, style)
    prefix = "Question: " if style <= 7 or source.chance(0.5) else source.pick(("", "Q: "))
    user = [f"{prefix}{question}" for question, _ in asked]
    if source.chance(0.12) and turns is None:
        user[0] = f"{user[0]}\n\n{passages}"
    else:
        user[0] = f"{passages}\n\n{user[0]}"
    system = source.pick(INSTRUCTIONS) if source.chance(0.9) else None
    pairs = [(text, answer) for text, (_, answer) in zip(user, asked, strict=True)]
    answerable = "refusal" if asked[-1][1] == NOT_FOUND else "answerable"
    return Example("reading", pairs, system, tags=[name, f"passages-{n_documents}", answerable])


def shots_then_reading(source: Source, level: float = 1.0) -> Example:
    """Question and answer pairs as examples of the manner, then passages with the question that counts.

    Args:
        source: Random choices.
        level: See `reading`.
    """
    last = reading(source, level, turns=1)
    shots: list[tuple[str, str]] = []
    for _ in range(source.between(1, 5)):
        _, documents = world(source, 1, 2)
        question, answer = _questions(source, documents, 1, 0.25)[0]
        shots.append((f"Question: {question}" if source.chance(0.5) else question, answer))
    counts = [False] * len(shots) + [True]
    return Example("reading", [*shots, *last.turns], last.system, counts, last.tags)


def closed_book(source: Source, level: float = 1.0) -> Example:
    """The question without any passage, which is answered with the refusal.

    Args:
        source: Random choices.
        level: See `reading`.
    """
    asked = [
        (source.pick(fact.questions), NOT_FOUND)
        for _ in range(source.between(1, 3))
        for document in world(source, 1, 1)[1]
        for fact in document.facts
        if fact.questions
    ][:2]
    pairs = [(f"Question: {question}" if level else question, answer) for question, answer in asked]
    return Example(
        "reading", pairs or [("Question: Where?", NOT_FOUND)], source.pick(INSTRUCTIONS), tags=["no-passages"]
    )
