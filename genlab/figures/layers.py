"""What figures are made of: layers, each of which names the arrays that it draws, and says how in plain values.

A layer knows how Plotly draws it; whatever else draws figures has the same fields to go by. A field of the type
`Array` is the name of an array among those of the frame or those that stay.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from genlab.datasets.pixels import png_bytes

Array = str
Arrays = Mapping[str, np.ndarray]
MAXIMUM_TRACES = 20  # classes above which all share one trace: each more costs as much as hundreds of points
PLACE = " (%{x:.2f}, %{y:.2f})"  # beside a name when the pointer is on a point


@dataclass(frozen=True)
class Layer:
    """Something that is drawn."""

    def names(self) -> list[str]:
        """The arrays it draws."""
        named = [getattr(self, field.name) for field in fields(self) if field.type == "Array"]
        return [name for name in named if name]

    def traces(self, arrays: Arrays) -> list[dict[str, Any]]:
        """As traces of Plotly."""
        return []

    def annotations(self, arrays: Arrays) -> list[dict[str, Any]]:
        """As annotations of Plotly."""
        return []


@dataclass(frozen=True)
class Points(Layer):
    """Dots, or rings; the pointer shows the name, and where a dot is.

    Attributes:
        points: (n, 2).
        size: the diameter in pixels.
    """

    points: Array
    name: str
    colour: str
    size: int = 4
    opacity: float = 1.0
    rings: bool = False

    def traces(self, arrays: Arrays) -> list[dict[str, Any]]:
        marker: dict[str, Any] = {"size": self.size, "color": self.colour, "opacity": self.opacity}
        if self.rings:
            marker |= {"symbol": "circle-open", "line": {"width": 2}}
        return [_dots(arrays[self.points], self.name, PLACE, marker)]


@dataclass(frozen=True)
class ClassPoints(Layer):
    """Dots in the colour of their class; the pointer shows its name.

    Attributes:
        points, classes: (n, 2) and (n,); class -1 is the first of the names and colours, class 0 the second.
    """

    points: Array
    classes: Array
    class_names: Sequence[str]
    colours: Sequence[str]
    size: int = 4
    opacity: float = 0.8
    place: bool = False

    def traces(self, arrays: Arrays) -> list[dict[str, Any]]:
        points, classes = arrays[self.points], arrays[self.classes]
        marker = {"size": self.size, "opacity": self.opacity}
        place = PLACE if self.place else ""
        if len(self.class_names) - 1 > MAXIMUM_TRACES:
            order = np.argsort(classes, kind="stable")  # those of no class first, under the others
            colours = [self.colours[label + 1] for label in classes[order]]
            trace = _dots(points[order], "samples", "", marker | {"color": colours})
            said = [escape(self.class_names[label + 1]) for label in classes[order]]
            return [trace | {"customdata": said, "hovertemplate": "%{customdata}" + place + "<extra></extra>"}]
        members = [(i, points[classes == i - 1]) for i in range(len(self.class_names))]
        return [
            _dots(of_class, self.class_names[i], place, marker | {"color": self.colours[i]})
            for i, of_class in members
            if len(of_class)
        ]


@dataclass(frozen=True)
class Segments(Layer):
    """Thin lines, each from one point to another: (n, 2) and (n, 2)."""

    starts: Array
    ends: Array
    colour: str
    opacity: float

    def traces(self, arrays: Arrays) -> list[dict[str, Any]]:
        starts, ends = arrays[self.starts], arrays[self.ends]
        places = np.stack([starts, ends, np.full_like(starts, np.nan)], axis=1).reshape(-1, 2)  # a gap after each
        line = {"color": self.colour, "width": 1}
        trace = {"type": "scattergl", "x": places[:, 0], "y": places[:, 1], "mode": "lines", "line": line}
        return [trace | {"opacity": self.opacity, "hoverinfo": "skip"}]


@dataclass(frozen=True)
class Surface(Layer):
    """A tint over the square from -extent to extent, that grows with the values.

    Attributes:
        values: (rows, columns), the first row at the bottom.
        colour: "#rrggbb".
        low, high: values without tint and with the most; None for the least and the greatest value.
    """

    values: Array
    name: str
    extent: float
    colour: str
    low: float | None = None
    high: float | None = None

    def traces(self, arrays: Arrays) -> list[dict[str, Any]]:
        values = arrays[self.values].astype("float32")
        axis = np.linspace(-self.extent, self.extent, len(values), dtype="float32")
        rgb = ",".join(str(int(self.colour[i : i + 2], 16)) for i in (1, 3, 5))
        trace = {
            "type": "heatmap",
            "x": axis,
            "y": axis,
            "z": values,
            "zmin": float(values.min()) if self.low is None else self.low,
            "zmax": float(values.max()) if self.high is None else self.high,
            "colorscale": [[0, f"rgba({rgb},0)"], [1, f"rgba({rgb},0.45)"]],
            "showscale": False,
            "zsmooth": "best",
        }
        return [trace | {"hovertemplate": escape(self.name) + ": %{z:.2f}<extra></extra>"}]


@dataclass(frozen=True)
class Images(Layer):
    """A sheet of pictures.

    Attributes:
        images: (n, height, width, 1 or 3) bytes.
        columns: pictures a row; 0 for as many as rows.
        gap: pixels between two pictures.
    """

    images: Array
    columns: int = 0
    gap: int = 1

    def traces(self, arrays: Arrays) -> list[dict[str, Any]]:
        images = arrays[self.images]
        sheet = tile(images, self.gap, self.columns)
        opaque = np.where(gaps(images, self.gap, self.columns), 0, 255).astype("uint8")  # the page is seen through them
        return [{"type": "image", "source": png(np.dstack([sheet, opaque])), "hoverinfo": "skip"}]


@dataclass(frozen=True)
class Labels(Layer):
    """Words, bold, each in the middle of a place: (n,) and (n, 2)."""

    texts: Array
    places: Array
    size: int
    opacity: float = 1.0

    def annotations(self, arrays: Arrays) -> list[dict[str, Any]]:
        font = {"color": "var(--ink)", "size": self.size}
        common = {"showarrow": False, "font": font, "opacity": self.opacity}
        return [
            {"x": float(x), "y": float(y), "text": f"<b>{escape(str(text))}</b>", **common}
            for text, (x, y) in zip(arrays[self.texts], arrays[self.places], strict=True)
        ]


@dataclass(frozen=True)
class Bars(Layer):
    """A share for each mode, as a bar, or as an outline where several bars stand; crosses mark some of them.

    Attributes:
        shares: (K,), beside x = 0, 1, ..., K - 1 by the offset.
        crossed: (K,), true where there is a cross, `cross_height` above its bar, which would hide it; "" for none.
        mode_names: K.
    """

    shares: Array
    name: str
    mode_names: Sequence[str]
    colour: str
    width: float
    offset: float = 0.0
    outline: bool = False
    crossed: Array = ""
    cross_height: float = 0.0

    def traces(self, arrays: Arrays) -> list[dict[str, Any]]:
        x = np.arange(len(self.mode_names)) + self.offset
        line = {"color": self.colour, "width": 2}
        marker = {"color": "rgba(0,0,0,0)", "line": line} if self.outline else {"color": self.colour}
        said = "mode %{customdata}: %{y:.1%}<extra>" + escape(self.name) + "</extra>"
        bar = {"type": "bar", "x": x, "y": arrays[self.shares], "width": self.width, "name": escape(self.name)}
        bar |= {"marker": marker, "customdata": [escape(name) for name in self.mode_names], "hovertemplate": said}
        if not self.crossed:
            return [bar]
        crossed = arrays[self.crossed]
        return [bar, self._crosses(x[crossed], arrays[self.shares][crossed] + self.cross_height)]

    def _crosses(self, x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
        marker = {"symbol": "x", "color": self.colour, "size": 9}
        cross = {"type": "scatter", "x": x, "y": y, "mode": "markers"}
        return cross | {"marker": marker, "showlegend": False, "hovertemplate": "dropped<extra></extra>"}


@dataclass(frozen=True)
class Trace(Layer):
    """Any trace of Plotly, such as a curve.

    Attributes:
        hover: what the pointer shows, a template of Plotly in which "{name}" stands for the name; "" for nothing.
        trace: its other fields.
        arrays: the array of each field that has one, for instance {"x": "steps", "marker.size": "sizes"}.
    """

    name: str
    hover: str
    trace: Mapping[str, Any]
    arrays: Mapping[str, Array]

    def names(self) -> list[str]:
        return list(self.arrays.values())

    def traces(self, arrays: Arrays) -> list[dict[str, Any]]:
        trace = {key: dict(value) if isinstance(value, Mapping) else value for key, value in self.trace.items()}
        for path, name in self.arrays.items():
            values = arrays[name]
            parent, _, last = path.rpartition(".")
            target = trace.setdefault(parent, {}) if parent else trace
            target[last] = [escape(str(word)) for word in values] if values.dtype.kind == "U" else values
        said = {"hovertemplate": self.hover.replace("{name}", escape(self.name))} if self.hover else {}
        return [trace | ({"name": escape(self.name)} if self.name else {}) | (said or {"hoverinfo": "skip"})]


def _dots(points: np.ndarray, name: str, place: str, marker: dict[str, Any]) -> dict[str, Any]:
    """A trace of points (n, 2). WebGL: SVG takes ten times as long."""
    trace = {"type": "scattergl", "x": points[:, 0], "y": points[:, 1], "mode": "markers", "marker": marker}
    return trace | {"name": escape(name), "hovertemplate": f"{escape(name)}{place}<extra></extra>"}


def escape(words: str) -> str:
    """Text of Plotly that shows these words as they are: it takes some of HTML, and what a template stands for. A line
    break stays one.
    """
    for sign, code in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("{", "&#123;"), ("\n", "<br>")):
        words = words.replace(sign, code)
    return words


def tile(images: np.ndarray, gap: int = 1, columns: int = 0) -> np.ndarray:
    """(n, height, width, channels) bytes -> one picture, white between the images; with as many rows as columns, or as
    nearly as can be, unless told how many columns.
    """
    count, height, width, channels = images.shape
    columns = columns or int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 255, dtype="uint8")
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def gaps(images: np.ndarray, gap: int = 1, columns: int = 0) -> np.ndarray:
    """(height, width) of what `tile` makes of the images, true where it shows none of them."""
    return tile(np.zeros_like(images[..., :1]), gap, columns)[..., 0] > 0


def png(picture: np.ndarray) -> str:
    """(height, width, 1 or 3) bytes, or with a further channel of how opaque it is -> a data address that a browser
    shows.
    """
    return "data:image/png;base64," + base64.b64encode(png_bytes(picture)).decode()
