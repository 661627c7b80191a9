from __future__ import annotations

import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st

from harness.metrics.bleu import Bleu
from harness.metrics.chrf import Chrf

REFERENCES = ["Le chat dort sur le canapé.", "Le chat dort sur le sofa."]
ANSWERS = [
    "Le chat dort sur le canapé.",
    "Le chat dort sur un sofa.",
    "Un chien mange.",
    "le chat",
    "Chat",
    "",
    "Il",
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_scores_are_those_of_sacrebleu(answer: str) -> None:
    bleu, chrf = Bleu().score_text(answer, REFERENCES), Chrf().score_text(answer, REFERENCES)
    assert bleu["bleu"] == pytest.approx(min(sacrebleu.sentence_bleu(answer, REFERENCES).score / 100, 1.0))
    assert chrf["chrf"] == pytest.approx(min(sacrebleu.sentence_chrf(answer, REFERENCES).score / 100, 1.0))


def test_the_right_translation_has_one_and_an_empty_one_nothing() -> None:
    for metric in (Bleu(), Chrf()):
        (name,) = metric.names
        assert metric.score_text(REFERENCES[1], REFERENCES)[name] == pytest.approx(1.0)
        assert metric.score_text("", REFERENCES)[name] == 0.0


def test_several_references_are_used_at_once() -> None:
    mixed = "Le chat dort sur le sofa canapé."
    both = Bleu().score_text(mixed, ["Le chat dort sur le sofa", "sofa canapé."])["bleu"]
    assert both > max(
        Bleu().score_text(mixed, [each])["bleu"] for each in ("Le chat dort sur le sofa", "sofa canapé.")
    )


def test_options_drop_case_cut_characters_and_add_words() -> None:
    assert Bleu().score_text("LE CHAT DORT SUR", ["le chat dort sur"])["bleu"] < 0.1
    assert Bleu(lowercase=True).score_text("LE CHAT DORT SUR", ["le chat dort sur"])["bleu"] == 1.0
    assert Chrf(lowercase=True).score_text("LE CHAT", ["le chat"])["chrf"] == pytest.approx(1.0)
    assert Bleu().score_text("我爱北京天", ["我爱北京人"])["bleu"] == 0.0
    assert Bleu(tokenize="zh").score_text("我爱北京天", ["我爱北京人"])["bleu"] > 0.5
    answer = "Le chat sur le canapé dort."
    assert (
        Chrf(word_order=2).score_text(answer, REFERENCES)["chrf"]
        == pytest.approx(sacrebleu.sentence_chrf(answer, REFERENCES, word_order=2).score / 100)
        != pytest.approx(Chrf().score_text(answer, REFERENCES)["chrf"])
    )


@given(st.text(max_size=50), st.lists(st.text(max_size=50), min_size=1, max_size=3))
def test_any_text_has_a_score(answer: str, references: list[str]) -> None:
    assert 0.0 <= Bleu().score_text(answer, references)["bleu"] <= 1.0
    assert 0.0 <= Chrf().score_text(answer, references)["chrf"] <= 1.0
