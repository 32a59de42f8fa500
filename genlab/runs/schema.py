"""What older versions of genlab wrote, read as today's: settings, recorded numbers and measures that were renamed."""

from __future__ import annotations

from typing import Any

from genlab.registry import DATASETS, MODELS

SCHEMA = 2  # of the run folder; 1 has no metadata.json, and says nowhere that it was rewound
SETTINGS = {"generator_average": "ema_decay", "gradient_penalty": "gradient_penalty_weight", "r1": "r1_weight"}
MEASURES = {"floor": "real_reference", "words": "label"}
# Settings that came later, with the values that say what models did before; the presets of today may be others.
ADDED = {
    "hidden_layers": 2,
    "normalization": "none",
    "dropout": 0.0,
    "generator_normalization": "none",
    "discriminator_normalization": "none",
    "discriminator_dropout": 0.0,
    "r2_weight": 0.0,
    "learning_rate_decay": "none",
    "penalty_interval": 1,
    "dense_units": 0,
    "beta_1": 0.5,
    "r1_weight": 0.0,
    "ema_decay": 0.0,
    "ema_ramp_up": 0.0,
    "latent_categories": 0,
}
ACTIVATIONS = {"points": "relu", "images": "leaky-relu"}
RECORDS = {"autoencoder/deceive": "autoencoder/adversarial"}


def upgrade_spec(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a spec.json of any version, with the names of today, and the settings that it had no name for."""
    lanes: Any = values.get("lanes")
    dataset: Any = values.get("dataset")
    if not isinstance(lanes, list):
        return values
    added: dict[str, Any] = dict(ADDED)
    if dataset in DATASETS:
        added["activation"] = ACTIVATIONS[DATASETS[dataset].kind]
    return {**values, "lanes": [_upgrade_lane(lane, added) for lane in lanes]}


def upgrade_records(records: dict[str, Any]) -> dict[str, Any]:
    """Recorded numbers by name, with the names of today."""
    return {RECORDS.get(name, name): value for name, value in records.items()}


def upgrade_measure(values: dict[str, Any]) -> dict[str, Any]:
    """One measure of an evaluation.json of any version."""
    values = {MEASURES.get(name, name): value for name, value in values.items()}
    if values.get("metric") == "class_coverage":
        values["metric"] = "mode_coverage"
    return values


def _upgrade_lane(lane: Any, added: dict[str, Any]) -> Any:
    settings = lane.get("settings") if isinstance(lane, dict) else None
    if not isinstance(settings, dict):
        return lane
    known = MODELS[lane["model"]].settings.model_fields if lane.get("model") in MODELS else ()
    settings = {SETTINGS.get(name, name): value for name, value in settings.items()}
    return {**lane, "settings": {name: value for name, value in added.items() if name in known} | settings}
