"""A task loads whole, and every fault in it is one line that names its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.errors import InputError
from harness.tasks.loading import load_task
from harness.tasks.references import builtin_tasks, resolve_tasks

ROWS = [{"input": f"question {n}", "target": f"answer {n}"} for n in range(20)]


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_task(folder: Path, test: list[dict[str, Any]] = ROWS, **keys: Any) -> Path:
    """Write a task that loads, with the given keys changed (None leaves one out); return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder / "test.jsonl", test)
    spec = {
        "name": "mine",
        "kind": "generate",
        "metrics": ["exact_match"],
        "items": {"test": "test.jsonl"},
        **keys,
    }
    text = yaml.safe_dump({key: value for key, value in spec.items() if value is not None})
    (folder / "task.yaml").write_text(text, encoding="utf-8")
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_task(folder)
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(str(folder))
    return line.removeprefix(str(folder) + "/")


# --- What loads ---


def test_a_task_loads_from_its_folder_or_its_file(tmp_path: Path) -> None:
    folder = write_task(
        tmp_path, instruction="Be brief.", metrics=["exact_match", {"use": "token_f1", "b": 2}]
    )
    loaded = load_task(folder)
    again = load_task(folder / "task.yaml")
    assert (loaded.data, loaded.place, list(loaded.test)) == (again.data, again.place, list(again.test))
    assert [(item.id, item.targets) for item in loaded.test[:2]] == [
        ("test-1", ("answer 0",)),
        ("test-2", ("answer 1",)),
    ]
    assert loaded.task.metrics[1].options == {"b": 2}
    assert (loaded.data.train, loaded.data.validation, loaded.data.corpus) == ((), (), ())


def test_the_digests_follow_what_is_asked_and_how_it_is_judged_and_nothing_else(tmp_path: Path) -> None:
    def digests(name: str, text: str = "a", **keys: Any) -> tuple[str, str]:
        folder = tmp_path / name
        (folder / "docs").mkdir(parents=True)
        (folder / "docs" / "a.md").write_text(text, encoding="utf-8")
        task = load_task(write_task(folder, corpus="docs", **keys)).task
        return task.digest, task.judging

    asked, judged = digests("a")
    assert len(asked) == 64
    assert digests("b") == (asked, judged)
    assert digests("c", description="for people") == (asked, judged)
    other_questions = [
        digests("d", text="b"),
        digests("e", test=[*ROWS[:-1], {"input": "x", "target": ROWS[-1]["target"]}]),
        digests("f", prompt="Q: {{ input }}"),
        digests("h", max_new_tokens=3),
    ]
    assert len({asked, *(digest for digest, _ in other_questions)}) == 5
    assert {judging for _, judging in other_questions} == {judged}
    assert digests("m", metrics=["exact_match", "token_f1"]) == (asked, judged)  # decided by the same
    judged_otherwise = [
        digests("g", metrics=["token_f1"]),
        digests("i", metrics=[{"use": "exact_match", "casefold": False}]),
        digests("j", answer="number"),
        digests("k", right_from=1.0),
        digests("l", test=[*ROWS[:-1], ROWS[-1] | {"target": "another"}]),
    ]
    assert len({judged, *(judging for _, judging in judged_otherwise)}) == 6
    assert {digest for digest, _ in judged_otherwise} == {asked}


def test_choices_in_words_are_asked_otherwise_than_by_likelihood(tmp_path: Path) -> None:
    def asked(name: str, **keys: Any) -> str:
        (tmp_path / name).mkdir()
        return load_task(write_task(tmp_path / name, kind="choice", choices=["a", "b"], **keys)).task.digest

    test = [{"input": "q", "target": "a"}]
    metrics = ["choice_accuracy"]
    scored, words = (
        asked("s", test=test, metrics=metrics),
        asked("w", test=test, metrics=metrics, answer="choice"),
    )
    assert scored != words


def test_choices_come_from_the_train_targets_when_nothing_names_them(tmp_path: Path) -> None:
    write_rows(tmp_path / "train.jsonl", [{"input": str(n), "target": t} for n, t in enumerate("cabac")])
    write_task(tmp_path, kind="choice", items={"train": "train.jsonl", "test": "test.jsonl"})
    task = load_task(tmp_path).task
    assert task.choices == ("a", "b", "c")
    assert task.random_baseline == pytest.approx(1 / 3)


