"""What the documentation says of schemas and commands is held against the code."""

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from harness.analysis import costs, findings
from harness.cli import COMMANDS
from harness.cli._running import checked
from harness.config import Experiment, load_experiment
from harness.models.transformers.options import TransformersOptions
from harness.types import PrepareCost

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "kind",
    [
        findings.Summary,
        findings.TaskInfo,
        findings.Cell,
        findings.Contrast,
        findings.MacroContrast,
        costs.StrategyCost,
        findings.StrategyFailure,
        findings.PreparationNote,
        findings.RunVerdict,
        PrepareCost,
    ],
)
def test_every_field_of_summary_json_is_documented(kind: type[BaseModel]) -> None:
    text = (ROOT / "docs" / "run-folder.md").read_text()
    missing = [name for name in kind.model_fields if f"`{name}`" not in text]
    assert missing == []


def test_every_key_of_an_experiment_is_documented() -> None:
    text = (ROOT / "docs" / "experiments.md").read_text()
    keys = [*Experiment.model_fields, *TransformersOptions.model_fields]
    missing = [key for key in keys if f"`{key}`" not in text]
    assert missing == []


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.name)
def test_every_experiment_file_parses(path: Path) -> None:
    assert load_experiment(path).strategies


def test_every_command_in_the_readme_exists() -> None:
    text = (ROOT / "README.md").read_text()
    used = set(re.findall(r"trilemma (\w+)", text.replace("trilemma 0", "")))
    assert used
    assert used <= set(COMMANDS)


def test_links_between_pages_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_readmes_own_data_example_is_accepted_as_it_stands(tmp_path: Path) -> None:
    """With the files that it names, in the form that its comments give them."""
    block = next(b for b in re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL))
    (tmp_path / "experiment.yaml").write_text(block)
    (tmp_path / "data" / "manual").mkdir(parents=True)
    (tmp_path / "data" / "manual" / "leave.md").write_text("# Leave\n\nTen days.")
    row = {"input": "How long is leave?", "target": "ten days", "documents": ["leave"]}
    (tmp_path / "data" / "questions.jsonl").write_text(json.dumps(row) + "\n")
    tickets = "text,queue\n" + "".join(f"ticket {n},{'ab'[n % 2]}\n" for n in range(20))
    for name in ("tickets", "tickets-test"):
        (tmp_path / "data" / f"{name}.csv").write_text(tickets.replace("ticket", name))
    experiment = load_experiment(tmp_path / "experiment.yaml")
    chains, tasks = checked(experiment, tmp_path / "experiment.yaml")
    assert [task.task.name for task in tasks][:2] == ["routing", "manual"]
    assert len(chains) == 5
