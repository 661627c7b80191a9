"""What SmolLM2 writes, and what it is judged for: the suites measure it, and metrics read its sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import transformers

from harness import powers
from harness.metrics.choice_accuracy_pmi import ChoiceAccuracyPmi
from harness.models.transformers.model import TransformersModel
from harness.progress import SilentProgress
from harness.protocols import PrepareContext
from harness.tasks.answers import extracted
from harness.tasks.prompting import plain_requests, without_input
from harness.types import AnswerRule, Decoding, Generation, Message, Request, TokenUsage
from strategies.few_shot import FewShot, FewShotOptions
from tests.real.conftest import answered, judged, mean, task_of

pytestmark = [pytest.mark.real, pytest.mark.slow]

QUESTIONS = (
    "What is the capital of France?",
    "Name three colours.",
    "Write one sentence about the sea.",
    "What is 2 + 2?",
    "Who wrote Hamlet?",
    "Say hello to Ana in German.",
)
PLAIN = transformers.GenerationConfig(max_new_tokens=16, do_sample=False, pad_token_id=2)


def asked(text: str, tokens: int = 16) -> Request:
    messages = (Message(role="user", content=text),)
    return Request(task="t", item_id=text, messages=messages, decoding=Decoding(max_new_tokens=tokens))


def test_it_is_the_default_and_answers_in_a_sentence(smollm2: TransformersModel) -> None:
    assert smollm2.name == "builtin:smollm2"
    assert smollm2.context_length == 8192
    assert 134e6 < smollm2.identity.parameters < 135e6
    (answer,) = answered(smollm2, [asked(QUESTIONS[0])])
    assert answer.text == "The capital of France is Paris."
    assert answer.stop_reason == "stop"


def test_its_template_has_a_system_line_of_its_own_and_takes_another(smollm2: TransformersModel) -> None:
    user = Message(role="user", content="Hi")
    assert "named SmolLM" in smollm2.render([user])
    own = smollm2.render([Message(role="system", content="Be brief."), user])
    assert "named SmolLM" not in own
    assert own.startswith("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n")
    assert own.endswith("<|im_start|>assistant\n")


def test_a_batch_is_answered_as_transformers_answers_one_by_one(smollm2: TransformersModel) -> None:
    answers = answered(smollm2, [asked(question) for question in QUESTIONS])
    for question, answer in zip(QUESTIONS, answers, strict=True):
        ids = torch.tensor([smollm2._ids(asked(question))])
        with torch.inference_mode():
            plain = smollm2.module.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                generation_config=transformers.GenerationConfig(
                    max_new_tokens=16, do_sample=False, pad_token_id=2
                ),
            )
        text = smollm2.tokenizer.decode(plain[0, ids.shape[1] :], skip_special_tokens=True)
        assert answer.text == text.strip()


def test_choices_have_the_likelihoods_of_one_whole_pass(smollm2: TransformersModel) -> None:
    loaded = task_of("general/sentiment")
    requests = [r for r in plain_requests(loaded.task, loaded.test[:3]) if isinstance(r, Request)]
    for request, answer in zip(requests, answered(smollm2, requests), strict=True):
        prompt = smollm2._ids(request)
        for choice, ids in zip(answer.choices, map(list, smollm2._choices(request).options), strict=True):
            with torch.inference_mode():
                logits = smollm2.module(torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1]
            expected = logits.log_softmax(-1).gather(-1, torch.tensor(ids)[:, None]).sum()
            assert choice.log_likelihood == pytest.approx(float(expected), abs=1e-3)
    found = smollm2.score([r.model_copy(update={"every_choice": False}) for r in requests])
    assert [getattr(each, "text", None) for each in found] == [a.text for a in answered(smollm2, requests)]


@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("general/facts", "contains"),
        ("general/reading", "contains"),
        ("general/arithmetic", "number_match"),
        ("general/sentiment", "choice_accuracy"),
        ("general/translation", "chrf"),
        ("general/chat", "contains"),
    ],
)
def test_a_retention_task_can_show_loss_and_gain(smollm2: TransformersModel, name: str, score: str) -> None:
    found = judged(smollm2, task_of(name), 24)
    assert 0.2 <= mean(found, score) <= 0.95


def test_json_is_taken_out_of_fences_and_sentences(smollm2: TransformersModel) -> None:
    asks = "Give me this as JSON with the keys city and country: {} is in {}."
    places = [("Paris", "France"), ("Rome", "Italy"), ("Oslo", "Norway")]
    answers = answered(smollm2, [asked(asks.format(*place), 64) for place in places])
    assert any(not answer.text.endswith("}") for answer in answers)
    found = [extracted(AnswerRule(extract="json"), answer.text) for answer in answers]
    records = [json.loads(each.text) for each in found if not each.malformed]
    assert any(record.get("city") == "Paris" for record in records)


def test_four_examples_teach_the_records_of_orders(smollm2: TransformersModel, tmp_path: Path) -> None:
    loaded = task_of("meridian/orders")
    context = PrepareContext(
        model=smollm2,
        build=plain_requests,
        tasks=(loaded.data,),
        seed=0,
        artifacts=tmp_path,
        embedder=lambda: pytest.fail("no embedder is needed"),
        progress=SilentProgress(),
    )
    prepared = FewShot(FewShotOptions(k=4, select="fixed")).prepare(context)
    before, after = judged(smollm2, loaded, 12), judged(smollm2, loaded, 12, prepared.build)
    assert mean(after, "json_fields") > mean(before, "json_fields") + 0.2


def test_pmi_judges_choices_against_the_prompt_without_the_text(smollm2: TransformersModel) -> None:
    loaded = task_of("general/sentiment")
    items = loaded.test[:2]
    first, second = (r for r in plain_requests(loaded.task, items) if isinstance(r, Request))
    bare = [
        without_input(loaded.task, item, r.messages) for item, r in zip(items, (first, second), strict=True)
    ]
    assert bare[0] == bare[1]
    assert bare[0][0].content == first.messages[0].content
    (prior,) = answered(smollm2, [first.model_copy(update={"messages": bare[0]})])
    assert {choice.text for choice in prior.choices} == {"positive", "negative", "neutral"}
    assert ChoiceAccuracyPmi.needs.prior
    assert all(choice.log_likelihood < 0 for choice in prior.choices)


def test_the_common_beginning_of_prompts_is_read_once(smollm2: TransformersModel) -> None:
    instruction = Message(role="system", content="Answer in one short sentence. " * 12)
    requests = [
        asked(q, 4).model_copy(update={"messages": (instruction, *asked(q).messages)}) for q in QUESTIONS
    ]
    usage = [answer.usage for answer in powers.answered(smollm2, requests) if isinstance(answer, Generation)]
    assert len(usage) == len(QUESTIONS)
    assert sum(usage, TokenUsage()).cached_prompt > 0.6 * sum(each.prompt for each in usage)
