"""The records that everything speaks, written to disk as they are.

An item's way: ``TaskItem`` -> ``Request`` -> ``Generation`` -> ``Answer`` -> ``ItemResult``. They are frozen
pydantic models, all taken from here; `harness.protocols` holds the behaviour beside them.
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
