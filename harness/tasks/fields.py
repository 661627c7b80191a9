"""The mapping ``fields`` of a ``task.yaml``: which column of a row is what."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from harness.config import Options


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be text, and YAML reads yes, no, true and false as truth values: quote it")
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_text, json_schema_input_type=str | int | float)]


class Pick(Options):
    """Where the answer stands: in a ``column``, or among the choices: ``index``, ``letter`` or ``marked``."""

    column: str | None = Field(default=None, description="Holds the answer, or a list of accepted answers.")
    index: str | None = Field(default=None, description="Holds the choice's place, counted from `start`.")
    letter: str | None = Field(default=None, description="Holds the choice's letter, A for the first.")
    marked: str | None = Field(default=None, description="A list with 1 where a choice is right, else 0.")
    start: int = Field(default=0, description="What the first choice's index is.")
    labels: str | None = Field(default=None, description="The choices' labels, where the answer is one.")
    of: tuple[Text, ...] | None = Field(
        default=None, min_length=1, description="What is pointed into, in place of the item's choices."
    )

    @model_validator(mode="after")
    def _one_column(self) -> Pick:
        if sum(name is not None for name in (self.column, self.index, self.letter, self.marked)) != 1:
            raise ValueError("needs one of column, index, letter and marked")
        return self

    @property
    def ref(self) -> str:
        """The reference to the answer in a row."""
        return self.column or self.index or self.letter or self.marked or ""


def _written_out_pick(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


PickField = Annotated[Pick, BeforeValidator(_written_out_pick, json_schema_input_type=str | Pick)]


class FieldNames(Options):
    """Where each part of an item stands in a row: a column, a dotted path, or a Jinja2 expression.

    A column not named here goes to the item's metadata, for templates.
    """

    id: str | None = Field(
        default="id", description="Null: number the items instead. Numbered too where no row has it."
    )
    input: str = Field(default="input", description="What is asked.")
    target: PickField = Field(
        default=Pick(column="target"),
        description="The answer, or a list of accepted answers, or where among the choices it is.",
    )
    choices: str | tuple[str, ...] = Field(
        default="choices",
        description="The options of this item, a list, or several columns with one each; may be left out.",
    )
    tags: str = Field(default="tags", description="Labels to group by; may be left out.")
    messages: str = Field(
        default="messages",
        description="A conversation as input, turns with role and content, the last one the user's; "
        "may be left out.",
    )
    documents: str = Field(
        default="documents", description="Ids of the corpus documents with the answer; may be left out."
    )
