"""Keras's Adam, with the whole update of a weight as one operation of TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from genlab.models.base import Decay
from genlab.training.backend.framework import keras, tf


class Adam(keras.optimizers.Adam):
    """Adam (Kingma and Ba 2015), equal to Keras's to rounding and with the same variables in the same order.

    Keras makes about ten operations of the update of each weight, which on small networks takes as long as the
    gradients do. Gradient accumulation, AMSGrad and sparse gradients are left to Keras's own.

    Args:
        learning_rate: a function without arguments -> the step size, asked anew at every update.
        beta_1: decay of the first moment.
    """

    def __init__(self, learning_rate: Callable[[], Any], beta_1: float = 0.9) -> None:
        super().__init__(learning_rate, beta_1=beta_1)

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        step = tf.cast(self.iterations.value + 1, tf.float32)
        self._powers = tf.pow(self.beta_1, step), tf.pow(self.beta_2, step)  # once for all weights
        super().apply(grads, trainable_variables)

    def _backend_update_step(self, grads: Any, trainable_variables: Any, learning_rate: tf.Tensor) -> None:
        """Each weight by itself. Keras's own first adds up the gradients of all devices of a tf.distribute strategy, of
        which there is one here; TensorFlow never forgets how, nor the graph that it is done in with all data there.
        """
        for gradient, variable in zip(grads, trainable_variables, strict=True):
            self.update_step(gradient, variable.value, learning_rate)

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        beta_1_power, beta_2_power = self._powers
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=beta_1_power,
            beta2_power=beta_2_power,
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


def remaining_share(decay: Decay, step: tf.Tensor, expected_steps: tf.Tensor) -> tf.Tensor | float:
    """The share of the learning rate that is left after so many of the expected steps: 1 at the start, 0 at the end and
    beyond. "linear" is 1 - t, "cosine" (1 + cos(pi t)) / 2 (Loshchilov and Hutter 2017, SGDR, without restarts).
    """
    done = tf.minimum(tf.cast(step, tf.float32) / expected_steps, 1.0)
    if decay == "linear":
        return 1.0 - done
    return 0.5 * (1.0 + tf.cos(math.pi * done)) if decay == "cosine" else 1.0
