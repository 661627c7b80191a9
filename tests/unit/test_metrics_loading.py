from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError, MissingDependencyError
from harness.metrics import load_metrics
from harness.plugins import allowing
from tests.unit._metrics import case, task

VOWELS = """
import datasets
import evaluate


class Vowels(evaluate.Metric):
    def _info(self):
        features = {"predictions": datasets.Value("string"), "references": datasets.Value("string")}
        return evaluate.MetricInfo(
            description="", citation="", inputs_description="", features=datasets.Features(features)
        )

    def _compute(self, predictions, references, most=100):
        (answer,), (target,) = predictions, references
        wanted = set(target) & set("aeiou")
        share = len(wanted & set(answer)) / len(wanted)
        return {"length": len(answer), "vowels": share * most, "missed": 1 - share}
"""

SHARED_WORDS = """
import datasets
import evaluate


class SharedWords(evaluate.Metric):
    def _info(self):
        features = {
            "predictions": datasets.Value("string"),
            "references": datasets.Sequence(datasets.Value("string")),
        }
        return evaluate.MetricInfo(
            description="", citation="", inputs_description="", features=datasets.Features(features)
        )

    def _compute(self, predictions, references):
        words = {word for texts in references for text in texts for word in text.split()}
        return {"shared": sum(word in words for word in predictions[0].split()) / len(predictions[0].split())}
"""


@pytest.fixture(autouse=True)
def _allowed() -> Iterator[None]:
    with allowing("json", "collections:Counter", "evaluate"):
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A task file beside which two local metrics lie."""
    folder = tmp_path_factory.mktemp("local-metrics")
    for name, source in (("vowels", VOWELS), ("shared_words", SHARED_WORDS)):
        (folder / "metrics" / name).mkdir(parents=True)
        (folder / "metrics" / name / f"{name}.py").write_text(source)
    return folder / "task.yaml"


def refused(place: Path, *metrics: Any, **task_options: Any) -> str:
    with pytest.raises(InputError) as error:
        load_metrics(task(*metrics, **task_options), place)
    return str(error.value).removeprefix(f"{place}: ")


def test_metrics_come_in_the_tasks_order_with_their_options(place: Path) -> None:
    spec = task(("token_f1", {"articles": True}), "rouge", ("exact_match", {"casefold": False}))
    metrics = load_metrics(spec, place)
    assert [metric.names[0] for metric in metrics] == ["token_f1", "rougeL", "exact_match"]
    assert metrics[0].score([case("the cat", "a cat")]) == [{"token_f1": 1.0}]
    assert metrics[2].score([case("Paris", "paris")]) == [{"exact_match": 0.0}]


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("exactmatch", "metrics.0: is not a known metric (got exactmatch); did you mean 'exact_match'?"),
        (("exact_match", {"case": True}), "metrics.0.case: is not a known key; did you mean 'casefold'?"),
        (("token_f1", {"articles": "si"}), "metrics.0.articles: input should be a valid boolean"),
        (("rouge", {"stem": True}), "metrics.0.stem: is not a known key"),
        ("choice_accuracy", "metrics.0: does not fit a task of the kind generate"),
        ("json:Nothing", "metrics.0: has no such class"),
        (("collections:Counter", {"a": 1}), "metrics.0: is no metric: it has no `names`"),
        (("json:JSONDecoder", {"wrong": 1}), "metrics.0: cannot be built"),
    ],
)
def test_what_cannot_be_loaded_is_named_in_one_line(place: Path, metric: Any, message: str) -> None:
    found = refused(place, metric)
    assert found.startswith(message)
    assert "\n" not in found


def test_a_score_cannot_come_twice(place: Path) -> None:
    assert "metrics.1: gives the score rouge1 a second time" in refused(place, "rouge", "rouge")


def test_a_local_evaluate_metric_is_scored_item_by_item(place: Path) -> None:
    (metric,) = load_metrics(task(("evaluate:metrics/vowels", {"score": "vowels", "best": 100})), place)
    cases = [case("eo", "one"), case("e", "one", "he"), case("x", "one")]
    assert [found["evaluate:metrics/vowels"] for found in metric.score(cases)] == [1.0, 1.0, 0.0]


def test_an_error_rate_is_turned_so_that_one_is_best(place: Path) -> None:
    (metric,) = load_metrics(task(("evaluate:metrics/vowels", {"score": "missed", "best": 0})), place)
    assert [found[metric.names[0]] for found in metric.score([case("e", "one"), case("eo", "one")])] == [
        0.5,
        1.0,
    ]


def test_arguments_reach_compute_and_the_score_is_found_by_itself(place: Path) -> None:
    (metric,) = load_metrics(task(("evaluate:metrics/vowels", {"arguments": {"most": 1}})), place)
    assert metric.score([case("e", "one")]) == [{"evaluate:metrics/vowels": 0.5}]


def test_a_metric_of_several_references_gets_them_all(place: Path) -> None:
    (metric,) = load_metrics(task("evaluate:metrics/shared_words"), place)
    assert metric.score([case("red blue", "red", "blue green")]) == [{"evaluate:metrics/shared_words": 1.0}]


def test_a_scale_that_was_not_told_is_refused(place: Path) -> None:
    found = refused(place, "evaluate:metrics/vowels")
    assert "gives two equal texts no score of 1, but {'length': 28, 'vowels': 100.0, 'missed': 0.0}" in found
    assert "set `score` and `best`" in found


def test_a_hub_metric_that_cannot_be_reached_is_named(place: Path) -> None:
    found = refused(place, "evaluate:no_such_metric_anywhere")
    assert found.startswith("metrics.0: cannot be loaded by evaluate")
    assert "give the path of a folder" in found


def test_without_evaluate_the_extra_to_install_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "harness.metrics._hub", raising=False)
    monkeypatch.setitem(sys.modules, "evaluate", None)
    with pytest.raises(MissingDependencyError, match=r'evaluate.*pip install "trilemma\[metrics\]"'):
        load_metrics(task("evaluate:metrics/vowels"), place)
    assert load_metrics(task("token_f1"), place)[0].names == ("token_f1",)


def test_what_was_shown_is_judged_where_an_item_names_documents(place: Path) -> None:
    named, bare = case("x", "x", documents=["d1"]).item, case("x", "x").item
    wanted, silent = task("exact_match"), task("exact_match", "retrieval")
    assert [metric.names for metric in load_metrics(wanted, place, [bare, named])][1:] == [("recall", "mrr")]
    assert len(load_metrics(wanted, place, [bare])) == 1
    assert len(load_metrics(silent, place, [bare, named])) == 2
    assert "metrics.0: judges what was shown" in refused(place, "retrieval")
