"""Training steps a second: genlab beside Keras `fit` on the same networks, and beside their matrix products alone.

    python benchmarks/throughput.py [--parts points pictures lanes] [--rounds 5] [--json]

Points: two hidden layers of 128 units, batch 256. Pictures: MNIST's size, 32 channels, batch 128. Keras `fit` has a
custom train step, Keras's Adam, and batches from tf.data. Everything is measured in turns in one process, and each
number is the median of the rounds; a ratio is the median of the rounds' ratios. It takes a quiet machine.

- `fit`: genlab's steps a second divided by those of `fit`.
- `products`: the time that the matrix products of a step on points take alone, as a share of the time of the step.
- `lanes`: the time that two lanes take side by side, divided by that of the slower one alone.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from genlab.datasets.base import Dataset, Modes
from genlab.registry import MODELS
from genlab.spec import make_spec

WIDE = {
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
        "vae": {"width": 32, "batch_size": 128},
    },
}
STEPS = {"points": 500, "pictures": 20}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=["points", "pictures", "lanes"], default=[*STEPS, "lanes"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()

    from genlab.training import backend

    backend.prepare()
    rows = []
    for part in given.parts:
        rows += compare_lanes(given.rounds) if part == "lanes" else compare_fit(part, given.rounds)
    if given.json:
        print(json.dumps(rows))
        return
    for row in rows:
        print("  ".join(f"{name} {value:,.3g}" if isinstance(value, float) else value for name, value in row.items()))


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


def compare_fit(part: str, rounds: int) -> list[dict[str, Any]]:
    rows, data, steps = [], data_of(part), STEPS[part]
    for model in ("gan", "vae"):
        lane = make_lane(model, part, data)
        fit = keras_fit(model, part, data, lane.settings)
        products = matrix_products(model, lane) if part == "points" else None
        times: dict[str, list[float]] = {"genlab": [], "fit": [], "products": []}
        for round_ in range(rounds + 1):
            measured = {"genlab": seconds(lane.advance, steps), "fit": seconds(fit, steps)}
            if products:
                measured["products"] = seconds(products, steps)
            if round_:  # the first is for warming up
                for name, value in measured.items():
                    times[name].append(value)
        row = {
            "part": f"{model} on {part}",
            "genlab, steps/s": steps / statistics.median(times["genlab"]),
            "fit, steps/s": steps / statistics.median(times["fit"]),
            "genlab / fit": statistics.median(b / a for a, b in zip(times["genlab"], times["fit"], strict=True)),
        }
        if products:
            shares = [b / a for a, b in zip(times["genlab"], times["products"], strict=True)]
            row["products alone / step"] = statistics.median(shares)
        rows.append(row)
    return rows


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


def keras_fit(model: str, part: str, data: Dataset, settings: Any) -> Callable[[int], Any]:
    """Keras's way: a model with a train step, fitted on batches from tf.data."""
    import keras
    import tensorflow as tf
    from keras import ops

    from genlab.models import losses
    from genlab.models.base import with_variables
    from genlab.training import backend

    batches = tf.data.Dataset.from_tensor_slices(data.train).shuffle(len(data.train)).repeat()
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

    trained = (Gan if model == "gan" else Vae)()
    trained.compile(optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5 if model == "gan" else 0.9))
    if model == "gan":
        trained.optimizer.build(built.networks["discriminator"].trainable_weights)
        trained.second = keras.optimizers.Adam(1e-3, beta_1=0.5)
        trained.second.build(built.networks["generator"].trainable_weights)
    else:
        trained.optimizer.build([w for network in built.networks.values() for w in network.trainable_weights])
    trained.built = True
    return lambda steps: trained.fit(batches, steps_per_epoch=steps, epochs=1, verbose=0)


def matrix_products(model: str, lane: Any) -> Callable[[int], Any]:
    """The products of one step on points, and nothing else, in a compiled loop."""
    import tensorflow as tf

    batch = lane.settings.batch_size

    def layers(name: str) -> list[tuple[int, int]]:
        return [tuple(w.shape) for w in lane.model.networks[name].trainable_weights if len(w.shape) == 2]

    def forward(name: str) -> list[tuple[int, int, int]]:
        return [(batch, rows, columns) for rows, columns in layers(name)]

    def to_weights(name: str) -> list[tuple[int, int, int]]:
        return [(rows, batch, columns) for rows, columns in layers(name)]

    def to_inputs(name: str, first: bool) -> list[tuple[int, int, int]]:
        return [(batch, columns, rows) for rows, columns in layers(name)[0 if first else 1 :]]

    if model == "gan":
        real_and_fake = forward("discriminator") + to_weights("discriminator") + to_inputs("discriminator", False)
        shapes = forward("generator") + 2 * real_and_fake
        shapes += forward("generator") + forward("discriminator") + to_inputs("discriminator", True)
        shapes += to_weights("generator") + to_inputs("generator", False)
    else:
        shapes = [
            shape
            for name, first in (("encoder", False), ("decoder", True))
            for shape in forward(name) + to_weights(name) + to_inputs(name, first)
        ]
    pairs = [(tf.Variable(tf.ones((m, k))), tf.Variable(tf.ones((k, n)))) for m, k, n in shapes]

    @tf.function(autograph=False)
    def multiply(steps: tf.Tensor) -> tf.Tensor:
        def body(done: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            # Variables are read anew in each step: products of constants would be computed once for all.
            return done + 1, total + tf.add_n([tf.matmul(a, b)[0, 0] for a, b in pairs])

        return tf.while_loop(lambda done, _: done < steps, body, (0, 0.0))[1]

    return lambda steps: multiply(tf.constant(steps)).numpy()


if __name__ == "__main__":
    main()
