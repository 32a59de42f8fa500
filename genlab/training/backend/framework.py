"""Keras and TensorFlow, imported in silence: whoever uses them in this package takes them from here."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from genlab.training.backend.quiet import quiet_standard_error

with quiet_standard_error():  # TensorFlow reports which CPU and CUDA libraries it did not find, whatever its log level
    import keras
    import tensorflow as tf
    from tensorflow.python.eager import record  # what tapes are told; TensorFlow offers it in no public module

    tf.config.list_physical_devices()
tf.get_logger().setLevel("ERROR")  # it takes the functions of several models for one that is traced again and again

__all__ = ["keras", "record", "tf"]
