"""Which kinds of models answer: those that write from left to right, also where they see images too."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from harness.errors import InputError
from harness.models.transformers.model import TransformersModel
from harness.models.transformers.options import TransformersOptions
from harness.powers import answered
from harness.types import Decoding, Generation, Message, Request

N_TOKENS = 500
IMAGE = 490
SMALL: dict[str, Any] = {
    "vocab_size": N_TOKENS,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": 1,
    "pad_token_id": 0,
}
EYES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 14,
}
BERT = transformers.BertConfig(
    vocab_size=N_TOKENS, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
)


def gemma3() -> Any:
    text = transformers.Gemma3TextConfig(**SMALL, head_dim=8, sliding_window=256)
    config = transformers.Gemma3Config(
        text_config=text,
        vision_config=transformers.SiglipVisionConfig(**EYES),
        image_token_index=IMAGE,
        boi_token_index=IMAGE + 1,
        eoi_token_index=IMAGE + 2,
        mm_tokens_per_image=4,
    )
    return transformers.Gemma3ForConditionalGeneration(config)


def mistral3() -> Any:
    config = transformers.Mistral3Config(
        text_config=transformers.MistralConfig(**SMALL),
        vision_config=transformers.PixtralVisionConfig(**EYES),
        image_token_index=IMAGE,
    )
    return transformers.Mistral3ForConditionalGeneration(config)


def smolvlm() -> Any:
    config = transformers.SmolVLMConfig(
        text_config=transformers.LlamaConfig(**SMALL),
        vision_config=dict(EYES),
        image_token_id=IMAGE,
        scale_factor=2,
    )
    return transformers.SmolVLMForConditionalGeneration(config)


def qwen_vl() -> Any:
    rope = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}
    config = transformers.Qwen2_5_VLConfig(
        text_config=SMALL | {"rope_parameters": rope},
        vision_config={
            "depth": 1,
            "hidden_size": 32,
            "intermediate_size": 32,
            "out_hidden_size": 32,
            "num_heads": 2,
            "fullatt_block_indexes": [0],
        },
        image_token_id=IMAGE,
        video_token_id=IMAGE + 1,
        vision_start_token_id=IMAGE + 2,
        vision_end_token_id=IMAGE + 3,
    )
    return transformers.Qwen2_5_VLForConditionalGeneration(config)


def mllama() -> Any:
    text = SMALL | {"num_hidden_layers": 3, "cross_attention_layers": [1]}
    eyes = {
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_global_layers": 1,
        "attention_heads": 2,
        "image_size": 28,
        "patch_size": 14,
        "vision_output_dim": 64,
        "intermediate_layers_indices": [0],
        "supported_aspect_ratios": [[1, 1]],
    }
    config = transformers.MllamaConfig(text_config=text, vision_config=eyes, image_token_index=IMAGE)
    return transformers.MllamaForConditionalGeneration(config)


def paligemma() -> Any:
    config = transformers.PaliGemmaConfig(
        text_config=transformers.GemmaConfig(**SMALL, head_dim=8),
        vision_config=transformers.SiglipVisionConfig(**EYES, projection_dim=32),
        image_token_index=IMAGE,
        projection_dim=32,
        hidden_size=32,
    )
    return transformers.PaliGemmaForConditionalGeneration(config)


def saved(make: Callable[[], Any], tokenizer_from: Path, folder: Path) -> Any:
    """Save a random model with the tiny model's tokenizer, and return it."""
    torch.manual_seed(3)
    module = make().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(3 if parameter.dim() > 1 else 1)
    module.save_pretrained(folder)
    for path in tokenizer_from.glob("*"):
        if path.name.startswith(("tokenizer", "chat_template")):
            shutil.copy(path, folder / path.name)
    return module


def asked(text: str, choices: tuple[str, ...] = ()) -> Request:
    messages = (Message(role="user", content=text),)
    return Request(
        task="t", item_id=text, messages=messages, choices=choices, decoding=Decoding(max_new_tokens=8)
    )


