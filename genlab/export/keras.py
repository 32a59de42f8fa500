"""The networks of a lane as .keras files. They need TensorFlow, which pages never load: the command line makes them."""

from __future__ import annotations

import json

from genlab.datasets.base import DataUnavailable
from genlab.export.base import Asked, ExportFormat, ExportRefused, Files
from genlab.registry import EXPORTS
from genlab.runs.checkpoints import Checkpoint, checkpoints_at, fork_steps


def make(asked: Asked) -> Files:
    """A file for each network, and networks.json, which says what goes in and comes out. Of an earlier step, the
    nearest kept checkpoint up to it.
    """
    from genlab.latent import trained
    from genlab.latent.saving import describe_networks, keras_files

    try:
        model = trained.load(asked.run, asked.one_lane)
        if asked.step is not None:
            model.lane.restore(_checkpoint(asked))
    except (ValueError, DataUnavailable) as error:
        raise ExportRefused(str(error)) from None
    described = json.dumps(describe_networks(model), indent=1).encode()
    return {**keras_files(model), "networks.json": described}


def _checkpoint(asked: Asked) -> Checkpoint:
    assert asked.step is not None
    for step in reversed([step for step in fork_steps(asked.run) if step <= asked.step]):
        checkpoint = checkpoints_at(asked.run, step)[asked.one_lane]
        if checkpoint is not None:
            return checkpoint
    raise ExportRefused(f"No checkpoint was kept up to step {asked.step:,}. Ask for a later step.")


EXPORTS.add(
    ExportFormat(
        name="keras",
        title="Keras models",
        description="Each network of a lane as a .keras file that plain Keras loads.",
        suffix="",
        make=make,
        options=("step", "lane"),
        one_lane=True,
        trained=True,
    )
)
