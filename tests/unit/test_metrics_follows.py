from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import InputError
from harness.metrics.follows import Follows
from tests.unit._metrics import case

POEM = "Rain falls on the roof,\nrain falls on the street.\nIt sings to the sleeper\nand washes his feet."
LIST = "Fruits:\n\n- apple\n* pear\n• plum"
UPPER, LOWER, TITLE = ({"check": "case", "case": name} for name in ("upper", "lower", "title"))


def count(what: str, low: int | None = None, high: int | None = None) -> dict[str, Any]:
    return {"check": what} | {k: v for k, v in (("min", low), ("max", high)) if v is not None}


def exactly(what: str, n: int) -> dict[str, Any]:
    return count(what, n, n)


def text(check: str, *texts: str) -> dict[str, Any]:
    return {"check": check, "text": texts[0] if len(texts) == 1 else list(texts)}


JSON = {"check": "json", "keys": ["name", "age"]}
QUOTED = {"check": "quoted"}

MET = [
    ("HELLO, WORLD 2!", UPPER),
    ("hello, world 2!", LOWER),
    ("The Lost Dog of the Hills", TITLE),
    ("The Lost Dog: A Tale", TITLE),
    ('"Lost"', TITLE),
    ("Dogs are well-known friends.", exactly("words", 4)),
    ("Don't stop", exactly("words", 2)),
    ("1. one\n2. two", exactly("words", 2)),
    ("- one\n- two - three", exactly("words", 3)),
    ("我爱北京", exactly("words", 4)),
    ("Dr. Smith came at 3.5 p.m. to see J. Brown. He left!", exactly("sentences", 2)),
    ("It is late, e.g. ten. Go home", exactly("sentences", 2)),
    ('"Stop!" he said. She did.', exactly("sentences", 2)),
    ("What? No! Yes...", exactly("sentences", 3)),
    (POEM, exactly("sentences", 2)),
    ("- One point\n- Another point", exactly("sentences", 2)),
    ("今天很冷。我在家。", exactly("sentences", 2)),
    (POEM, exactly("lines", 4)),
    ("a\n\nb\n\n", exactly("lines", 2)),
    ("```\na\n```", exactly("lines", 1)),
    ("One.\n\nTwo\nstill two.\n \nThree.", exactly("paragraphs", 3)),
    ("One.\n\n***\n\nTwo.", exactly("paragraphs", 2)),
    (LIST, exactly("bullets", 3)),
    ("1. apple\n2. pear", count("bullets", None, 0)),
    ("**bold** text\n---\n-5 degrees", count("bullets", None, 0)),
    ("The sun shines on the Beach.", text("contains", "sun", "beach")),
    ("New\nYork", text("contains", "new york")),
    ("I like C++!", text("contains", "C++")),
    ("Hello [name]", text("contains", "[name]")),
    ("北京很大", text("contains", "北京")),
    ("At breakfast he ran faster.", text("excludes", "fast")),
    ("Certainly! Water is wet.", text("starts", "certainly")),
    ('**"Dear** Ann"', text("starts", "Dear")),
    ("It is done. Thank you.", text("ends", "Thank you")),
    ('"Thank you!"', text("ends", "thank you")),
    ("Any questions?", text("ends", "questions?")),
    ('{"name": "A", "age": 3, "more": 1}', JSON),
    ('Sure:\n```json\n{"name": "A", "age": 3}\n```\nDone.', JSON),
    ('[{"name": "A", "age": 3}]', JSON),
    ('```json\n{"name": 1, "age": 3}\n```', JSON | {"only": True}),
    ('The list: ["Rome", "Oslo"]', {"check": "json"}),
    ("Bonjour, je suis Pierre.", {"check": "language", "language": "French"}),
    ("日本の首都は東京です", {"check": "language", "language": "Japanese"}),
    ('"The moon is a stone."', QUOTED),
    ('"The moon is a stone".', QUOTED),
    ("„Der Mond ist ein Stein.“", QUOTED),
    ('"He said "no" to it."', QUOTED),
]
NOT_MET = [
    ("HELLo", UPPER),
    ("123", UPPER),
    ("hello World", LOWER),
    ("The lost Dog", TITLE),
    ("the Lost Dog", TITLE),
    ("THE LOST DOG", TITLE),
    ("one two three", count("words", None, 2)),
    ("one", count("words", 2)),
    ("One sentence only, with commas", exactly("sentences", 2)),
    ("One. Two. Three.", exactly("sentences", 2)),
    ("One. Two.", exactly("paragraphs", 2)),
    ("1. apple\n2. pear", exactly("bullets", 2)),
    ("sunny beaches", text("contains", "sun", "beach")),
    ("the sun", text("contains", "sun", "beach")),
    ("He drives FAST.", text("excludes", "fast")),
    ("He drives fast.", text("excludes", "slow", "fast")),
    ("Uncertainly", text("starts", "certainly")),
    ("Certainlyish", text("starts", "certainly")),
    ("So certainly", text("starts", "certainly")),
    ("Thank you all.", text("ends", "Thank you")),
    ("Any questions.", text("ends", "questions?")),
    ('{"name": "A"}', JSON),
    ('{"name": "A", "age": }', JSON),
    ("name: A, age: 3", JSON),
    ("[]", JSON),
    ("Rome, Oslo", {"check": "json"}),
    ('Sure: {"name": "A", "age": 3}', JSON | {"only": True}),
    ("I am called Pierre Dupont.", {"check": "language", "language": "French"}),
    ("1234", {"check": "language", "language": "French"}),
    ("Мы идём домой", {"check": "language", "language": "French"}),
    ("The moon", QUOTED),
    ('"The moon" is a "stone"', QUOTED),
    ('""', QUOTED),
    ('"', QUOTED),
]


