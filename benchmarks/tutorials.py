"""Time to quality on MNIST: genlab's presets beside the recipes of well-known tutorials, in plain Keras.

    python benchmarks/tutorials.py [--seconds 60] [--seed 0] [--cache FOLDER] [--json]

- `dcgan`: transposed convolutions of 256, 128 and 64 channels against convolutions of 64 and 128 with dropout, batch
  256, Adam 1e-4, a step compiled by tf.function; after TensorFlow's "Deep Convolutional Generative Adversarial
  Network".
- `vae-2d`: convolutions of 32 and 64 channels, a dense layer of 16 units, two latent dimensions, batch 128, Adam 1e-3,
  the compiled train step that Keras `fit` calls; after Keras's "Variational AutoEncoder", but without held-out data.

All four train in turns of a few seconds on the same clock, which runs while they train and not while they compile, and
are measured after an eighth, a quarter, a half and all of the seconds: solid modes, the share on a mode and the Fréchet
distance of 5,000 samples, in the space of the classifier that genlab trains. Then, for each pair, the first of these
times at which the preset is at least as good as the tutorial is at the end. It takes a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from quality import SAMPLES, lane_samples, line_of, make_quality

from genlab.datasets import load_dataset
from genlab.datasets.base import Dataset
from genlab.spec import make_spec

PAIRS = {"gan": "dcgan", "vae": "vae-2d"}
MARKS = (1 / 8, 1 / 4, 1 / 2, 1)  # of the seconds, at which samples are measured
TURN = 2.5  # seconds
CHUNK = 10  # steps of a preset between two looks at the clock


@dataclass
class Contestant:
    """What trains against the clock.

    Attributes:
        train: trains for so many steps.
        sample: () -> samples (SAMPLES, height, width, channels), pixels in [0, 1].
        chunk: steps between two looks at the clock.
    """

    train: Callable[[int], Any]
    sample: Callable[[], np.ndarray]
    chunk: int
    steps: int = 0
    seconds: float = 0.0

    def train_until(self, seconds: float) -> None:
        while self.seconds < seconds:
            began = time.perf_counter()
            self.train(self.chunk)
            self.seconds += time.perf_counter() - began
            self.steps += self.chunk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", type=Path, help="a folder that keeps the classifier")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows, real = measure(given.seconds, given.seed, given.cache or Path(folder), quiet=given.json)
    reached = {name: first_as_good(rows, name, tutorial) for name, tutorial in PAIRS.items()}
    if given.json:
        print(json.dumps({"rows": rows, "real": real, "seconds until as good as the tutorial": reached}))
        return
    print(line_of("real   ", {**real, "steps": 0, "seconds": 0.0}))
    for name, tutorial in PAIRS.items():
        for measured, seconds in reached[name].items():
            when = "not in this time" if seconds is None else f"after {seconds:.1f} s"
            print(f"{name} has the {measured} that {tutorial} has after {given.seconds:g} s: {when}")


def measure(seconds: float, seed: int, cache: Path, *, quiet: bool) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """A row for each contestant and mark, printed as it comes unless quiet, and what held-out real data gets."""
    from genlab.observing.mode_assignment import make_mode_assigner
    from genlab.training import backend

    backend.prepare()
    data = load_dataset("mnist", {})
    quality, real = make_quality(data, make_mode_assigner(data, cache), cache)
    contestants = {name: preset(name, data, seed) for name in PAIRS}
    contestants |= {"dcgan": dcgan(data, seed), "vae-2d": vae(data, seed)}
    rows: list[dict[str, Any]] = []
    for mark in MARKS:
        train_in_turns(list(contestants.values()), mark * seconds)
        for name, contestant in contestants.items():
            place = {"steps": contestant.steps, "seconds": contestant.seconds, "mark": mark * seconds}
            row = {**quality(contestant.sample()), **place}
            rows.append({"model": name, **row})
            if not quiet:
                print(line_of(f"{name:7}", row), flush=True)
    return rows, real


def train_in_turns(contestants: list[Contestant], seconds: float) -> None:
    """Train each up to so many seconds of its own."""
    end = min(contestant.seconds for contestant in contestants)
    while end < seconds:
        end = min(end + TURN, seconds)
        for contestant in contestants:
            contestant.train_until(end)


def first_as_good(rows: list[dict[str, Any]], name: str, tutorial: str) -> dict[str, float | None]:
    """The first mark, in seconds, at which a preset has the share on a mode, and that at which it has the Fréchet
    distance, that a tutorial has at the end; None for never.
    """
    ours = [row for row in rows if row["model"] == name]
    last = [row for row in rows if row["model"] == tutorial][-1]
    on_mode = (row["mark"] for row in ours if row["on_mode"] >= last["on_mode"])
    frechet = (row["mark"] for row in ours if row["frechet"] <= last["frechet"])
    return {"share on a mode": next(on_mode, None), "Fréchet distance": next(frechet, None)}


def preset(name: str, data: Dataset, seed: int) -> Contestant:
    """A model of genlab with its preset."""
    from genlab.training.lane import Lane

    lane = Lane(0, make_spec(dataset="mnist", lanes=[{"model": name}]).lanes[0], data, seed, "cpu")
    lane.compile()
    return Contestant(lane.advance, lambda: lane_samples(lane, seed, data.modes.shares), CHUNK)


def dcgan(data: Dataset, seed: int, batch_size: int = 256, latent_dim: int = 100) -> Contestant:
    import keras
    import tensorflow as tf
    from keras import layers

    keras.utils.set_random_seed(seed)
    generator = keras.Sequential([layers.Input((latent_dim,)), layers.Dense(7 * 7 * 256, use_bias=False)])
    for added in (layers.BatchNormalization(), layers.LeakyReLU(), layers.Reshape((7, 7, 256))):
        generator.add(added)
    for channels, strides in ((128, 1), (64, 2)):
        generator.add(layers.Conv2DTranspose(channels, 5, strides=strides, padding="same", use_bias=False))
        generator.add(layers.BatchNormalization())
        generator.add(layers.LeakyReLU())
    last = {"strides": 2, "padding": "same", "use_bias": False, "activation": "tanh"}
    generator.add(layers.Conv2DTranspose(1, 5, **last))
    discriminator = keras.Sequential([layers.Input(data.train.shape[1:])])
    for channels in (64, 128):
        discriminator.add(layers.Conv2D(channels, 5, strides=2, padding="same"))
        discriminator.add(layers.LeakyReLU())
        discriminator.add(layers.Dropout(0.3))
    discriminator.add(layers.Flatten())
    discriminator.add(layers.Dense(1))
    networks = (generator, discriminator)
    optimizers = [keras.optimizers.Adam(1e-4) for _ in networks]
    for network, optimizer in zip(networks, optimizers):
        optimizer.build(network.trainable_variables)
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)

    @tf.function(autograph=False)
    def train_step(x: Any) -> None:
        with tf.GradientTape() as of_generator, tf.GradientTape() as of_discriminator:
            fake = generator(tf.random.normal((batch_size, latent_dim)), training=True)
            real_logits, fake_logits = discriminator(x, training=True), discriminator(fake, training=True)
            generator_loss = cross_entropy(tf.ones_like(fake_logits), fake_logits)
            discriminator_loss = cross_entropy(tf.ones_like(real_logits), real_logits)
            discriminator_loss += cross_entropy(tf.zeros_like(fake_logits), fake_logits)
        pairs = ((of_generator, generator_loss), (of_discriminator, discriminator_loss))
        for (tape, loss), network, optimizer in zip(pairs, networks, optimizers):
            weights = network.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))

    batches = iter(batches_of(2.0 * data.train[:] - 1.0, batch_size))

    def train(steps: int) -> None:
        for _ in range(steps):
            train_step(next(batches))

    train(1)  # compiles
    return Contestant(train, lambda: 0.5 + 0.5 * sampled(generator, latent_dim, seed), chunk=1)


def vae(data: Dataset, seed: int, batch_size: int = 128, latent_dim: int = 2) -> Contestant:
    import keras
    import tensorflow as tf
    from keras import layers, ops

    keras.utils.set_random_seed(seed)
    halved = {"strides": 2, "padding": "same", "activation": "relu"}
    pictures, latents = layers.Input(data.train.shape[1:]), layers.Input((latent_dim,))
    x = layers.Conv2D(64, 3, **halved)(layers.Conv2D(32, 3, **halved)(pictures))
    x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
    encoder = keras.Model(pictures, [layers.Dense(latent_dim)(x), layers.Dense(latent_dim)(x)])
    x = layers.Reshape((7, 7, 64))(layers.Dense(7 * 7 * 64, activation="relu")(latents))
    x = layers.Conv2DTranspose(32, 3, **halved)(layers.Conv2DTranspose(64, 3, **halved)(x))
    decoder = keras.Model(latents, layers.Conv2DTranspose(1, 3, padding="same", activation="sigmoid")(x))

    class Trained(keras.Model):
        def train_step(self, x: Any) -> dict[str, Any]:
            with tf.GradientTape() as tape:
                mean, log_variance = encoder(x)
                decoded = decoder(mean + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(mean)))
                surprise = ops.mean(ops.sum(keras.losses.binary_crossentropy(x, decoded), axis=(1, 2)))
                kl = -0.5 * (1.0 + log_variance - ops.square(mean) - ops.exp(log_variance))
                loss = surprise + ops.mean(ops.sum(kl, axis=1))
            weights = encoder.trainable_weights + decoder.trainable_weights
            self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
            return {"loss": loss}

    trained = Trained()
    trained.compile(optimizer=keras.optimizers.Adam(1e-3))
    trained.optimizer.build(encoder.trainable_weights + decoder.trainable_weights)
    trained.built = True
    trained.make_train_function()
    batches = iter(batches_of(data.train[:], batch_size))

    def train(steps: int) -> None:
        # What `fit` does in an epoch. A `fit` for each turn would shuffle the data anew each time.
        for _ in range(steps):
            trained.train_function(batches)

    train(1)  # compiles
    return Contestant(train, lambda: sampled(decoder, latent_dim, seed), chunk=1)


def batches_of(examples: np.ndarray, batch_size: int) -> Any:
    """Batches of all examples in a new order, again and again."""
    import tensorflow as tf

    ordered = tf.data.Dataset.from_tensor_slices(examples).shuffle(len(examples), seed=0).repeat()
    return ordered.batch(batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def sampled(network: Any, latent_dim: int, seed: int) -> np.ndarray:
    """What a generator or a decoder makes of draws from a standard normal, (SAMPLES, ...)."""
    latents = np.random.default_rng(seed).standard_normal((SAMPLES, latent_dim), dtype="float32")
    return np.concatenate([network(latents[i : i + 500], training=False).numpy() for i in range(0, SAMPLES, 500)])


if __name__ == "__main__":
    main()
