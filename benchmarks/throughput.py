"""Training steps a second: genlab beside Keras `fit` and PyTorch on the same networks, and beside their kernels alone.

    python benchmarks/throughput.py [--parts points pictures lanes] [--rounds 5] [--cores 1] [--json]

Points: two hidden layers of 128 units, batch 256. Pictures: MNIST's size, 32 channels, batch 128. Keras `fit` has a
custom train step, Keras's Adam, and batches from tf.data. PyTorch is measured where it is installed: see
`torch_lanes.py`. Everything is measured in turns in one process, with the same number of threads for an operation, and
each number is the median of the rounds; a ratio is the median of the rounds' ratios, which --json gives too. It takes a
quiet machine.

TensorFlow computes two operations at once where neither waits for the other and a core is free, PyTorch one after the
other: `--cores 1` gives all of them one core (Linux).

- `genlab / fit`, `genlab / torch eager`, `genlab / torch compiled`: genlab's steps a second divided by those of each.
- `products alone / step`, of pictures `convolutions and products alone / step`: the time that these take alone, as a
  share of the time of the step: see `kernels.py`. What is left to gain is the rest.
- `lanes`: the time that two lanes take side by side, divided by that of the slower one alone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import Any

import numpy as np

from genlab.datasets.base import Dataset, Modes
from genlab.registry import MODELS
from genlab.spec import make_spec

WIDE: dict[str, dict[str, dict[str, Any]]] = {
    "points": {
        "gan": {"generator_width": 128, "discriminator_width": 128, "batch_size": 256},
        "vae": {"width": 128, "batch_size": 256},
    },
    "pictures": {
        "gan": {
            "generator_width": 32,
            "discriminator_width": 32,
            "batch_size": 128,
            "spectral_normalization": False,
            "r1_weight": 0.0,
            "ema_decay": 0.0,
        },
        "vae": {"width": 32, "batch_size": 128, "ema_decay": 0.0},
    },
}
ALONE = {"points": "products alone / step", "pictures": "convolutions and products alone / step"}
STEPS = {"points": 500, "pictures": 40}
SHUFFLED = 1_000  # examples that tf.data holds to draw from: each call of `fit` fills them anew, which is not training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=["points", "pictures", "lanes"], default=[*STEPS, "lanes"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cores", type=int, help="that everything shares; all there are, unless given")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.cores:  # before TensorFlow is imported: its threads are given the same
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])

    from genlab.training import backend

    backend.prepare()
    if not find_spec("torch"):
        print("PyTorch is not installed: it is not compared with.", file=sys.stderr)
    rows: list[dict[str, Any]] = []
    for part in given.parts:
        rows += compare_lanes(given.rounds) if part == "lanes" else compare_training(part, given.rounds)
    if given.json:
        print(json.dumps(rows))
        return
    for row in rows:
        print(line(row))


def line(row: dict[str, Any]) -> str:
    """A row without the ratios of each round."""
    numbers = {name: f"{value:,.3g}" for name, value in row.items() if isinstance(value, float)}
    words = {name: value for name, value in row.items() if isinstance(value, str) and name != "part"}
    return "  ".join([row["part"], *(f"{name} {value}" for name, value in {**numbers, **words}.items())])


def data_of(part: str) -> Dataset:
    """Random numbers of the shape: what is in them costs nothing more or less."""
    shape = (2,) if part == "points" else (28, 28, 1)
    random = np.random.default_rng(0)
    examples = random.random((10_000, *shape), dtype="float32")
    labels = np.zeros(len(examples), "int64")
    modes = Modes(names=("all",), shares=np.ones(1))
    return Dataset("random", examples, examples[:1000], labels, labels[:1000], modes)


def make_lane(model: str, part: str, data: Dataset, settings: dict[str, Any] | None = None) -> Any:
    from genlab.training.lane import Lane

    dataset = "ring8" if part == "points" else "digits"  # for the preset of the kind; the data is `data`
    spec = make_spec(
        dataset=dataset, lanes=[{"model": model, "settings": WIDE[part][model] if settings is None else settings}]
    )
    lane = Lane(0, spec.lanes[0], data, 0, "cpu")
    lane.compile()
    return lane


def seconds(function: Callable[..., Any], *arguments: Any) -> float:
    began = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - began


def compare_training(part: str, rounds: int) -> list[dict[str, Any]]:
    from kernels import kernels_alone

    rows: list[dict[str, Any]] = []
    data, steps = data_of(part), STEPS[part]
    for model in ("gan", "vae"):
        lane = make_lane(model, part, data)
        peers = {"fit": keras_fit(model, part, data, lane)}
        torches, failed = torch_peers(lane)
        peers |= torches
        times = take_turns({"genlab": lane.advance, **peers, "alone": kernels_alone(lane)}, steps, rounds)
        row: dict[str, Any] = {"part": f"{model} on {part}"}
        row |= {f"{name}, steps/s": steps / statistics.median(times[name]) for name in ("genlab", *peers)}
        for name in peers:
            row |= with_rounds(f"genlab / {name}", divided(times[name], times["genlab"]))
        row |= with_rounds(ALONE[part], divided(times["alone"], times["genlab"]))
        rows.append(row | failed)
    return rows


def take_turns(trained: dict[str, Callable[[int], Any]], steps: int, rounds: int) -> dict[str, list[float]]:
    """The seconds that each takes for so many steps, in each round."""
    times: dict[str, list[float]] = {name: [] for name in trained}
    for round_ in range(rounds + 1):
        for name, train in trained.items():
            spent = seconds(train, steps)
            if round_:  # the first is for warming up
                times[name].append(spent)
    return times


def divided(ones: list[float], others: list[float]) -> list[float]:
    return [one / other for one, other in zip(ones, others, strict=True)]


def with_rounds(name: str, values: list[float]) -> dict[str, Any]:
    """The median of the rounds, and the value of each."""
    return {name: statistics.median(values), f"{name}, rounds": values}


def torch_peers(lane: Any) -> tuple[dict[str, Callable[[int], Any]], dict[str, str]]:
    """The lane's training in PyTorch, eager and compiled, and in words why one of them is not there. None of either
    where PyTorch is not installed.
    """
    if not find_spec("torch"):
        return {}, {}
    from torch_lanes import torch_training

    try:
        peers = {"torch eager": torch_training(lane, operation_threads(), compiled=False)}
        compiled = torch_training(lane, operation_threads(), compiled=True)
    except ValueError as error:
        return {}, {"torch": f"could not be translated: {error}"}
    try:
        compiled(1)  # compiles, which needs a compiler of C++
    except RuntimeError as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        return peers, {"torch compiled": f"could not be compiled: {reason}"}
    return peers | {"torch compiled": compiled}, {}


def operation_threads() -> int:
    """The threads that TensorFlow has for an operation."""
    import tensorflow as tf

    chosen = os.environ.get("TF_NUM_INTRAOP_THREADS") or tf.config.threading.get_intra_op_parallelism_threads()
    return int(chosen) or os.cpu_count() or 1


def compare_lanes(rounds: int) -> list[dict[str, Any]]:
    """The presets of the GAN and the VAE."""
    rows = []
    for part in STEPS:
        data, steps = data_of(part), STEPS[part]
        lanes = [make_lane(model, part, data, {}) for model in ("gan", "vae")]
        ratios = []
        with ThreadPoolExecutor(2) as threads:
            for round_ in range(rounds + 1):
                alone = [seconds(lane.advance, steps) for lane in lanes]
                together = seconds(advance_together, threads, lanes, steps)
                if round_:
                    ratios.append(together / max(alone))
        rows.append({"part": f"two lanes of {part}", "together / slower alone": statistics.median(ratios)})
    return rows


def advance_together(threads: ThreadPoolExecutor, lanes: list[Any], steps: int) -> None:
    for result in [threads.submit(lane.advance, steps) for lane in lanes]:
        result.result()


def keras_fit(model: str, part: str, data: Dataset, lane: Any) -> Callable[[int], Any]:
    """Keras's way: a model with a train step, fitted on batches from tf.data."""
    import keras
    import tensorflow as tf
    from keras import ops

    from genlab.models import losses
    from genlab.models.base import with_variables
    from genlab.training import backend

    settings = lane.settings
    batches = tf.data.Dataset.from_tensor_slices(data.train[:]).repeat().shuffle(SHUFFLED)
    batches = batches.batch(settings.batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)
    context = backend.make_context(0)
    built = MODELS[model].build(with_variables(settings)[0], data, context)

    class Gan(keras.Model):
        def train_step(self, x: Any) -> dict[str, Any]:
            generator, discriminator = built.networks["generator"], built.networks["discriminator"]
            latent_shape = (settings.batch_size, settings.latent_dim)
            with tf.GradientTape() as tape:
                fake = self.example(generator(keras.random.normal(latent_shape)))
                loss = losses.cross_entropy_discriminator_loss(
                    discriminator(x, training=True), discriminator(fake, training=True)
                )
            weights = discriminator.trainable_weights
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            with tf.GradientTape() as tape:
                fake = self.example(generator(keras.random.normal(latent_shape), training=True))
                generator_loss = losses.non_saturating_generator_loss(discriminator(fake))
            weights = generator.trainable_weights
            self.second.apply(tape.gradient(generator_loss, weights), weights)
            return {"discriminator": loss, "generator": generator_loss}

        @staticmethod
        def example(output: Any) -> Any:
            return output if part == "points" else ops.sigmoid(output)

    class Vae(keras.Model):
        def train_step(self, x: Any) -> dict[str, Any]:
            weights = [weight for network in built.networks.values() for weight in network.trainable_weights]
            with tf.GradientTape() as tape:
                loss = built.phases[0].loss(x, None)["loss"]
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            return {"loss": loss}

    def adam(phase: Any) -> Any:
        """Keras's Adam with the settings of a phase, for the weights that it updates."""
        optimizer = keras.optimizers.Adam(backend.learning_rate(phase), beta_1=phase.optimizer.beta_1)
        optimizer.build([weight for name in phase.updates for weight in built.networks[name].trainable_weights])
        return optimizer

    trained = (Gan if model == "gan" else Vae)()
    trained.compile(optimizer=adam(built.phases[0]))
    if model == "gan":
        trained.second = adam(built.phases[1])
    trained.built = True
    return lambda steps: trained.fit(batches, steps_per_epoch=steps, epochs=1, verbose=0)


if __name__ == "__main__":
    main()