def scores(answer: str, *checks: Any) -> dict[str, float]:
    return Follows().score([case(answer, "any", metadata={"checks": list(checks)})])[0]


@pytest.mark.parametrize(("answer", "check"), MET)
def test_a_check_is_met(answer: str, check: dict[str, Any]) -> None:
    assert scores(answer, check) == {"follows": 1.0, "follows_share": 1.0}


@pytest.mark.parametrize(("answer", "check"), NOT_MET)
def test_a_check_is_not_met(answer: str, check: dict[str, Any]) -> None:
    assert scores(answer, check) == {"follows": 0.0, "follows_share": 0.0}


def test_all_checks_must_be_met_and_the_share_is_told() -> None:
    assert scores("HELLO YOU", UPPER, exactly("words", 2), QUOTED, LOWER) == {
        "follows": 0.0,
        "follows_share": 0.5,
    }


@pytest.mark.parametrize("answer", ["", " \n "])
def test_an_empty_answer_follows_nothing(answer: str) -> None:
    assert scores(answer, text("excludes", "fast"), count("words", None, 5))["follows_share"] == 0.0


SENTENCES = {
    "English": [
        "The cat sleeps on the sofa.",
        "I would like a coffee.",
        "She is reading a book.",
        "We are going home.",
        "The train leaves at noon.",
        "Where is the railway station?",
        "My brother works in London.",
        "It is raining again.",
        "They bought a new car.",
        "Paris is a beautiful city.",
    ],
    "French": [
        "Le chat dort sur le canapé.",
        "Je voudrais un café.",
        "Elle lit un livre.",
        "Nous rentrons à la maison.",
        "Le train part à midi.",
        "Où est la gare ?",
        "Mon frère travaille à Londres.",
        "Il pleut encore aujourd'hui.",
        "Ils ont acheté une voiture.",
        "Paris est une belle ville.",
    ],
    "German": [
        "Die Katze schläft auf dem Sofa.",
        "Ich möchte einen Kaffee.",
        "Sie liest ein Buch.",
        "Wir gehen nach Hause.",
        "Der Zug fährt um zwölf.",
        "Wo ist der Bahnhof?",
        "Mein Bruder arbeitet in London.",
        "Heute regnet es schon wieder.",
        "Sie haben ein Auto gekauft.",
        "Paris ist eine schöne Stadt.",
    ],
    "Spanish": [
        "El gato duerme en el sofá.",
        "Quisiera un café, por favor.",
        "Ella lee un libro.",
        "Ahora nos vamos a casa.",
        "El tren sale al mediodía.",
        "¿Dónde está la estación?",
        "Mi hermano trabaja en Londres.",
        "Hoy llueve otra vez.",
        "Ellos compraron un coche nuevo.",
        "París es una ciudad hermosa.",
    ],
    "Italian": [
        "Il gatto dorme sul divano.",
        "Vorrei un caffè, per favore.",
        "Lei legge un libro.",
        "Adesso andiamo a casa.",
        "Il treno parte a mezzogiorno.",
        "Dove si trova la stazione?",
        "Mio fratello lavora a Londra.",
        "Oggi piove di nuovo.",
        "Hanno comprato una macchina nuova.",
        "Parigi è una bella città.",
    ],
}


