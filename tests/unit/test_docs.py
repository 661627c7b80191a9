"""What the documentation says of schemas and commands is held against the code."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from harness.analysis import findings
from harness.cli import COMMANDS
from harness.config import Experiment, ModelOptions, load_experiment
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
        findings.StrategyCost,
        findings.StrategyFailure,
        findings.PreparationNote,
        findings.Verdict,
        PrepareCost,
    ],
)
def test_every_field_of_summary_json_is_documented(kind: type[BaseModel]) -> None:
    text = (ROOT / "docs" / "run-folder.md").read_text()
    missing = [name for name in kind.model_fields if f"`{name}`" not in text]
    assert missing == []


def test_every_key_of_an_experiment_is_documented() -> None:
    text = (ROOT / "docs" / "experiments.md").read_text()
    keys = [*Experiment.model_fields, *ModelOptions.model_fields]
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
