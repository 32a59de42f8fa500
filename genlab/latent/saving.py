"""The networks of a trained model as .keras files that plain Keras loads, in a process without genlab."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from genlab.latent.trained import Trained


def keras_files(trained: Trained) -> dict[str, bytes]:
    """Each network as a file, by its name. Layers of genlab's own become plain ones with the same output."""
    files = {}
    with TemporaryDirectory() as folder:
        for name, network in trained.lane.model.networks.items():
            path = Path(folder, f"{name}.keras")
            plain_network(network).save(path)
            files[path.name] = path.read_bytes()
    return files


def plain_network(network: Any) -> Any:
    """The same network of Keras's own layers alone: the learned deviation of a decoder becomes a Rescaling that takes
    every value to it.
    """
    import keras

    from genlab.models.networks import LearnedLogStd

    if not any(isinstance(layer, LearnedLogStd) for layer in network.layers):
        return network

    def plain(layer: Any) -> Any:
        if not isinstance(layer, LearnedLogStd):
            return layer
        return keras.layers.Rescaling(0.0, offset=layer.log_std.numpy().tolist(), name=layer.name)

    return keras.models.clone_model(network, clone_function=plain)


def describe_networks(trained: Trained) -> dict[str, Any]:
    """What goes into each network and comes out, and what makes an example of that: values of JSON."""
    model, settings = trained.lane.model, trained.lane.settings
    images = trained.dataset.kind == "images"
    makes = next(
        (name for name in ("ema_generator", "generator", "ema_decoder", "decoder") if name in model.networks), ""
    )
    offset = getattr(settings, "generator_offset", 0.0)
    example = f"the output of {makes}" + (f" plus {offset}" if offset else "")
    coding = trained.dataset.coding
    if coding and coding.categories:
        blocks = ", ".join(f"{block.start} to {block.stop - 1}" for block in coding.categories)
        example += f", with a softmax over the columns of each category ({blocks})"
    if images:
        example = f"the sigmoid of {example}"
    if not makes:
        example = "made by many calls of a network: the export `script` of this lane has them"
    return {
        "model": trained.lane.family.name,
        "step": trained.lane.step,
        "latent_dim": model.latent_dim,
        "prior": "standard normal" if model.prior == "normal" else "uniform from -1 to 1",
        "conditional": model.conditional,
        "example": example,
        "networks": {
            name: {
                "inputs": [list(tensor.shape) for tensor in network.inputs],
                "outputs": [list(tensor.shape) for tensor in network.outputs],
            }
            for name, network in model.networks.items()
        },
    }