def test_the_random_baseline_is_that_of_a_guess(tmp_path: Path) -> None:
    test = [
        {"input": "q", "target": "a", "choices": ["a", "b"]},
        {"input": "r", "target": "a", "choices": ["a", "b", "c", "d"]},
    ]
    assert load_task(write_task(tmp_path, test, kind="choice")).task.random_baseline == pytest.approx(0.375)
    assert (
        load_task(write_task(tmp_path, test, kind="choice", random_baseline=0.1)).task.random_baseline == 0.1
    )
    assert load_task(write_task(tmp_path)).task.random_baseline == 0.0


def test_splits_are_carved_from_train_by_content_alone(tmp_path: Path) -> None:
    def load(name: str, rows: list[dict[str, Any]], seed: int = 0) -> dict[str, set[str]]:
        folder = tmp_path / name
        folder.mkdir()
        write_rows(folder / "all.jsonl", rows)
        items = {"train": "all.jsonl", "split": {"validation": 0.1, "test": 0.25, "seed": seed}}
        loaded = load_task(write_task(folder, items=items))
        assert {item.split for item in loaded.test} == {"test"}
        assert {item.split for item in loaded.data.validation} == {"validation"}
        parts = {"train": loaded.data.train, "validation": loaded.data.validation, "test": loaded.test}
        return {name: {item.input for item in items} for name, items in parts.items()}

    first = load("a", ROWS)
    assert {name: len(inputs) for name, inputs in first.items()} == {"train": 13, "validation": 2, "test": 5}
    assert load("b", ROWS[::-1]) == first
    assert load("c", ROWS, seed=1) != first
    doubled = load("d", ROWS + [{**row, "input": row["input"].upper() + " "} for row in ROWS])
    assert all({text.lower().strip() for text in doubled[name]} == first[name] for name in first)


def test_carving_keeps_together_what_asks_the_same_and_not_what_shares_a_column(tmp_path: Path) -> None:
    rows = [{"input": "Does it follow?", "text": f"text {n // 2}", "target": "yes"} for n in range(20)]
    items = {"train": "test.jsonl", "split": {"test": 0.3}}
    loaded = load_task(write_task(tmp_path, rows, items=items, prompt="{{ input }} {{ text }}"))
    texts = [[item.metadata["text"] for item in part] for part in (loaded.data.train, loaded.test)]
    assert [len(part) for part in texts] == [14, 6]
    assert not set(texts[0]) & set(texts[1])


def test_carving_everything_away_is_refused(tmp_path: Path) -> None:
    items = {"train": "test.jsonl", "split": {"validation": 0.5, "test": 0.4}}
    line = refusal(write_task(tmp_path, ROWS[:2], items=items))
    assert "items.split: leaves no train item of 2 different questions" in line


def test_a_corpus_folder_is_read_deep(tmp_path: Path) -> None:
    (tmp_path / "docs" / "b").mkdir(parents=True)
    (tmp_path / "docs" / "b" / "two.txt").write_bytes(b"\xef\xbb\xbfplain\r\ntext")
    (tmp_path / "docs" / "one.md").write_text("intro\n# Heading\nbody", encoding="utf-8")
    (tmp_path / "docs" / "picture.png").write_bytes(b"\xff")
    (tmp_path / "docs" / ".hidden.md").write_text("no", encoding="utf-8")
    corpus = load_task(write_task(tmp_path, corpus="docs")).data.corpus
    assert [(d.id, d.title, d.text) for d in corpus] == [
        ("b/two", "two", "plain\ntext"),
        ("one", "Heading", "intro\n# Heading\nbody"),
    ]


def test_a_corpus_file_may_name_its_columns(tmp_path: Path) -> None:
    write_rows(
        tmp_path / "docs.jsonl",
        [{"key": 1, "body": "text", "head": "T"}, {"key": 2, "body": "more", "head": None}],
    )
    mapping = {"path": "docs.jsonl", "id": "key", "text": "body", "title": "head"}
    corpus = load_task(write_task(tmp_path, corpus=mapping)).data.corpus
    assert [(d.id, d.title, d.text) for d in corpus] == [("1", "T", "text"), ("2", "", "more")]


