"""The only place that names the framework beneath Keras. Everything above it asks this package.

State goes in and comes out by name: whoever compiles a function says which variables it reads and which it updates,
and gets and sets their values as arrays. TensorFlow finds the variables of a function by itself; JAX does not, and a
test holds that the lists are complete. A second backend is one file with these functions.
"""

from genlab.training.backend.convolutions import use_quick_convolutions
from genlab.training.backend.flows import model_flow
from genlab.training.backend.tensorflow import (
    TrainingData,
    compile_descent,
    compile_function,
    compile_steps,
    describe,
    devices,
    gradient_norm,
    make_context,
    place_on,
    prepare,
    read_variables,
    seed_initializers,
    write_variables,
)
from genlab.training.backend.updates import (
    WatchedUpdate,
    apply_update,
    compile_sample_gradients,
    learning_rate,
    maker_of,
    watch_update,
)

__all__ = [
    "TrainingData",
    "WatchedUpdate",
    "apply_update",
    "compile_descent",
    "compile_function",
    "compile_sample_gradients",
    "compile_steps",
    "describe",
    "devices",
    "gradient_norm",
    "learning_rate",
    "make_context",
    "maker_of",
    "model_flow",
    "place_on",
    "prepare",
    "read_variables",
    "seed_initializers",
    "use_quick_convolutions",
    "watch_update",
    "write_variables",
]
