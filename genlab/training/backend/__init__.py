"""The only place that names the framework beneath Keras. Everything above it asks this package."""

from genlab.training.backend.tensorflow import (
    compile_descent,
    compile_function,
    compile_steps,
    describe,
    devices,
    make_context,
    place_on,
    prepare,
    seed_initializers,
)

__all__ = [
    "compile_descent",
    "compile_function",
    "compile_steps",
    "describe",
    "devices",
    "make_context",
    "place_on",
    "prepare",
    "seed_initializers",
]