# --- What is refused ---


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"kidn": "x"}, "task.yaml: kidn: is not a known key; did you mean 'kind'?"),
        ({"name": None}, "task.yaml: name: is missing"),
        ({"name": "a b"}, "task.yaml: name: string should match pattern"),
        ({"kind": "chat"}, "task.yaml: kind: input should be 'generate' or 'choice' (got chat)"),
        (
            {"metrics": ["exact_mach"]},
            "task.yaml: metrics.0: is not a known metric (got exact_mach); did you mean 'exact_match'?",
        ),
        ({"metrics": []}, "task.yaml: metrics: "),
        ({"metrics": [{"name": "x"}]}, "task.yaml: metrics.0.use: is missing"),
        (
            {"max_new_tokens": 0},
            "task.yaml: max_new_tokens: input should be greater than or equal to 1 (got 0)",
        ),
        ({"random_baseline": 2}, "task.yaml: random_baseline: "),
        ({"prompt": "{{ input"}, "task.yaml: prompt: line 1 is not a Jinja2 template"),
        ({"instruction": "a\n{% iff x %}"}, "task.yaml: instruction: line 2 is not a Jinja2 template"),
        (
            {"prompt": "{{ input | sparkle }}"},
            "task.yaml: prompt: line 1 is not a Jinja2 template: No filter",
        ),
        (
            {"prompt": "{{ choices | random }}"},
            "task.yaml: prompt: line 1 is not a Jinja2 template: No filter",
        ),
        ({"prompt": "{{ topic }}"}, "item test-1: the template cannot be filled: 'topic' is undefined"),
        ({"prompt": "{{ target }}"}, "item test-1: the template cannot be filled: 'target' is undefined"),
        (
            {"prompt": "{{ input.__class__.__mro__ }}"},
            "item test-1: the template cannot be filled: access to",
        ),
        ({"prompt": "{% include 'x' %}"}, "item test-1: the template cannot be filled"),
        ({"items": {}}, "task.yaml: items: needs test, as a file or as a share in split"),
        ({"items": {"train": "test.jsonl"}}, "task.yaml: items: needs test"),
        ({"items": {"test": "tset.jsonl"}}, "tset.jsonl: there is no such file"),
        (
            {"items": {"test": {"path": "test.jsonl", "dataset": "x"}}},
            "items.test: needs either path or dataset",
        ),
        (
            {"items": {"test": {"paht": "test.jsonl"}}},
            "items.test.paht: is not a known key; did you mean 'path'?",
        ),
        ({"items": {"test": {"path": "test.jsonl", "format": "xml"}}}, "items.test.format: input should be"),
        (
            {"items": {"test": {"path": "test.jsonl", "split": "x"}}},
            "items.test: config and split go with dataset",
        ),
        (
            {"items": {"tests": "test.jsonl"}},
            "task.yaml: items.tests: is not a known key; did you mean 'test'?",
        ),
        ({"items": {"test": "test.jsonl", "split": {"validation": 0.1}}}, "split carves from train"),
        (
            {"items": {"test": "test.jsonl", "train": "test.jsonl", "split": {"test": 0.1}}},
            "test has a source",
        ),
        (
            {"items": {"test": "test.jsonl", "train": "test.jsonl", "split": {}}},
            "items.split: validation and test",
        ),
        (
            {"items": {"train": "test.jsonl", "test": "test.jsonl"}, "fields": {"id": "input"}},
            "task.yaml: id: stands twice (in train and in test) (got question 0)",
        ),
        ({"fields": {"inptu": "x"}}, "task.yaml: fields.inptu: is not a known key; did you mean 'input'?"),
        ({"fields": {"input": "question"}}, "test.jsonl: line 1, field question: is not there"),
        ({"choices": ["a", "b"]}, "choices go with kind choice"),
        ({"kind": "choice", "choices": ["a", "a"]}, "a choice stands twice"),
        (
            {"kind": "choice", "choices": [True, False]},
            "task.yaml: choices.0: must be text, and YAML reads yes",
        ),
        ({"kind": "choice"}, "task.yaml: choices: item test-1 of test has fewer than two choices"),
        ({"corpus": "nowhere"}, "nowhere: there is no such corpus"),
        ({"corpus": "task.yaml"}, "task.yaml: is neither a folder nor a .jsonl file"),
        ({"corpus": {"id": "x"}}, "task.yaml: corpus.path: is missing"),
    ],
)
def test_a_faulty_task_is_refused_in_one_line(tmp_path: Path, keys: dict[str, Any], told: str) -> None:
    assert told in refusal(write_task(tmp_path, **keys))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: [", "task.yaml: line 1"),
        ("name: a\nname: b\n", "the key 'name' stands twice"),
        ("", "task.yaml: the file is empty"),
        ("- a\n- b\n", "task.yaml: must be a mapping"),
    ],
)
def test_what_is_not_a_yaml_mapping_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "task.yaml").write_text(text, encoding="utf-8")
    assert told in refusal(tmp_path)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "docs.jsonl: the corpus is empty"),
        ([{"id": "a", "title": "t"}], "docs.jsonl: line 1, field text: is not there"),
        ([{"text": "a"}], "docs.jsonl: line 1, field id: is not there"),
        ([{"id": "a", "text": None}], "docs.jsonl: line 1, field text: must be text"),
        ([{"id": "a", "text": "  "}], "docs.jsonl: line 1, field text: is empty"),
        ([{"id": "a", "text": "\ud800"}], "docs.jsonl: line 1, field text: must be text"),
        (
            [{"id": "a", "text": "x"}, {"id": "a", "text": "y"}],
            "docs.jsonl: id: two documents have the same id",
        ),
    ],
)
def test_a_faulty_corpus_file_is_refused(tmp_path: Path, rows: list[dict[str, Any]], told: str) -> None:
    write_rows(tmp_path / "docs.jsonl", rows)
    assert told in refusal(write_task(tmp_path, corpus="docs.jsonl"))


