"""What goes with an update: a penalty in every so many-th step, and an average of the weights after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from genlab.models.base import Context, Tensor
from genlab.spec import setting


def r1_setting() -> Any:
    return setting(
        0.0,
        "Weight of the R1 penalty: the discriminator's squared gradient norm at real examples.",
        minimum=0,
        maximum=1000,
    )


def average_setting(of_what: str) -> Any:
    """of_what: which weights, and what their average is for."""
    return setting(
        0.0,
        f"Decay of an exponential moving average of {of_what}; 0: none.",
        minimum=0,
        maximum=0.9999,
        architecture=True,
    )


def zero_centered_penalty(
    context: Context, function: Callable[[Tensor], Tensor], x: Tensor, weight: float, interval: int
) -> Tensor:
    """The weighted squared norm of the gradient of function(x) at examples x (batch, ...), a scalar: R1 at real
    examples and R2 at generated ones (Mescheder et al. 2018). With an interval it is 0 in the steps between, and has so
    many times its weight in the others (Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN",
    lazy regularisation).
    """
    from keras import ops

    from genlab.models import losses

    def penalty() -> Tensor:
        return interval * weight * losses.zero_centered_penalty(context.input_gradient(function, x))

    if interval == 1:
        return penalty()
    due = ops.equal(ops.convert_to_tensor(context.step) % interval, 0)
    return ops.cond(due, penalty, lambda: ops.zeros(()))


def averaging(
    average: Any, network: Any, decay: float, ramp_up: float = 0.0, iterations: Any = None
) -> Callable[[], None]:
    """A function to call after each update of a network, which moves another of the same shape towards it: an
    exponential moving average of its weights (Yazici et al. 2019).

    ramp_up: the half-life of the average in shares of the updates so far, which are the variable `iterations`, until
    `decay` is reached: a long average at the end that does not lag at the start (Karras et al. 2020, StyleGAN2-ADA,
    whose share is 0.05). 0: the decay from the first update on.
    """
    from keras import ops

    def update() -> None:
        kept: Any = decay
        if ramp_up:
            half_life = ramp_up * ops.cast(iterations, "float32")
            kept = ops.minimum(decay, ops.power(0.5, 1.0 / half_life))
        for mean, weight in zip(average.weights, network.weights, strict=True):
            mean.assign(kept * mean + (1.0 - kept) * weight)

    return update