@pytest.mark.parametrize("language", SENTENCES)
def test_short_sentences_are_told_apart(language: str) -> None:
    for sentence in SENTENCES[language]:
        for written in (sentence, sentence.upper(), sentence.lower().rstrip(".")):
            told = [
                name
                for name in SENTENCES
                if scores(written, {"check": "language", "language": name})["follows"]
            ]
            assert told == [language], written


@pytest.mark.parametrize(
    ("checks", "message"),
    [
        (None, "task capitals: item 1.checks: must be a list of checks"),
        ([], "task capitals: item 1.checks: must be a list of checks"),
        ("[{", "task capitals: item 1.checks: is not JSON"),
        ([{"check": "word"}], "item 1.checks.0.check: is not a known check .*did you mean 'words'?"),
        (["words"], "item 1.checks.0.check: is not a known check"),
        ([UPPER, {"check": "words", "mx": 3}], "item 1.checks.1.mx: is not a known key; did you mean 'max'"),
        ([{"check": "words"}], "item 1.checks.0: needs min or max"),
        ([count("words", 3, 2)], "item 1.checks.0: max is less than min"),
        ([count("words", -1)], "item 1.checks.0.min: input should be greater than or equal to 0"),
        ([{"check": "case", "case": "camel"}], "item 1.checks.0.case: input should be"),
        ([{"check": "case"}], "item 1.checks.0.case: is missing"),
        ([text("contains", " ")], "item 1.checks.0.text.0: "),
        ([{"check": "contains", "text": []}], "item 1.checks.0.text: "),
        ([{"check": "language", "language": "Klingon"}], "item 1.checks.0.language: is not a known language"),
    ],
)
def test_what_is_no_check_is_refused_and_the_item_is_named(checks: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        Follows().score([case("Hello", "any", metadata={} if checks is None else {"checks": checks})])
    assert "\n" not in str(caught.value)


def test_checks_may_be_json_as_in_a_csv_file_and_keys_that_are_null_are_not_there() -> None:
    (row,) = Follows().score(
        [case("HI", "x", metadata={"checks": '[{"check": "words", "max": 1, "min": null}]'})]
    )
    assert row["follows"] == 1.0


@given(st.text(max_size=80), st.text(min_size=1, max_size=5).filter(lambda text: bool(text.strip())))
def test_any_text_is_judged(answer: str, phrase: str) -> None:
    checks = [text(check, phrase) for check in ("contains", "excludes", "starts", "ends")]
    checks += [count(what, 1) for what in ("words", "sentences", "lines", "paragraphs", "bullets")]
    found = scores(answer, *checks, UPPER, TITLE, QUOTED, JSON, {"check": "language", "language": "French"})
    assert 0.0 <= found["follows_share"] <= 1.0