def test_a_faulty_corpus_folder_is_refused(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    write_task(tmp_path, corpus="docs")
    assert refusal(tmp_path) == "docs: the corpus is empty; add .md or .txt files"
    (docs / "a.md").write_text("\n", encoding="utf-8")
    assert "docs/a.md: the document is empty" in refusal(tmp_path)
    (docs / "a.md").write_bytes("Straße".encode("latin-1"))
    assert "docs/a.md: line 1: byte 0xdf is not UTF-8" in refusal(tmp_path)
    (docs / "a.md").write_text("text", encoding="utf-8")
    (docs / "a.txt").write_text("text", encoding="utf-8")
    assert "docs: id: two documents have the same id (got a)" in refusal(tmp_path)


def test_an_item_must_name_documents_that_are_there(tmp_path: Path) -> None:
    write_rows(tmp_path / "docs.jsonl", [{"id": "fees", "text": "x"}])
    folder = write_task(tmp_path, [{"input": "q", "target": "a", "documents": ["fee"]}], corpus="docs.jsonl")
    assert "item test-1, documents: is not in the corpus (got fee); did you mean 'fees'?" in refusal(folder)


def test_names_with_line_breaks_stay_in_one_line(tmp_path: Path) -> None:
    rows = [{"id": "a\nb", "input\n": "q", "target": "a"}]
    assert "line 1, field input: is not there; did you mean 'input'?" in refusal(write_task(tmp_path, rows))
    rows = [{"id": "a\nb", "input": "q", "target": "a"}]
    assert "item a b: the template" in refusal(write_task(tmp_path, rows, prompt="{{ x }}"))
    assert "item a b of test has fewer" in refusal(write_task(tmp_path, rows, kind="choice"))


# --- Data sets ---


def dataset_task(folder: Path, **source: Any) -> Path:
    return write_task(folder, kind="choice", choices=["no", "yes"], items={"test": source})


def test_a_data_set_saved_to_disk_gives_label_names(tmp_path: Path) -> None:
    import datasets

    features = datasets.Features(
        {"input": datasets.Value("string"), "target": datasets.ClassLabel(names=["no", "yes"])}
    )
    table = datasets.Dataset.from_dict({"input": ["a", "b"], "target": [1, 0]}, features=features)
    datasets.DatasetDict({"test": table, "dev": table.select([0])}).save_to_disk(str(tmp_path / "saved"))
    loaded = load_task(dataset_task(tmp_path, dataset="saved"))
    assert [(item.input, item.targets) for item in loaded.test] == [("a", ("yes",)), ("b", ("no",))]
    assert len(load_task(dataset_task(tmp_path, dataset="saved", split="dev")).test) == 1
    line = refusal(dataset_task(tmp_path, dataset="saved", split="tests"))
    assert "items.test: split: is not in the data set (got tests); did you mean 'test'?" in line


def test_a_folder_of_data_files_is_a_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "test.csv").write_text("input,target\nq,yes\n", encoding="utf-8")
    (item,) = load_task(dataset_task(tmp_path, dataset="files")).test
    assert (item.id, item.input, item.targets) == ("test-1", "q", ("yes",))


def test_a_data_set_out_of_reach_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    line = refusal(dataset_task(tmp_path, dataset="nobody/nothing-of-that-name"))
    assert "task.yaml: items.test: dataset: cannot be loaded" in line
    assert line.endswith(
        "(got nobody/nothing-of-that-name); give a local folder, or a hub id that can be reached from here"
    )


# --- References ---


