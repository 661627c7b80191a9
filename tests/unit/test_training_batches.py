"""What a padded batch teaches is what its examples teach one by one, and only answers need logits."""

from __future__ import annotations

import peft
import pytest
import torch
from transformers.modeling_outputs import CausalLMOutput

from strategies.lora import Lora, LoraOptions
from strategies.qlora import QLora
from strategies.tuning.data import IGNORED
from strategies.tuning.loop import BatchTrainer, collate, takes_answers_only
from tests.unit._training import OPTIONS, colour_task, context, load


def row(prompt: int, answer: int, seed: int) -> dict[str, list[int]]:
    """Make an example of random tokens."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(3, 60, (prompt + answer,), generator=generator).tolist()
    return {"input_ids": ids, "labels": [IGNORED] * prompt + ids[prompt:]}


ROWS = [row(3, 2, 0), row(17, 1, 1), row(9, 6, 2), row(12, 3, 3)]


def adapted(folder):
    """Return the model with a LoRA adapter that changes its outputs."""
    module, _ = load(folder).fresh("none")
    torch.manual_seed(0)
    model = peft.get_peft_model(module, peft.LoraConfig(r=2, target_modules="all-linear"))
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    return model


def learned(model, rows, answers_only):
    """Return the sum of the losses of all answer tokens in one batch, and the gradient of every weight."""
    batch = collate([rows], pad_id=7, answers_only=answers_only)
    loss = model(**batch).loss * (batch["labels"] != IGNORED).sum()
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    return loss.detach(), torch.autograd.grad(loss, weights)


@pytest.mark.parametrize("answers_only", [False, True])
def test_nothing_leaks_between_the_examples_of_a_padded_batch(tiny_model, answers_only):
    """Loss and gradient of a batch are the sums over its examples, each alone and without padding."""
    model = adapted(tiny_model)
    loss, gradients = learned(model, ROWS, answers_only)
    alone = [learned(model, [one], answers_only=False) for one in ROWS]
    assert float(loss) == pytest.approx(sum(float(one) for one, _ in alone), rel=1e-5)
    for gradient, *parts in zip(gradients, *(each for _, each in alone), strict=True):
        assert gradient.abs().max() > 0
        torch.testing.assert_close(gradient, torch.stack(parts).sum(0), rtol=1e-3, atol=1e-5)


def test_another_example_in_the_batch_changes_no_logit_of_the_first(tiny_model):
    model = adapted(tiny_model).eval()
    shown = []
    for other in (row(17, 1, 1), row(17, 1, 8)):
        batch = collate([[ROWS[0], other]], pad_id=7)
        with torch.no_grad():
            shown.append(model(**batch).logits[0, : len(ROWS[0]["input_ids"])])
    assert torch.equal(*shown)


def test_logits_are_asked_where_an_answer_is_predicted_and_nowhere_else(tiny_model):
    batch = collate([ROWS], pad_id=7, answers_only=True)
    predicting = {i - 1 for one in ROWS for i, label in enumerate(one["labels"]) if label != IGNORED}
    assert batch["logits_to_keep"].tolist() == sorted(predicting)
    assert batch["shift_labels"].shape == (len(ROWS), len(predicting))
    logits = adapted(tiny_model)(**batch).logits
    assert logits.shape[:2] == batch["shift_labels"].shape


@pytest.mark.parametrize("kind", [Lora, QLora])
def test_training_asks_for_the_logits_of_answers_alone(tiny_model, tmp_path, monkeypatch, kind):
    asked = []

    def watched(self, inputs):
        asked.append("logits_to_keep" in inputs)
        return original(self, inputs)

    original = BatchTrainer._prepare_inputs
    monkeypatch.setattr(BatchTrainer, "_prepare_inputs", watched)
    place = context(load(tiny_model), tmp_path, colour_task(n_train=4))
    kind(LoraOptions(**(OPTIONS | {"max_steps": 2}))).prepare(place)
    assert len(asked) > 2  # validation asks too
    assert all(asked)


class Embeds(torch.nn.Module):
    """A model that knows only ``labels``, or takes the other arguments and makes something else of them."""

    device = torch.device("cpu")

    def __init__(self, takes: tuple[str, ...]) -> None:
        super().__init__()
        self._takes = takes
        self._embedding = torch.nn.Embedding(20, 20)
        torch.nn.init.normal_(self._embedding.weight, std=0.01)  # so that every loss is nearly ln 20

    def get_input_embeddings(self):
        return self._embedding

    def forward(self, input_ids, labels, attention_mask, **others):
        if set(others) - set(self._takes):
            raise TypeError("unexpected keyword")
        logits = self._embedding(input_ids)
        if "cuts" in self._takes:
            logits = logits[:, others.get("logits_to_keep", slice(None))]
        loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
        return CausalLMOutput(loss=loss, logits=logits)


BOTH = ("logits_to_keep", "shift_labels")


@pytest.mark.parametrize("takes", [(), BOTH, (*BOTH, "cuts")], ids=["neither", "ignores both", "ignores one"])
def test_a_model_that_cannot_be_asked_for_answers_alone_is_asked_for_all(takes):
    assert not takes_answers_only(Embeds(takes))


def test_a_llama_can_be_asked_for_answers_alone(tiny_model):
    assert takes_answers_only(load(tiny_model).fresh("none")[0])
