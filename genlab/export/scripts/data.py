"""The data of a plain Keras script, and how it measures which modes its samples cover.

Mixtures of Gaussians are drawn by a few lines with the same seed: the points are the very same. All other data lies
beside the script in an .npz, pictures as bytes.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import numpy as np

from genlab.datasets.base import Dataset
from genlab.export.scripts.parts import encoder, lines
from genlab.metrics.modes import CONFIDENT, SOLID, WITHIN, mode_radius
from genlab.models.architecture import Architecture

DIGITS = 6  # of a centre
MAP = 1024  # rows and columns of the map of the plane
MARGIN = 1.05  # times the farthest point, to the edge of the map
COMPARED = 5_000  # training examples that a sample is compared with
NEAR = 0.99  # of the training points are as near to another one as a sample must be
STEPS, RATE, WIDTHS = 1000, 3e-3, {"points": 64, "images": 16}  # of the classifier
SAMPLES = {"points": 2500, "images": 500}
SAMPLES_A_MODE = 5


@dataclass(frozen=True)
class ScriptData:
    """Attributes:
    code: defines `train`, an array in the units of the data, and `train_labels` (n,).
    measure: defines `modes_of(samples)`, -1 for none.
    arrays: what lies beside the script; empty if it draws its data itself.
    count: samples to measure.
    """

    code: str
    measure: str
    arrays: dict[str, np.ndarray]
    count: int


def script_data(dataset: Dataset, noise: float | None, size: int, seed: int) -> ScriptData:
    """The data as code, or as code that reads the .npz beside the script.

    noise, size, seed: the settings of the data set, where it is a toy that has them.
    """
    count = max(SAMPLES[dataset.kind], SAMPLES_A_MODE * len(dataset.modes.names))
    code = _mixture(dataset, noise, size, seed) if noise is not None else ""
    if code:
        return ScriptData(code, _by_centre(dataset), {}, count)
    arrays = {
        "train": dataset.train[:] if dataset.kind == "points" else np.rint(dataset.train[:] * 255).astype("uint8"),
        "train_labels": dataset.train_labels.astype("int32"),
    }
    code = lines(
        'data = np.load(os.path.splitext(__file__)[0] + ".npz")  # which lies beside this script',
        'train, train_labels = data["train"], data["train_labels"]'
        if dataset.kind == "points"
        else 'train, train_labels = data["train"].astype("float32") / 255.0, data["train_labels"]',
    )
    if dataset.modes.centres is not None:
        return ScriptData(code, _centres(dataset) + "\n\n" + _by_centre(dataset), arrays, count)
    if dataset.modes.assign is None:
        return ScriptData(code, _by_classifier(dataset), arrays, count)
    if dataset.train.shape[1:] == (2,):
        extent = MARGIN * float(np.abs(dataset.train).max())
        return ScriptData(code, _by_map(), arrays | {"extent": np.array(extent), "map": _map(dataset, extent)}, count)
    return ScriptData(code, _by_neighbour(), arrays, count)


def _mixture(dataset: Dataset, noise: float, size: int, seed: int) -> str:
    """Lines that draw the training points, if they come out as they are; else ""."""
    centres, shares = dataset.modes.centres, dataset.modes.shares
    if centres is None or dataset.train.shape[1:] != (2,):
        return ""
    even = np.ptp(shares) < 1e-12
    random = np.random.default_rng(seed)
    labels = random.integers(0, len(centres), size) if even else random.choice(len(centres), size, p=shares)
    points = centres.round(DIGITS)[labels] + noise * random.normal(size=(size, 2))
    if points.shape != dataset.train.shape or not np.allclose(points, dataset.train, atol=1e-5):
        return ""
    drawn = f"random.integers(0, {len(centres)}, {size})"
    return lines(
        _centres(dataset),
        not even and f"shares = {shares.tolist()!r}",
        f"random = np.random.default_rng({seed})",
        f"train_labels = {drawn if even else f'random.choice({len(centres)}, {size}, p=shares)'}",
        f"train = centres[train_labels] + {noise!r} * random.normal(size=({size}, 2))",
        'train = train.astype("float32")',
    )


def _centres(dataset: Dataset) -> str:
    assert dataset.modes.centres is not None
    text = ", ".join(
        f"({', '.join(f'{x:.{DIGITS}g}' for x in centre)})" for centre in dataset.modes.centres.round(DIGITS)
    )
    return lines("centres = np.array([", textwrap.indent(textwrap.fill(text, 112), "    "), "])")


def _by_centre(dataset: Dataset) -> str:
    modes = dataset.modes
    assert modes.centres is not None and modes.std is not None
    radius = mode_radius(modes.std, modes.centres.shape[1])
    return lines(
        "def modes_of(samples):",
        '    """The nearest centre, if within the radius that holds 98.89 % of a Gaussian."""',
        "    distances = np.linalg.norm(samples[:, None] - centres, axis=2)",
        f"    return np.where(distances.min(axis=1) <= {radius:.{DIGITS}g}, distances.argmin(axis=1), -1)",
    )


def _by_map() -> str:
    return lines(
        "def modes_of(samples):",
        '    """Looked up in a map of the plane, -1 where no mode is."""',
        '    plane, extent = data["map"], data["extent"]',
        "    cells = np.floor((samples / extent + 1) / 2 * len(plane)).astype(int)",
        "    inside = ((cells >= 0) & (cells < len(plane))).all(axis=1)",
        "    return np.where(inside, plane[tuple(cells.clip(0, len(plane) - 1).T)], -1)",
    )


def _map(dataset: Dataset, extent: float) -> np.ndarray:
    """(MAP, MAP) the mode of the middle of each cell of the square from -extent to extent, first axis x."""
    assert dataset.modes.assign is not None
    middles = ((np.arange(MAP) + 0.5) / MAP * 2 - 1) * extent
    plane = np.stack(np.meshgrid(middles, middles, indexing="ij"), axis=-1).reshape(-1, 2)
    return dataset.modes.assign(plane.astype("float32")).reshape(MAP, MAP).astype("int16")


def _by_neighbour() -> str:
    """Of bins in many dimensions, an approximation: genlab goes by the centres of the bins."""
    return lines(
        "def modes_of(samples):",
        '    """The bin of the nearest training example, if no farther than most of those are from each other."""',
        f"    flat = train[:{COMPARED}].reshape(len(train[:{COMPARED}]), -1)",
        "    to_others = np.sort([np.sort(np.linalg.norm(flat - x, axis=1))[1] for x in flat[:500]])",
        "    distances = np.array([np.linalg.norm(flat - x.reshape(-1), axis=1) for x in samples])",
        f"    near = distances.min(axis=1) <= np.quantile(to_others, {WITHIN:.4f})",
        "    return np.where(near, train_labels[distances.argmin(axis=1)], -1)",
    )


def _by_classifier(dataset: Dataset) -> str:
    """Of labelled data: a small classifier, which has to be sure; points must be near to the training points too."""
    channel = dataset.channel or dataset
    classes, shape = len(channel.modes.names), channel.train.shape[1:]
    activation = "relu" if dataset.kind == "points" else "leaky-relu"
    made_of = Architecture(WIDTHS[dataset.kind], activation=activation)
    network = encoder("classifier", shape, classes, made_of, last=', activation="softmax"')
    stacked = dataset.channel is not None
    pictures = ["train[rows]", "train_labels[rows]"]
    if stacked:
        pictures = ["train[rows, ..., :1]", f"train_labels[rows] // {classes**2}"]
    return lines(
        network,
        f"pace = keras.optimizers.schedules.CosineDecay({RATE!r}, {STEPS})",
        'classifier.compile(keras.optimizers.Adam(pace), "sparse_categorical_crossentropy", jit_compile=False)',
        f"for rows in np.random.default_rng(0).integers(0, len(train), ({STEPS}, 128)):",
        f"    classifier.train_on_batch({', '.join(pictures)})",
        "",
        f"def {'modes_of' if dataset.kind == 'images' and not stacked else 'sure'}(samples):",
        f'    """The class that a classifier is at least {CONFIDENT:.0%} sure of, -1 for none."""',
        "    probabilities = classifier.predict(samples, verbose=0)",
        f"    return np.where(probabilities.max(axis=1) >= {CONFIDENT}, probabilities.argmax(axis=1), -1)",
        *_named(dataset, classes, stacked),
    )


def _named(dataset: Dataset, classes: int, stacked: bool) -> tuple[str, ...]:
    """What else decides the mode of a sample, where something does."""
    if stacked:
        return (
            "",
            "def modes_of(samples):",
            '    """The number that the classes of the three channels spell, -1 if one of them is not sure."""',
            "    digits = np.stack([sure(samples[..., channel, None]) for channel in range(3)])",
            f"    return np.where(digits.min(axis=0) < 0, -1, np.array([{classes**2}, {classes}, 1]) @ digits)",
        )
    if dataset.kind == "images":
        return ()
    return (
        "",
        "def modes_of(samples):",
        '    """None as well, where a sample is far from all training points."""',
        "    spread = train.std(axis=0)",
        f"    known = train[:{COMPARED}] / spread",
        "    to_others = [np.sort(np.linalg.norm(known - x, axis=1))[1] for x in known]",
        "    nearest = np.array([np.linalg.norm(known - x / spread, axis=1).min() for x in samples])",
        f"    return np.where(nearest <= np.quantile(to_others, {NEAR}), sure(samples), -1)",
    )


def report(data: ScriptData, prior: str, classes: int) -> str:
    """What is said of the samples in the end: genlab's two numbers of mode coverage."""
    shape = f"({data.count}, LATENT)"
    drawn = f"standard_normal({shape})" if prior == "normal" else f"uniform(-1, 1, {shape})"
    return lines(
        f'latent = np.random.default_rng(arguments.seed).{drawn}.astype("float32")',
        classes > 0 and f'labels = np.random.default_rng(0).choice(train_labels, ({data.count}, 1)).astype("int32")',
        f"samples = np.array(sample(latent{', labels' if classes else ''}))",
        "modes, fair = modes_of(samples), np.bincount(train_labels) / len(train)",
        "share = np.bincount(modes[modes >= 0], minlength=len(fair)) / len(samples)",
        f"solid = ((share > 0) & (share >= {SOLID} * fair)).sum()",
        'print(f"{solid} of {len(fair)} modes solid, {share.sum():.1%} of samples on a mode")',
    )