def test_references_mean_files_folders_and_globs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = (write_task(tmp_path / "suite" / name, name=name) / "task.yaml" for name in ("one", "two"))
    assert resolve_tasks(["suite"], tmp_path, "x") == [one, two]
    assert resolve_tasks(["suite/two", "suite"], tmp_path, "x") == [two, one]
    assert resolve_tasks(["suite/t*"], tmp_path, "x") == [two]
    assert resolve_tasks([f"{tmp_path}/*/one/task.yaml"], tmp_path, "x") == [one]
    monkeypatch.chdir(tmp_path)
    assert resolve_tasks(["suite/one"], tmp_path / "elsewhere", "x") == [one]


def test_a_name_with_glob_characters_is_a_path_first(tmp_path: Path) -> None:
    folder = write_task(tmp_path / "a[1]")
    assert resolve_tasks(["a[1]"], tmp_path, "x") == [folder / "task.yaml"]


def test_unknown_references_name_the_nearest(tmp_path: Path) -> None:
    write_task(tmp_path / "suite" / "orders")
    (tmp_path / "empty").mkdir()

    def told(ref: str) -> str:
        with pytest.raises(InputError) as caught:
            resolve_tasks([ref], tmp_path, "e.yaml")
        return str(caught.value)

    assert told("suite/order").startswith(
        "e.yaml: tasks.0: there is no such task (got suite/order); did you mean 'suite/orders'?"
    )
    assert "did you mean 'builtin:meridian'?" in told("builtin:meridan")
    assert "did you mean 'builtin:meridian/routing'?" in told("builtin:meridian/ruoting")
    assert "tasks.0: holds no task.yaml (got empty)" in told("empty")


def test_two_tasks_of_one_name_are_refused(tmp_path: Path) -> None:
    write_task(tmp_path / "a")
    write_task(tmp_path / "b")
    with pytest.raises(InputError, match=r"two tasks have the same name .* rename one of them"):
        resolve_tasks(["a", "b"], tmp_path, "e.yaml")
    assert len(resolve_tasks(["a", "a", "a/task.yaml"], tmp_path, "e.yaml")) == 1


def test_a_suite_that_comes_with_trilemma_resolves() -> None:
    files = resolve_tasks(["builtin:meridian"], Path(), "x")
    assert files == builtin_tasks()["meridian"]
    assert resolve_tasks(["builtin:meridian/routing"], Path(), "x")[0] in files


def test_loading_imports_nothing_heavy(tmp_path: Path) -> None:
    import subprocess
    import sys

    write_task(tmp_path)
    program = (
        "import sys; from pathlib import Path; from harness.tasks.loading import load_task; "
        f"load_task(Path({str(tmp_path)!r})); import harness.tasks.validate; "
        "print({'torch', 'transformers', 'datasets', 'pyarrow', 'evaluate', 'pandas'} & set(sys.modules))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.strip() == "set()"


def test_labels_are_taken_without_what_cannot_be_seen_of_them(tmp_path: Path) -> None:
    typed = [
        "spam",
        "spam ",
        " spam",
        "spam\u00a0",
        "\ufeffspam",
        "spam\u200b",
        "caf\u00e9",
        "cafe\u0301",
        "a\u00a0b",
        "a b",
    ]
    rows = [{"input": f"row {n}", "target": label} for n, label in enumerate(typed)]
    items = {"train": "test.jsonl", "test": "test.jsonl"}
    loaded = load_task(write_task(tmp_path, rows, kind="choice", metrics=["choice_accuracy"], items=items))
    assert loaded.task.choices == ("a b", "caf\u00e9", "spam")
    assert loaded.task.random_baseline == pytest.approx(1 / 3)
    assert [item.targets[0] for item in loaded.test][:6] == ["spam"] * 6
    assert loaded.remarks == (
        "items.train: spaces around labels, or what cannot be seen of them, was removed (7 items)",
        "items.test: spaces around labels, or what cannot be seen of them, was removed (7 items)",
    )
    empty = [{"input": "a", "target": " "}, {"input": "b", "target": "x"}, {"input": "c", "target": "y"}]
    (tmp_path / "empty").mkdir()
    loaded = load_task(
        write_task(tmp_path / "empty", empty, kind="choice", metrics=["choice_accuracy"], items=items)
    )
    assert loaded.task.choices == ("x", "y")


def test_answers_that_are_written_keep_their_spaces(tmp_path: Path) -> None:
    loaded = load_task(write_task(tmp_path, [{"input": "a", "target": " x\n"}]))
    assert loaded.test[0].targets == (" x\n",)
    assert loaded.remarks == ()