@pytest.mark.parametrize("make", [gemma3, mistral3, smolvlm, qwen_vl, mllama])
def test_a_model_of_images_answers_text_as_the_plain_way_does(
    tiny_model: Path, tmp_path: Path, make: Callable[[], Any]
) -> None:
    plain = saved(make, tiny_model, tmp_path)
    model = TransformersModel(TransformersOptions(path=str(tmp_path)))
    model.check()
    requests = [asked("Where" + " is place" * n) for n in range(3)]
    for request, answer in zip(requests, answered(model, requests), strict=True):
        ids = model._ids(request)
        with torch.inference_mode():
            row = plain.generate(
                input_ids=torch.tensor([ids]),
                attention_mask=torch.ones(1, len(ids), dtype=torch.long),
                generation_config=transformers.GenerationConfig(
                    max_new_tokens=8, do_sample=False, pad_token_id=0, eos_token_id=1
                ),
            )[0, len(ids) :]
        assert isinstance(answer, Generation)
        assert answer.text == model.tokenizer.decode(row, skip_special_tokens=True).strip()
    chosen = asked("Which?", ("positive", "queue A"))
    (scored,) = answered(model, [chosen])
    assert isinstance(scored, Generation)
    prompt = model._ids(chosen)
    for choice in scored.choices:
        ids = [*model._prompts.encode(choice.text), 1]
        with torch.inference_mode():
            found = plain(input_ids=torch.tensor([prompt + ids])).logits[0].log_softmax(-1)
        expected = sum(float(found[len(prompt) - 1 + i, token]) for i, token in enumerate(ids))
        assert choice.log_likelihood == pytest.approx(expected, abs=1e-4)


def test_a_model_of_images_that_reads_in_both_directions_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    saved(paligemma, tiny_model, tmp_path)
    with pytest.raises(InputError, match="reads in both directions"):
        TransformersModel(TransformersOptions(path=str(tmp_path))).fresh("none")


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: transformers.BertForMaskedLM(BERT), "masked language model"),
        (lambda: transformers.BertLMHeadModel(BERT), "reads in both directions"),
        (lambda: transformers.BertModel(BERT), "no output head"),
        (lambda: transformers.LlamaModel(transformers.LlamaConfig(**SMALL)), "no output head"),
        (
            lambda: transformers.LlamaForSequenceClassification(transformers.LlamaConfig(**SMALL)),
            "writes text",
        ),
        (
            lambda: transformers.T5ForConditionalGeneration(
                transformers.T5Config(
                    vocab_size=N_TOKENS, d_model=32, d_ff=32, num_layers=1, num_heads=2, d_kv=16
                )
            ),
            "encoder-decoder",
        ),
        (lambda: transformers.SiglipVisionModel(transformers.SiglipVisionConfig(**EYES)), ""),
    ],
)
def test_other_kinds_are_refused_by_name_before_their_weights_are_read(
    tiny_model: Path, tmp_path: Path, make: Callable[[], Any], problem: str
) -> None:
    saved(make, tiny_model, tmp_path)
    for path in tmp_path.glob("*.safetensors"):
        path.unlink()
    with pytest.raises(InputError, match=rf"{problem}.*name a causal language model; .* `embedder`"):
        TransformersModel(TransformersOptions(path=str(tmp_path))).check()


def test_a_folder_of_sentence_transformers_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    (folder / "modules.json").write_text('[{"type": "sentence_transformers.models.Transformer"}]')
    with pytest.raises(InputError, match="is an embedding model"):
        TransformersModel(TransformersOptions(path=str(folder))).check()


@pytest.mark.parametrize("stated", [None, ["LlamaForCausalLM"], ["LLaMAForCausalLM"]])
def test_a_causal_model_may_be_stated_in_other_ways_or_not_at_all(
    tiny_model: Path, tmp_path: Path, stated: list[str] | None
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"architectures": stated}))
    TransformersModel(TransformersOptions(path=str(folder))).check()
