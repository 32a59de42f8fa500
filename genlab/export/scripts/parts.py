"""Parts of a plain Keras script: lines of code, networks spelled out layer by layer, functions as genlab has them."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import genlab
from genlab.models.architecture import (
    BATCH_MOMENTUM,
    CATEGORY_SCALE,
    EMBEDDING,
    GROUPS,
    KERNEL,
    Architecture,
    image_channels,
    image_sizes,
    image_units,
)

ACTIVATIONS = {
    "relu": "layers.ReLU()",
    "leaky-relu": "layers.LeakyReLU(0.2)",
    "elu": "layers.ELU()",
    "silu": 'layers.Activation("silu")',
    "tanh": 'layers.Activation("tanh")',
}
LONGEST_LINE, LONGEST_DOCSTRING = 112, 108  # characters
MODELS_FOLDER = Path(genlab.__file__).with_name("models")


@dataclass(frozen=True)
class Plain:
    """A lane, as a script of it is written.

    Attributes:
        settings: of the model, complete.
        shape: of one example.
        modes: of the data, so many.
    """

    settings: Any
    shape: tuple[int, ...]
    modes: int

    @property
    def points(self) -> bool:
        return len(self.shape) == 1

    @property
    def latent_dim(self) -> int:
        """Dimensions of the latent; as many as an example has values, where that is no setting."""
        return getattr(self.settings, "latent_dim", math.prod(self.shape))

    @property
    def classes(self) -> int:
        """The labels that the networks are told; 0 if they are told none."""
        return self.modes if getattr(self.settings, "conditional", False) else 0


@dataclass(frozen=True)
class Family:
    """What is special to the script of a family.

    Attributes:
        networks: each in a variable of its name.
        functions: the names of those of genlab/models that are used, besides what these call.
        updates: the losses, `sample(latent, labels)`, and `train_step()`, which updates every network.
    """

    networks: str
    functions: tuple[str, ...]
    updates: str


def lines(*parts: str | bool | None) -> str:
    """Code of these lines; what is False or None is left out."""
    return "\n".join(part for part in parts if isinstance(part, str))


def optimizer(name: str, rate: float, decay: str, beta_1: float = 0.9, repeats: int = 1) -> str:
    """Lines that make an Adam, whose rate may fall over the steps; it makes so many updates in each."""
    steps = "arguments.steps" if repeats <= 1 else f"{repeats} * arguments.steps"
    beta = "" if beta_1 == 0.9 else f", beta_1={beta_1!r}"
    if decay == "none":
        return f"{name} = keras.optimizers.Adam({rate!r}{beta})"
    arguments = f"{rate!r}, {steps}, 0.0" if decay == "linear" else f"{rate!r}, {steps}"
    schedule = {"linear": "PolynomialDecay", "cosine": "CosineDecay"}[decay]
    return lines(
        f"pace = keras.optimizers.schedules.{schedule}({arguments})", f"{name} = keras.optimizers.Adam(pace{beta})"
    )


def repeated(times: int, *body: str | bool | None) -> str:
    """The body of a function, so many times over; nothing where that is 0."""
    kept = [line for line in body if isinstance(line, str)]
    if times == 0:
        return "    # nothing: its updates are switched off"
    if times == 1:
        return "\n".join(f"    {line}" for line in kept)
    return "\n".join([f"    for _ in range({times}):", *(f"        {line}" for line in kept)])


# ---- networks: the same layers in the same order as genlab/models/networks.py builds ----


Layers = list[str]  # that follow each other


def encoder(
    name: str,
    shape: tuple[int, ...],
    outputs: int,
    architecture: Architecture,
    *,
    classes: int = 0,
    pack: int = 1,
    latent_dim: int = 0,
    last: str = "",
    then: Sequence[str] = (),
) -> str:
    """An encoder or a discriminator called NAME. `last` are more arguments of its last layer; `then` follows that."""
    pictures, inputs, body = len(shape) == 3, [f"layers.Input({(*shape[:-1], pack * shape[-1])})"], list[str | Layers]()
    chain = ["layers.Rescaling(2.0, offset=-1.0)"] if pictures else []
    if classes:
        inputs.append(f'layers.Input(({pack},), dtype="int32")')
        body += [chain, f"label = layers.Flatten()({_embedding(classes)}(labels))"]
        if pictures:
            height, width = shape[:2]
            body.append(f"label = layers.Reshape({(height, width, 1)})(layers.Dense({height * width})(label))")
        body.append("x = layers.Concatenate()([x, label])")
        chain = []
    if pictures:
        sizes = image_sizes(shape, architecture.hidden_layers)
        for before, after, channels in zip(sizes, sizes[1:], image_channels(architecture)):
            strides = 1 if before == after else 2
            weights = f'layers.Conv2D({channels}, {KERNEL}, strides={strides}, padding="same")'
            chain += hidden_layer(architecture, weights, channels)
        chain.append("layers.Flatten()")
    if latent_dim:
        inputs.append(f"layers.Input(({latent_dim},))")
        body += [chain, "x = layers.Concatenate()([x, latent])"]
        chain = []
    units = image_units(architecture) if pictures else architecture.width
    for _ in range(1 if pictures else architecture.hidden_layers):
        chain += hidden_layer(architecture, f"layers.Dense({units})", units)
    names = ["x", *(["labels"] if classes else []), *(["latent"] if latent_dim else [])]
    return _network(name, names, inputs, [*body, [*chain, f"layers.Dense({outputs}{last})", *then]])


def decoder(
    name: str,
    latent_dim: int,
    shape: tuple[int, ...],
    architecture: Architecture,
    *,
    classes: int = 0,
    boundaries: Sequence[float] = (),
) -> str:
    """A decoder or a generator called NAME."""
    inputs, body, chain = [f"layers.Input(({latent_dim},))"], list[str | Layers](), Layers()
    if boundaries:
        body += [
            lines(
                "parts = layers.Discretization([", *wrapped([*map(repr, boundaries)], 4), '], output_mode="one_hot")'
            ),
            f"x = layers.Concatenate()([x, layers.Rescaling({CATEGORY_SCALE})(parts(x[:, :1]))])",
        ]
    if classes:
        made, label = label_input(classes)
        inputs.append(made)
        body.append(label)
        body.append("x = layers.Concatenate()([x, label])")
    names = ["x", *(["labels"] if classes else [])]
    if len(shape) == 1:
        for _ in range(architecture.hidden_layers):
            chain += hidden_layer(architecture, f"layers.Dense({architecture.width})", architecture.width)
        return _network(name, names, inputs, [*body, [*chain, f"layers.Dense({shape[0]})"]])
    sizes = image_sizes(shape, architecture.hidden_layers)[::-1]
    channels = image_channels(architecture)[::-1]
    for units in (image_units(architecture), sizes[0][0] * sizes[0][1] * channels[0]):
        chain += hidden_layer(architecture, f"layers.Dense({units})", units)
    chain.append(f"layers.Reshape({(*sizes[0], channels[0])})")
    for before, after, wide in zip(sizes, sizes[1:], [*channels[1:], 0]):
        stride = 1 if before == after else 2
        weights = f'layers.Conv2DTranspose({wide or shape[-1]}, {KERNEL}, strides={stride}, padding="same")'
        chain += hidden_layer(architecture, weights, wide) if wide else [weights]
        extra = [stride * small - large for small, large in zip(before, after, strict=True)]
        if any(extra):
            chain.append(f"layers.Cropping2D(((0, {extra[0]}), (0, {extra[1]})))")
    return _network(name, names, inputs, [*body, chain])


def _network(name: str, names: list[str], inputs: list[str], body: list[str | Layers]) -> str:
    """Layers that follow each other from one input are a Sequential; else `x` goes from one to the next."""
    if len(inputs) == len(body) == 1:
        (chain,) = [part for part in body if isinstance(part, list)]
        return lines(f"{name} = keras.Sequential([", *wrapped([*inputs, *chain], 4), f'], name="{name}")')
    made = [f"{', '.join(names)} = inputs = {', '.join(inputs)}"]
    for part in body:
        if isinstance(part, str):
            made.append(part)
        elif part:
            made.append(through(part))
    return lines(*made, f'{name} = keras.Model(inputs, x, name="{name}")')


def through(chain: Layers) -> str:
    """Lines that take x through layers that follow each other."""
    if len(chain) == 1:
        return f"x = {chain[0]}(x)"
    line = f"for layer in ({', '.join(chain)}):"
    opening = [line] if len(line) <= LONGEST_LINE else ["for layer in (", *wrapped(chain, 4), "):"]
    return lines(*opening, "    x = layer(x)")


def wrapped(items: Layers, indent: int) -> Iterator[str]:
    """Items of a list, as many in a line as there is room for."""
    line = ""
    for item in items:
        if line and indent + len(line) + len(item) + 2 > LONGEST_LINE:
            yield " " * indent + line
            line = ""
        line += (" " if line else "") + item + ","
    yield " " * indent + line


def hidden_layer(architecture: Architecture, weights: str, units: int) -> Layers:
    """A hidden layer: weights, normalisation, activation, dropout."""
    if architecture.spectral:
        weights = f"layers.SpectralNormalization({weights})"
    normalization = {
        "none": [],
        "batch": [f"layers.BatchNormalization(momentum={BATCH_MOMENTUM})"],
        "layer": ["layers.LayerNormalization()"],
        "group": [f"layers.GroupNormalization({math.gcd(units, GROUPS)})"],
    }[architecture.normalization]
    dropout = [f"layers.Dropout({architecture.dropout!r})"] if architecture.dropout else []
    return [weights, *normalization, ACTIVATIONS[architecture.activation], *dropout]


def label_input(classes: int) -> tuple[str, str]:
    """The input `labels`, and the line that makes numbers of it, called `label`."""
    return 'layers.Input((1,), dtype="int32")', f"label = layers.Flatten()({_embedding(classes)}(labels))"


def _embedding(classes: int) -> str:
    return f'layers.Embedding({classes}, {EMBEDDING}, embeddings_initializer="glorot_uniform")'


# ---- functions, as they stand in genlab/models ----


def functions(*names: str) -> str:
    """The source of functions of losses.py, networks.py and flow.py, and of those that they call, each once. They stand
    there beside imports of Keras, so they are read and not imported.
    """
    known, wanted = _sources(), list[str]()

    def want(name: str) -> None:
        if name in wanted:
            return
        for other in known:
            if other != name and re.search(rf"\b{other}\(", known[name]):
                want(other)
        wanted.append(name)

    for name in names:
        want(name)
    return "\n\n".join(known[name] for name in wanted)


@cache
def _sources() -> dict[str, str]:
    """The source of each function, without the types, and with one line of its docstring."""
    found = {}
    for file in ("losses.py", "networks.py", "flow.py"):
        text = (MODELS_FOLDER / file).read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef):
                source = ast.get_source_segment(text, node) or ""
                if ast.get_docstring(node):
                    source = source.replace(f'"""{ast.get_docstring(node, clean=False)}"""', _one_line(node), 1)
                source = re.sub(r": (?:Tensor|float|Any|int) = ", "=", source)
                found[node.name] = re.sub(r": (?:Tensor|float|Any|int)\b|(?<=\)) -> [^:\n]+(?=:\n)", "", source)
    return found


def _one_line(node: ast.FunctionDef) -> str:
    """As much of the first paragraph of a docstring as fits in a line, up to the end of a sentence or of a part."""
    words = " ".join((ast.get_docstring(node) or "").partition("\n\n")[0].split())
    ends = [found.start() for found in re.finditer(r"[.;:,](?= |$)", words) if found.start() <= LONGEST_DOCSTRING]
    ends = [end for end in ends if words[:end].count("(") == words[:end].count(")")]
    return f'"""{words[: ends[-1]] if ends else words}."""'
