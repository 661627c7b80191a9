"""What every method of tuning keeps to; those that there are, are found and not listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.models.transformers.pristine import digest_of_module
from strategies.tuning.files import number_of, saved_shapes
from strategies.tuning.method import Method, known_methods, method_named
from strategies.tuning.modules import multiplied
from tests.unit._training import load

IDS = torch.arange(5, 25)[None]


@pytest.fixture(scope="module")
def base(tiny_model):
    return load(tiny_model)


@pytest.fixture(params=known_methods())
def method(request: pytest.FixtureRequest) -> Method:
    kind: Any = method_named(request.param)
    assert kind.name == request.param
    made: Method = kind(kind.options_type())
    return made


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model.eval()(input_ids=IDS).logits
    return found


def learned(method: Method, base: Any, folder: Path) -> Any:
    """Return a model that was trained for a few steps, and saved in a folder that is made."""
    folder.mkdir()
    torch.manual_seed(0)
    model = method.begin(base.fresh("none")[0], None, "e.yaml").train()
    learning = [each for each in model.parameters() if each.requires_grad]
    optimiser = torch.optim.SGD(learning, lr=1.0)
    for _ in range(2):
        model(input_ids=IDS, labels=IDS).loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    method.save(model, folder)
    return model


def test_what_it_saves_is_all_that_learned(method, base, tmp_path):
    model = learned(method, base, tmp_path / "saved")
    assert not torch.equal(logits(model), logits(base.fresh("none")[0]))
    torch.manual_seed(1)
    other = method.begin(base.fresh("none")[0], None, "e.yaml")
    method.restore(other, tmp_path / "saved")
    assert torch.equal(logits(other), logits(model))
    assert [n for n, each in other.named_parameters() if each.requires_grad] == [
        n for n, each in model.named_parameters() if each.requires_grad
    ]


def test_what_it_publishes_answers_as_what_was_trained_and_is_told_apart(method, base, tmp_path):
    trained = logits(learned(method, base, tmp_path / "saved"))
    contents = []
    for name in ("once", "twice"):
        (tmp_path / name).mkdir()
        method.publish(tmp_path / "saved", tmp_path / name, base.name, "float32")
        contents.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert contents[0] == contents[1]
    saved = method.saved(tmp_path / "once")
    saved.check_files()
    assert {path.name for path in saved.files} == contents[0].keys()
    module = base.fresh("none")[0]
    before = digest_of_module(module)
    answering = saved.attach(module)
    assert torch.equal(logits(answering), trained)
    under = saved.detach(answering)
    assert under is None or digest_of_module(under) == before
    if saved.mergeable:
        merged = logits(saved.attach(base.fresh("none")[0], merge=True))
        assert torch.allclose(merged, trained, atol=1e-4)
    told = saved.digest()
    saved.weights.write_bytes(saved.weights.read_bytes()[:-1] + b"\0")
    assert saved.digest() != told


def test_it_says_what_it_trains_and_what_that_costs(method, base, tmp_path):
    learned(method, base, tmp_path / "saved")
    found = method.trains(base.empty(), "e.yaml")
    assert json.loads(json.dumps(found.record))
    forward = 2 * sum(multiplied(base.empty()).values())
    shapes = saved_shapes(method.saved(tmp_path / "saved").weights)
    cost = method.flops(multiplied(base.empty()), shapes)
    assert 2 * forward < cost <= 2 * forward + 6 * number_of(shapes)
