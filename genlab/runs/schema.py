"""What older versions of genlab wrote, read as today's: settings, recorded numbers and measures that were renamed."""

from __future__ import annotations

from typing import Any

SCHEMA = 2  # of the run folder; 1 has no metadata.json, and says nowhere that it was rewound
SETTINGS = {"generator_average": "ema_decay", "gradient_penalty": "gradient_penalty_weight", "r1": "r1_weight"}
MEASURES = {"floor": "real_reference", "words": "label"}
RECORDS = {"autoencoder/deceive": "autoencoder/adversarial"}


def upgrade_spec(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a spec.json of any version, with the names of today."""
    lanes = values.get("lanes")
    if not isinstance(lanes, list):
        return values
    return {**values, "lanes": [_upgrade_lane(lane) for lane in lanes]}


def upgrade_records(records: dict[str, Any]) -> dict[str, Any]:
    """Recorded numbers by name, with the names of today."""
    return {RECORDS.get(name, name): value for name, value in records.items()}


def upgrade_measure(values: dict[str, Any]) -> dict[str, Any]:
    """One measure of an evaluation.json of any version."""
    values = {MEASURES.get(name, name): value for name, value in values.items()}
    if values.get("metric") == "class_coverage":
        values["metric"] = "mode_coverage"
    return values


def _upgrade_lane(lane: Any) -> Any:
    settings = lane.get("settings") if isinstance(lane, dict) else None
    if not isinstance(settings, dict):
        return lane
    return {**lane, "settings": {SETTINGS.get(name, name): value for name, value in settings.items()}}
