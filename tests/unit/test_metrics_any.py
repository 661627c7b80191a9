"""All metrics of the package: one class a module, judged item by item, without a large library."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.metrics import load_metrics
from harness.plugins import allowing, known, load
from harness.scoring import Case
from harness.types import ChoiceScore, Generation
from tests.unit._metrics import case, task

IDS = known("metrics")
TARGETS = {"json_match": '{"city": "Paris"}', "number_match": "12 km"}
CHECKS = {"checks": [{"check": "excludes", "text": "Rome"}, {"check": "words", "max": 5}]}
ODD = [
    "",
    " ",
    "\n",
    "Paris",
    "💥\u200d",
    "\ud800",
    "a" * 5000,
    "?!",
    "北京",
    '{"city": "Paris"}',
    "-1,5e9 ½%",
]


def built(metric_id: str) -> Any:
    return load("metrics", metric_id, "contract", metric_id)()


def prior(*choices: str) -> Generation:
    scored = (ChoiceScore(text=text, log_likelihood=-3.0, n_tokens=1, n_chars=len(text)) for text in choices)
    return Generation(text="", choices=tuple(scored))


def cases_for(metric_id: str, answers: Sequence[str]) -> list[Case]:
    target = TARGETS.get(metric_id, "Paris")
    return [
        case(
            answer,
            target,
            "not found" if metric_id not in TARGETS else target,
            choices=[(target, -1.0), ("Lyon", -len(answer) / 3)],
            documents=["d1", "d2"],
            shown=["d2", answer[:3]],
            refusal="not found",
            metadata=CHECKS,
            prior=prior(target, "Lyon"),
        )
        for answer in answers
    ]


def test_the_metrics_of_the_package_are_found() -> None:
    assert {
        "exact_match",
        "contains",
        "number_match",
        "follows",
        "bleu",
        "chrf",
        "choice_accuracy_pmi",
    } <= set(IDS)


@pytest.mark.parametrize("metric_id", IDS)
def test_a_module_exports_one_class(metric_id: str) -> None:
    kind = load("metrics", metric_id, "contract", metric_id)
    if kind.__module__.startswith("harness.metrics."):
        assert importlib.import_module(f"harness.metrics.{metric_id}").__all__ == [kind.__name__]
    assert kind.__doc__


@pytest.mark.parametrize("metric_id", [metric_id for metric_id in IDS if metric_id != "semantic_similarity"])
def test_an_items_score_depends_on_the_item_alone(metric_id: str) -> None:
    metric, again = built(metric_id), built(metric_id)

    @given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
    def check(answers: list[str]) -> None:
        cases = cases_for(metric_id, answers)
        together = metric.score(cases)
        assert together == [again.score([one])[0] for one in cases]
        assert together == list(reversed(metric.score(list(reversed(cases)))))

    check()


def test_the_documented_example_of_ones_own_metric_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    (source,) = (block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "__all__" in block)
    (tmp_path / "own_length.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with allowing("own_length:Length"):
        (metric,) = load_metrics(task(("own_length:Length", {"most": 3})), "task.yaml")
    assert metric.score([case("abc", "x"), case("abcd", "x")]) == [{"length": 1.0}, {"length": 0.0}]


def test_metrics_work_where_the_home_cannot_be_written_and_load_no_large_library(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    program = (
        "from harness.metrics.exact_match import ExactMatch\n"
        "print(ExactMatch().score_text('Paris.', ['paris']))\n"
        "import sys\n"
        "print(sorted({'evaluate', 'torch', 'datasets'} & set(sys.modules)))\n"
    )
    environment = {
        "HOME": str(tmp_path / "file" / "home"),
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "TMPDIR": str(tmp_path),
    }
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.stdout == "{'exact_match': 1.0}\n[]\n", ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
