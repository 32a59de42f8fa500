"""A lane as a plain Keras script that trains the same model on the same data by itself: no genlab, under 150 lines."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from genlab.datasets.base import DataUnavailable
from genlab.export.base import Asked, ExportFormat, ExportRefused, Files
from genlab.export.scripts import adversarial, autoencoders, flow, games
from genlab.export.scripts.data import ScriptData, report, script_data
from genlab.export.scripts.parts import Family, Plain, functions, lines
from genlab.registry import DATASETS, EXPORTS, MODELS
from genlab.runs.data import load_run_dataset
from genlab.spec import SpecError

# What a model needs for a script: the function that writes its updates.
FAMILIES: dict[str, Callable[[Plain], Family]] = {
    "gan": adversarial.gan,
    "wgan": adversarial.wgan,
    "wgan-gp": adversarial.wgan_gp,
    "ae": autoencoders.ae,
    "wae": autoencoders.wae,
    "vae": autoencoders.vae,
    "aae": games.aae,
    "vae-gan": games.vae_gan,
    "bigan": games.bigan,
    "flow": flow.flow,
}
IMPORTS = lines(
    "import os",
    "",
    'os.environ["KERAS_BACKEND"] = "tensorflow"',
    "import keras",
    "import numpy as np",
    "import tensorflow as tf",
    "from keras import layers, ops",
)
DESCEND = lines(
    "def descend(loss, weights, optimizer):",
    "    with tf.GradientTape() as tape:",
    "        value = loss()",
    "    optimizer.apply(tape.gradient(value, weights), weights)",
)


@dataclass(frozen=True)
class Section:
    """A part of a script, and what it is about."""

    heading: str
    code: str


@dataclass(frozen=True)
class Program:
    """A script in its parts.

    Attributes:
        about: its docstring.
        steps: that it trains unless told.
        sections: all but the arguments, which come after the first.
        arrays: what lies beside it.
    """

    about: str
    steps: int
    sections: list[Section]
    arrays: dict[str, np.ndarray]


def program(asked: Asked) -> Program:
    """The script of the wanted lane. Raises ExportRefused for a model that has none, and where its data is gone."""
    run, lane = asked.run, asked.one_lane
    try:
        spec = run.runnable_spec()
        model = spec.lanes[lane].model
        if model not in FAMILIES:
            raise ExportRefused(
                f"There is no script for the model '{model}'. There are scripts for {', '.join(FAMILIES)}."
            )
        dataset = load_run_dataset(run, spec)
    except (SpecError, DataUnavailable) as error:
        raise ExportRefused(str(error)) from None
    if dataset.coding and dataset.coding.categories:
        raise ExportRefused(
            "There is no script for tables with categories of words, only for points, numbers and pictures. The "
            "formats keras and zip take such a model along."
        )
    settings = SimpleNamespace(**spec.lanes[lane].settings)
    plain = Plain(settings, dataset.train.shape[1:], len(dataset.modes.names))
    family = FAMILIES[model](plain)
    toy = spec.dataset_settings
    data = script_data(dataset, toy.get("noise"), toy.get("size", 0), toy.get("seed", 0))
    title = f"{MODELS[model].title} on {DATASETS[spec.dataset].title}"
    steps = int(spec.budget) if spec.clock == "steps" else asked.view.lane_state(lane).step
    about = lines(
        f"{title}: a plain Keras script.",
        "",
        textwrap.fill(f"{asked.made_by} {MODELS[model].description} {_beside(data, asked.name)}", 112),
        "",
        f"    python {asked.name}.py --steps {steps} --seed {spec.seed}    # after pip install keras tensorflow numpy",
    )
    sections = [
        Section("Imports", IMPORTS),
        Section("Data", data.code),
        Section("Networks", family.networks),
        Section("Losses", functions(*family.functions)),
        Section("Updates", lines(_common(plain), "", family.updates)),
        Section("Training", _training()),
        Section("Coverage", lines(data.measure, "", report(data, getattr(settings, "prior", "normal"), plain.classes))),
    ]
    return Program(_harmless(about), steps, sections, data.arrays)


def _harmless(words: str) -> str:
    """Words that end no docstring, whatever a run or a file is called."""
    return words.replace("\\", "/").replace('"', "'")


def make(asked: Asked) -> Files:
    made = program(asked)
    first, *rest = made.sections
    arguments = lines(
        "import argparse",
        "",
        "parser = argparse.ArgumentParser()",
        f'parser.add_argument("--steps", type=int, default={made.steps})',
        f'parser.add_argument("--seed", type=int, default={asked.view.spec.seed})',
        "arguments = parser.parse_args()",
        "keras.utils.set_random_seed(arguments.seed)",
    )
    imports = first.code.replace("import os\n", "import argparse\nimport os\n", 1)
    parts = [f'"""{made.about}\n"""', imports, arguments.removeprefix("import argparse\n\n")]
    parts += [f"# {section.heading}\n{section.code}" for section in rest]
    text = re.sub(r"\n{3,}", "\n\n", "\n\n".join(parts)) + "\n"
    files = {f"{asked.name}.py": text.encode()}
    return files | beside(made, asked.name)


def beside(made: Program, name: str) -> Files:
    """The data that the script reads."""
    if not made.arrays:
        return {}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **made.arrays)
    return {f"{name}.npz": buffer.getvalue()}


def _beside(data: ScriptData, name: str) -> str:
    if data.arrays:
        return f"Its data is in {name}.npz, which lies beside it."
    return "It draws its data itself, with the seed of the data set."


def _common(plain: Plain) -> str:
    """The batch, and one step of an optimizer."""
    return lines(
        f"BATCH, LATENT, examples = {plain.settings.batch_size}, {plain.latent_dim}, tf.constant(train)",
        plain.classes > 0 and 'labels_of = tf.constant(train_labels[:, None], "int32")',
        "",
        "def batch():",
        '    rows = tf.random.uniform((BATCH,), maxval=len(train), dtype="int32")',
        "    return tf.gather(examples, rows), tf.gather(labels_of, rows)"
        if plain.classes
        else "    return tf.gather(examples, rows)",
        "",
        DESCEND,
    )


def _training() -> str:
    return lines(
        "for done in range(1, arguments.steps + 1):",
        "    train_step()",
        "    if done % max(1, arguments.steps // 10) == 0:",
        '        print(f"step {done:,} of {arguments.steps:,}", flush=True)',
    )


EXPORTS.add(
    ExportFormat(
        name="script",
        title="Keras script",
        description="A plain Keras script that trains the same model on the same data by itself.",
        suffix=".py",
        make=make,
        options=("lane",),
        one_lane=True,
    )
)
