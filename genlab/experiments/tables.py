"""On a table: its columns, the ties between them, and what a model learns that is trained on made-up rows."""

from __future__ import annotations

from collections.abc import Sequence

from genlab.experiments.base import Experiment, Measured, Verdict, judged, one_run
from genlab.registry import EXPERIMENTS

MEASURES = {
    "column_distance": "distance_of_columns",
    "association_error": "error_of_associations",
    "trained_on": "trained_on_and_tested_on_real",
}


def judge_table(runs: Sequence[Measured]) -> Verdict:
    """The VAE's rows have the columns and the associations of held-out rows more nearly than the GAN's and teach more
    about them, though less than as many real rows do.
    """
    (run,) = runs
    columns, associations, taught = (
        {"GAN": run.last(0, name), "VAE": run.last(1, name), "real": run.last(0, f"real_{name}")} for name in MEASURES
    )
    nearer = columns["VAE"] < columns["GAN"] and associations["VAE"] < associations["GAN"]
    evidence = {
        f"{whose}_rows_{words}": value
        for words, values in zip(MEASURES.values(), (columns, associations, taught), strict=True)
        for whose, value in values.items()
    }
    return judged(nearer and taught["GAN"] < taught["VAE"] < taught["real"], **evidence)


EXPERIMENTS.add(
    Experiment(
        name="table",
        title="A table of wines",
        group="data",
        kind="table",
        claim="On a small table a VAE's rows can be nearer to the data than a GAN's and teach more about it; real rows "
        "teach most.",
        heard="Papers on tables report either order; Xu et al. 2019 have both models side by side.",
        question="178 wines with 13 measurements. Whose rows teach more about wines that were held out?",
        answers={"The VAE's, but less than real ones": "seen", "The GAN's, or as much as real ones": "not seen"},
        runs=one_run(dataset="wine"),
        judge=judge_table,
        asks="table",
        tuned_on=(0, 1, 2),
        explanation="Columns are compared by themselves and in pairs; then gradient boosting learns one column from "
        "the others on as many made-up rows, and is asked about real ones: its score is 1 at best.",
        leaves_out="Columns that are words, privacy, and tables of thousands of rows.",
        try_next="Let the VAE draw its noise: decoding, sampled.",
    )
)
