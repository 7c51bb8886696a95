"""Liquidation models: one file each, one registry. Each is named by what it assumes, never by another site's number."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from engine.errors import UnknownModelError
from engine.models.base import ModelSpec, WalkedModel
from engine.models.broad_structure import BROAD_STRUCTURE
from engine.models.fitted import FITTED
from engine.models.flow import FLOW
from engine.models.high_leverage import HIGH_LEVERAGE
from engine.models.observed import OBSERVED, ObservedModel
from engine.models.swings import SWINGS

Model = WalkedModel | ObservedModel

WALKED: Mapping[str, WalkedModel] = MappingProxyType(
    {model.spec.id: model for model in (HIGH_LEVERAGE, BROAD_STRUCTURE, FITTED, FLOW, SWINGS)}
)
REGISTRY: Mapping[str, Model] = MappingProxyType({**WALKED, OBSERVED.spec.id: OBSERVED})
MODELS: Mapping[str, ModelSpec] = MappingProxyType({name: model.spec for name, model in REGISTRY.items()})


def model_named(name: str) -> ModelSpec:
    """Return the model with this id (m2, M2, model 2, 2).

    Raises:
        UnknownModelError: no model has this id.

    """
    key = name.strip().upper().replace("MODEL", "M").replace(" ", "")
    key = f"M{key}" if key.isdecimal() else key
    if key not in MODELS:
        raise UnknownModelError(name, difflib.get_close_matches(key, MODELS, 2), tuple(MODELS))
    return MODELS[key]


__all__ = ["MODELS", "REGISTRY", "WALKED", "Model", "ModelSpec", "ObservedModel", "WalkedModel", "model_named"]
