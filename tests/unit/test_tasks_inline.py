"""Tasks written out in an experiment file, and headings of documents."""

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.tasks.documents import read_document
from harness.tasks.loading import load_tasks
from tests.conftest import TaskWriter

INLINE = {
    "name": "inline",
    "kind": "choice",
    "metrics": ["choice_accuracy"],
    "items": {"train": "data.csv", "test": "data.csv"},
    "fields": {"input": "text", "target": "queue"},
}


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    (tmp_path / "data.csv").write_text("text,queue\nmy card is lost,K1\nwhere is my parcel,K2\n")
    return tmp_path / "a.yaml"


def test_a_task_written_out_in_place_finds_its_files_beside_the_experiment(experiment: Path) -> None:
    (task,) = load_tasks([INLINE], experiment)
    assert task.task.choices == ("K1", "K2")
    assert [item.input for item in task.test] == ["my card is lost", "where is my parcel"]


def test_its_faults_name_the_entry(experiment: Path) -> None:
    with pytest.raises(InputError, match=r"a\.yaml: tasks\.1: metrics\.0: is not a known metric"):
        load_tasks([INLINE, INLINE | {"name": "b", "metrics": ["acuracy"]}], experiment)
    with pytest.raises(InputError, match=r"a\.yaml: tasks: two tasks have the same name \(got inline\)"):
        load_tasks([INLINE, INLINE], experiment)


def test_references_and_written_out_tasks_stand_side_by_side(
    experiment: Path, write_task: TaskWriter
) -> None:
    write_task()
    names = [task.task.name for task in load_tasks(["tasks/capitals", INLINE], experiment)]
    assert names == ["capitals", "inline"]


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("# Leave\n\nTen days.\n", "Leave", "Ten days.\n"),
        ("Ten days.\n# Leave\nMore.", "Leave", "Ten days.\n# Leave\nMore."),
        ("# Leave\n", "Leave", "# Leave\n"),
        ("Ten days.", "file", "Ten days."),
    ],
)
def test_the_opening_heading_is_the_title_and_not_the_text(
    tmp_path: Path, text: str, title: str, body: str
) -> None:
    (tmp_path / "file.md").write_text(text)
    document = read_document(tmp_path / "file.md", "file")
    assert (document.title, document.text) == (title, body)
