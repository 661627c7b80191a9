"""Which models a recipe can train; others are refused with a one-line error, before anything slow begins."""

from __future__ import annotations

from harness.errors import InputError, shorten
from harness.protocols import Model, PrepareContext, ServesAdapters, Trains
from strategies.tuning.recipe import Recipe


def check_trainable(recipe: Recipe, model: Model, place: str, key: str) -> None:
    """Refuse a model that this recipe cannot train, judged by its modules alone.

    Raises:
        InputError: It has no weights to train here, is saved in a format that cannot be trained over, none of
            its layers could be in 4 bits, or the method's options do not fit it.
    """
    from harness.models.transformers.quantization import nothing_quantised, planned_share

    model = _with_weights(model, place, key)
    _check_stored(recipe, model, place, key)
    to_shrink = recipe.quantization == "nf4" and model.identity.quantization == "none"
    if to_shrink and not planned_share(model.empty()):
        raise nothing_quantised(f"{place}: {key}", model.name)
    recipe.method.trains(model.empty(), f"{place}: {key}")


def trainable(recipe: Recipe, context: PrepareContext) -> Trains:
    """Return the context's model as one that can be trained.

    Raises:
        InputError: It is served elsewhere, is saved in a format that cannot be trained over, or was
            trained already.
    """
    model = context.model
    if model.identity.adapter_digest:
        remedy = f"use {recipe.label} once, as the first part of a composition"
        raise InputError(context.place, recipe.label, "the model has an adapter already", remedy)
    base = _with_weights(model, context.place, recipe.label)
    _check_stored(recipe, base, context.place, recipe.label)
    return base


def _with_weights(model: Model, place: str, key: str) -> Trains:
    if isinstance(model, Trains) and isinstance(model, ServesAdapters):
        return model
    remedy = "use a model that is loaded from a folder or a hub id"
    raise InputError(place, key, "this model cannot be trained", remedy, model.identity.name)


def _check_stored(recipe: Recipe, model: Trains, place: str, key: str) -> None:
    stored, possible = model.identity.quantization, recipe.method.quantizations
    if stored in possible:
        return
    problem = f"this model's weights are saved in {shorten(stored, 40)}, which cannot be trained over"
    others = "".join(f", or in {each}" for each in sorted(possible - {"none"}))
    raise InputError(place, key, problem, f"name the model in full precision{others}", model.identity.name)
