"""The schema of ``task.yaml``, with a description of every key."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from harness.config import Options
from harness.tasks.fields import FieldNames, Text
from harness.types import AnswerRule, Extraction, Kind, MetricSpec, Role

FileFormat = Literal["jsonl", "csv", "parquet", "arrow"]
RowFormat = Literal[
    "alpaca", "sharegpt", "openai",
    "ag_news", "arc", "banking77", "boolq", "cnn_dailymail", "commonsenseqa", "copa", "gsm8k", "hellaswag",
    "imdb", "mmlu", "nli", "openbookqa", "piqa", "race", "sciq", "siqa", "squad", "sst2", "truthfulqa_mc1",
    "winogrande", "xsum",
]  # fmt: skip
Format = Literal[FileFormat, RowFormat]


class Source(Options):
    """Where the items of one split come from: a file (``path``) or a data set (``dataset``)."""

    path: str | None = Field(default=None, description="A file, relative to task.yaml.")
    format: Format | None = Field(
        default=None,
        description="How to read the file, by default told from its suffix, or the layout of its rows.",
    )
    columns: tuple[Text, ...] = Field(
        default=(), description="Names of the columns of a CSV file that has no header, in their order."
    )
    dataset: str | None = Field(
        default=None, description="Instead of a path: a local folder or a hub id for `datasets`."
    )
    config: str | None = Field(default=None, description="Configuration of the data set.")
    split: str | None = Field(
        default=None, description="Split of the data set; by default the one of the same name."
    )

    @model_validator(mode="after")
    def _one_place(self) -> Source:
        if (self.path is None) == (self.dataset is None):
            raise ValueError("needs either path or dataset")
        if self.dataset is None and (self.config is not None or self.split is not None):
            raise ValueError("config and split go with dataset, not with path")
        if self.columns and self.path is None:
            raise ValueError("columns go with the path of a CSV file")
        if self.path is None and self.format in get_args(FileFormat):
            raise ValueError(f"format {self.format} goes with path, not with dataset")
        return self


def _written_out_source(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


SourceField = Annotated[
    Source | None, BeforeValidator(_written_out_source, json_schema_input_type=str | Source | None)
]


class Carve(Options):
    """Shares of the train items that become other splits; items with the same input stay together."""

    validation: float = Field(default=0.0, ge=0.0, lt=1.0, description="Share that becomes validation.")
    test: float = Field(default=0.0, ge=0.0, lt=1.0, description="Share that becomes test.")
    seed: int = Field(default=0, description="Another seed gives another choice of items.")

    @model_validator(mode="after")
    def _leaves_something(self) -> Carve:
        if not 0.0 < self.validation + self.test < 1.0:
            raise ValueError("validation and test together must be more than 0 and less than 1")
        return self


class ItemSources(Options):
    """The splits. Only ``test`` is needed; few-shot and fine-tuning learn from ``train``."""

    train: SourceField = Field(default=None, description="What strategies learn from.")
    validation: SourceField = Field(default=None, description="What training is stopped by.")
    test: SourceField = Field(default=None, description="What is asked and scored.")
    split: Carve | None = Field(
        default=None, description="Carve splits that have no file of their own from train."
    )

    @model_validator(mode="after")
    def _complete(self) -> ItemSources:
        carve = self.split or Carve.model_construct(validation=0.0, test=0.0)
        if self.split and self.train is None:
            raise ValueError("split carves from train, and there is no train")
        if self.validation and carve.validation:
            raise ValueError("validation has a source, so split must not carve one")
        if self.test and carve.test:
            raise ValueError("test has a source, so split must not carve one")
        if not self.test and not carve.test:
            raise ValueError("needs test, as a file or as a share in split")
        return self


class AnswerOptions(Options):
    """What of the text that the model wrote is its answer. Reasoning between <think> tags never is."""

    after: str = Field(default="", description="The answer stands behind the last occurrence of this text.")
    extract: Extraction = Field(
        default="whole",
        description="The part that is the answer. json: the first object; number: the last number; choice: "
        "the choice that is named; regex: what `pattern` finds.",
    )
    pattern: str = Field(
        default="",
        max_length=500,
        description="Regular expression for `extract: regex`; its first group is the answer, or the match.",
    )

    @model_validator(mode="after")
    def _pattern_goes_with_regex(self) -> AnswerOptions:
        if (self.extract == "regex") != bool(self.pattern):
            raise ValueError("pattern goes with extract: regex, and only with it")
        return self

    def rule(self) -> AnswerRule:
        """Return the rule in the form that tasks use."""
        return AnswerRule(**self.model_dump())


def _written_out_answer(value: Any) -> Any:
    """Write out `answer: number`, `answer: {extract: {after: "Answer:"}}` and the like for `regex`."""
    if isinstance(value, str):
        return {"extract": value}
    if isinstance(value, dict) and isinstance(value.get("extract"), dict):
        rest, short = {k: v for k, v in value.items() if k != "extract"}, dict(value["extract"])
        if "regex" in short:
            short |= {"extract": "regex", "pattern": short.pop("regex")}
        return rest | short
    return value


AnswerField = Annotated[
    AnswerOptions, BeforeValidator(_written_out_answer, json_schema_input_type=str | AnswerOptions)
]


class CorpusSource(Options):
    """The documents: a folder of files, or a table (JSONL, CSV, Parquet) with named columns."""

    path: str = Field(description="A folder, a table or one document, relative to task.yaml.")
    id: str = Field(default="id", description="A table's column of the document's id.")
    title: str = Field(default="title", description="A table's column of the title; may be missing.")
    text: str = Field(default="text", description="A table's column of the text.")
    columns: tuple[Text, ...] = Field(
        default=(), description="Names of the columns of a CSV file that has no header, in their order."
    )


CorpusField = Annotated[
    CorpusSource | None,
    BeforeValidator(_written_out_source, json_schema_input_type=str | CorpusSource | None),
]


class MetricEntry(Options):
    """A metric with its options; ``use`` names it and every other key is an option."""

    model_config = ConfigDict(frozen=True, extra="allow")

    use: str = Field(min_length=1, description="Id of the metric, or package.module:Class.")

    def spec(self) -> MetricSpec:
        """Return the entry as the record that the runner keeps."""
        return MetricSpec(use=self.use, options=dict(self.model_extra or {}))


def _written_out_metric(value: Any) -> Any:
    return {"use": value} if isinstance(value, str) else value


MetricField = Annotated[
    MetricEntry, BeforeValidator(_written_out_metric, json_schema_input_type=str | MetricEntry)
]


class TaskFile(Options):
    """A task: what is asked, where the items are, and how the answers are judged."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$",
        description="Unique among the tasks of an experiment, such as orders or meridian/orders.",
    )
    version: int = Field(default=1, ge=1, description="Raise it when the task changes its meaning.")
    kind: Kind = Field(
        description="generate: the model writes the answer. choice: it picks the likeliest of the choices."
    )
    role: Role = Field(
        default="target", description="target: what we adapt to. retention: what must not be forgotten."
    )
    description: str = Field(default="", description="For people; no model sees it.")
    instruction: str = Field(default="", description="Jinja2 template of the system turn.")
    prompt: str = Field(default="{{ input }}", description="Jinja2 template of the user turn.")
    choices: tuple[Text, ...] = Field(
        default=(),
        description="Options of every item of a choice task; by default the train targets, sorted.",
    )
    metrics: tuple[MetricField, ...] = Field(
        min_length=1, description="Names, or {use: name, option: value}; the first one is the primary."
    )
    max_new_tokens: int = Field(default=64, ge=1, description="Longest answer, in tokens.")
    stop: tuple[str, ...] = Field(default=(), description="Strings that end an answer.")
    answer: AnswerField = Field(
        default=AnswerOptions(), description="What of the written text is the answer; else all of it."
    )
    refusal: str | None = Field(
        default=None, description="The answer expected where the question has none, such as `not found`."
    )
    random_baseline: float | None = Field(
        default=None,
        ge=0.0,
        le=1.0,
        description="Primary score of a guess; by default 1 / choices for a choice task, else 0.",
    )
    right_from: float | None = Field(
        default=None,
        gt=0.0,
        le=1.0,
        description="Primary score from which on an answer counts as right; by default above one half.",
    )
    items: ItemSources = Field(description="Where the items of each split come from.")
    fields: FieldNames = Field(default=FieldNames(), description="Which column holds what.")
    corpus: CorpusField = Field(default=None, description="The documents that retrieval searches.")
    corpus_holds_answers: bool = Field(
        default=True,
        description="False: the corpus must not hold the test answers; validation then names those it does.",
    )

    cluster: str | None = Field(
        default=None,
        description="What makes items alike, `documents` or a column: those that share it are one group.",
    )

    @model_validator(mode="after")
    def _choices_belong_to_choice(self) -> TaskFile:
        if self.kind == "generate" and self.choices:
            raise ValueError("choices go with kind choice, and this task's kind is generate")
        if len(set(self.choices)) != len(self.choices):
            raise ValueError("a choice stands twice")
        if self.kind == "generate" and self.answer.extract == "choice":
            raise ValueError("answer.extract: choice goes with kind choice, and this task's kind is generate")
        if self.kind == "choice" and self.answer.extract != "choice" and self.answer != AnswerOptions():
            raise ValueError("answer of a choice task is left out, or has extract: choice")
        return self


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of ``task.yaml``."""
    schema = TaskFile.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Trilemma task.yaml",
    }
