"""Values as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

from genlab.spec import RunSpec


def format_value(value: Any) -> str:
    """A setting's value."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)


def format_settings(settings: dict[str, Any]) -> str:
    """Settings by name: learning rate 0.02, hidden layers 3."""
    return ", ".join(f"{name.replace('_', ' ')} {format_value(value)}" for name, value in settings.items())


def format_budget(spec: RunSpec) -> str:
    return f"{spec.budget:,.0f} {spec.clock}"


def format_bytes(count: float) -> str:
    """With the unit that leaves one to three digits before the point: 4.2 MB."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.0f} {unit}" if unit == "bytes" or count >= 99.5 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"


def format_duration(seconds: float) -> str:
    """34 s, 5 min 10 s, 2 h 5 min."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def format_moment(seconds: float, zone: tzinfo = UTC) -> str:
    """A moment, seconds since 1970, as it is called in a time zone: 26 Nov 2026, 19:50. "" for 0, one not known, and
    for what is no moment.
    """
    try:
        moment = datetime.fromtimestamp(seconds, zone)
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{moment.day} {moment:%b %Y, %H:%M}" if seconds else ""
