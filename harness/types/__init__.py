"""The records that all parts exchange, written to disk as they are.

The stages of an item: ``TaskItem`` -> ``Request`` -> ``Generation`` -> ``Answer`` -> ``ItemResult``. They are
frozen pydantic models, all imported from here; `harness.protocols` holds the protocols.
"""

from harness.types.answers import (
    Answer,
    ChoiceScore,
    Decoding,
    Exchange,
    Failure,
    Generation,
    ItemResult,
    Judgement,
    Passage,
    Request,
    StopReason,
    TokenUsage,
)
from harness.types.base import Frozen
from harness.types.costs import STATED, Count, PrepareCost, Seconds
from harness.types.models import ModelIdentity, Replacement
from harness.types.tasks import (
    AnswerRule,
    Document,
    Extracted,
    Extraction,
    Kind,
    LoadedTask,
    Message,
    MetricSpec,
    Role,
    Split,
    Task,
    TaskItem,
    TrainingData,
)

__all__ = [
    "STATED",
    "Answer",
    "AnswerRule",
    "ChoiceScore",
    "Count",
    "Decoding",
    "Document",
    "Exchange",
    "Extracted",
    "Extraction",
    "Failure",
    "Frozen",
    "Generation",
    "ItemResult",
    "Judgement",
    "Kind",
    "LoadedTask",
    "Message",
    "MetricSpec",
    "ModelIdentity",
    "Passage",
    "PrepareCost",
    "Replacement",
    "Request",
    "Role",
    "Seconds",
    "Split",
    "StopReason",
    "Task",
    "TaskItem",
    "TokenUsage",
    "TrainingData",
]
