"""Convolutions that halve images, and transposed ones that double them, by quicker operations of the processor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from genlab.training.backend.framework import keras, record, tf
from genlab.training.backend.tensorflow import resolve

KERNEL, STRIDE = (4, 4), (2, 2)  # of the layers that this is for, padded to the "same" size
AROUND = [[0, 0], [1, 1], [1, 1], [0, 0]]  # one pixel on each side
STRIDED = {"strides": [1, 2, 2, 1], "padding": "SAME"}


def use_quick_convolutions(networks: Mapping[str, keras.Model], device: str) -> None:
    """Let the layers of networks that halve or double images compute the same by quicker operations. On a GPU nothing
    changes.

    TensorFlow's own transposed convolution, which is the gradient of each convolution too, takes two to three times as
    long on a processor where images have few channels. The layers stay Keras's own, in files and exports as well.
    """
    if resolve(device) != "cpu":
        return
    for layer in _layers(networks.values()):
        if not isinstance(layer, keras.layers.Conv2D | keras.layers.Conv2DTranspose):
            continue
        if (layer.kernel_size, layer.strides, layer.padding) != (KERNEL, STRIDE, "same"):
            continue
        if isinstance(layer, keras.layers.Conv2DTranspose):
            layer.call = partial(_call_transposed, layer)
        else:
            layer.convolution_op = halve


def with_gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    """Tensors or variables -> a tensor, from a function that also gives that of its gradients, for tapes that watch.

    As tf.custom_gradient, which registers a gradient for ever, and with it keeps the graph and all data there. Where
    TensorFlow takes gradients without a tape, as through a tf.cond, they are those of the operations inside.
    """

    def call(*values: Any) -> tf.Tensor:
        tensors = [tf.convert_to_tensor(value) for value in values]
        with record.stop_recording():
            result, gradient = function(*tensors)
        record.record_operation(function.__name__, [result], tensors, gradient)
        return result

    return call


@with_gradient
def halve(x: tf.Tensor, kernel: tf.Tensor) -> Any:
    """The convolution of images (n, h, w, c) with a kernel (4, 4, c, d), (n, ceil(h / 2), ceil(w / 2), d)."""

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return double(upstream, kernel, x.shape[1], x.shape[2]), _kernel_gradient(x, kernel, upstream)

    return tf.nn.conv2d(x, kernel, **STRIDED), gradient


def double(y: tf.Tensor, kernel: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """The transpose of `halve`: images (n, ceil(h / 2), ceil(w / 2), d) and the same kernel -> (n, h, w, c).

    Each pixel of the result is reached by two rows and two columns of the kernel: which, depends on whether its own row
    and column are odd. So four convolutions with a kernel of 2 make the four kinds of pixels, side by side as channels
    (Shi et al. 2016, "Is the deconvolution layer the same as a convolutional layer?").
    """

    @with_gradient
    def compute(y: tf.Tensor, kernel: tf.Tensor) -> Any:
        channels, filters = kernel.shape[2:]
        kinds = tf.reverse(tf.reshape(kernel, (2, 2, 2, 2, channels, filters)), [0, 2])
        kinds = tf.reshape(tf.transpose(kinds, (0, 2, 5, 1, 3, 4)), (2, 2, filters, 4 * channels))
        made = tf.nn.depth_to_space(tf.nn.conv2d(y, kinds, 1, AROUND), 2)

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return halve(upstream, kernel), _kernel_gradient(upstream, kernel, y)

        return made[:, 1 : 1 + height, 1 : 1 + width], gradient

    return compute(y, kernel)


def _kernel_gradient(x: tf.Tensor, kernel: tf.Tensor, upstream: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.Conv2DBackpropFilter(
        input=x, filter_sizes=tf.constant(kernel.shape.as_list()), out_backprop=upstream, **STRIDED
    )


def _call_transposed(layer: keras.layers.Conv2DTranspose, y: tf.Tensor) -> tf.Tensor:
    return double(y, layer.kernel, 2 * y.shape[1], 2 * y.shape[2]) + layer.bias


def _layers(networks: Iterable[keras.Model]) -> Iterator[Any]:
    """All layers of networks, and those that are wrapped in another."""
    for network in networks:
        for layer in network.layers:
            yield layer
            if isinstance(layer, keras.layers.Wrapper):
                yield layer.layer
