"""Protocols of models, embedders and strategies; import them from here.

``harness.types`` holds the records that they exchange.
"""

from harness.protocols.models import (
    Capabilities,
    CountsTokens,
    MeasuresLikelihood,
    Model,
    PlansBatches,
    SavedWeights,
    ScoresChoices,
    ServesAdapters,
    TokenLogProbs,
    Trains,
)
from harness.protocols.strategies import (
    Answered,
    ChecksModel,
    Embedder,
    Finisher,
    NamesFiles,
    PrepareContext,
    Prepared,
    RequestBuilder,
    StatesTraits,
    Strategy,
    TakesAdapter,
    first_generation,
)

__all__ = [
    "Answered",
    "Capabilities",
    "ChecksModel",
    "CountsTokens",
    "Embedder",
    "Finisher",
    "MeasuresLikelihood",
    "Model",
    "NamesFiles",
    "PlansBatches",
    "PrepareContext",
    "Prepared",
    "RequestBuilder",
    "SavedWeights",
    "ScoresChoices",
    "ServesAdapters",
    "StatesTraits",
    "Strategy",
    "TakesAdapter",
    "TokenLogProbs",
    "Trains",
    "first_generation",
]
