"""Rule-based diagnosis of a lane, from what was recorded and measured of it. No finding without evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from genlab.metrics.modes import SOLID
from genlab.metrics.pictures import sharpness
from genlab.runs.evaluation import Evaluation, LaneEvaluation
from genlab.runs.view import RunView

TRAINED = 0.1  # share of the budget before which nothing is said: every model is bad at first
SURE_DISCRIMINATOR = 0.97  # right on both real and fake; below, a generator still finds examples that pass
VANISHED = 1e-3  # norm of the gradient; the networks here start between 0.05 and 10
COLLAPSED = 0.02  # spread of the samples, of that of the data; a mode of ring8 alone has 0.07, one of grid25 0.035
BY_CHANCE = 5e-4  # probability that so few samples fall on a mode whose fair share the model has
FEW_ON_A_MODE = 0.5  # of what real data has; below, most samples are between the modes
UNUSED = 0.005  # nats: that of a dimension whose means vary by 0.01, the border of an active unit
NEARLY_UNUSED = 0.1  # nats of all dimensions together: the decoder is told next to nothing
HOLES = 0.1  # of the prior's mass, beyond chance; then one sample in ten is decoded from where no data was
GAP = 0.1  # discrepancy of codes and prior, of at most 10; with the p-value, so that it is neither small nor chance
CERTAIN = 0.01  # p-value
BLUR = 0.7  # variance of the Laplacian, of that of the data; held-out data stays within 5 % of 1
COARSE = 0.8  # share of high frequencies, of that of the data: little contrast alone leaves it at 1
FLAT = 0.5  # move of the loss between the halves, in its own standard deviations within a half
IMPROVED = 0.1  # rise of the share of samples on a mode between the halves
MINIMUM_POINTS = 8  # of a curve, to say anything of its halves
MAXIMUM_NAMES = 12  # of dropped modes


@dataclass(frozen=True)
class Finding:
    """One problem of a lane.

    Attributes:
        name: one of those of the functions below, with hyphens.
        sentence: for people, without numbers where it can be.
        evidence: the numbers it was computed from.
    """

    lane: int
    name: str
    sentence: str
    evidence: str


@dataclass(frozen=True)
class Coverage:
    """Shares per mode of `count` samples and of real data, judged alike, both (K,), and how much of the latter is on
    any.
    """

    names: list[str]
    share: np.ndarray
    real: np.ndarray
    real_on_mode: float
    count: int

    @property
    def on_mode(self) -> float:
        return float(self.share.sum())


@dataclass(frozen=True)
class Lane:
    """What the functions below look at: a lane of a view, and what was measured of it, if anything was."""

    view: RunView
    index: int
    measured: LaneEvaluation | None

    def value(self, metric: str, result: str) -> float | None:
        return self.measured.value(metric, result) if self.measured else None

    def recent(self, name: str) -> float | None:
        """Mean over the last tenth of a recorded curve."""
        values = self.view.history.series(self.index, name)[1]
        return float(values[-max(1, len(values) // 10) :].mean()) if len(values) >= MINIMUM_POINTS else None

    def sure_discriminator(self) -> str:
        """How often a discriminator of examples that tells nearly all apart is right, in words; "" of any other."""
        if "score" not in self.view.abilities(self.index):
            return ""  # it judges codes, or pairs
        real, fake = (self.value("discriminator_accuracy", f"accuracy_{of}") for of in ("held_out", "fake"))
        if real is None or fake is None:
            real, fake = (self.recent(f"discriminator/accuracy_{of}") for of in ("real", "fake"))
        if real is None or fake is None or min(real, fake) < SURE_DISCRIMINATOR:
            return ""
        return f"right on {real:.1%} of real and {fake:.1%} of generated examples"

    def coverage(self) -> Coverage | None:
        """As measured, else of the newest frame."""
        reference, frame = self.view.reference, self.view.frames[self.index]
        if reference is None:
            return None
        names = [str(name) for name in reference["names"]]
        real = reference.get("judged_share", reference["mode_share"]).astype(float)
        on_mode = float(reference["on_mode_share"])
        if self.measured and self.measured.mode_share:
            measure = self.measured.find("mode_coverage", "on_mode_share")
            count = measure.count if measure else 0
            return Coverage(names, np.array(self.measured.mode_share), real, on_mode, count)
        if frame is None:
            return None
        return Coverage(names, frame.arrays["mode_share"].astype(float), real, on_mode, frame.metrics["samples"])


Found = Iterator[tuple[str, str]]  # sentence, evidence


def diagnose(view: RunView, evaluation: Evaluation | None = None) -> list[Finding]:
    """All findings about the lanes of a run that have trained for at least a tenth of their budget."""
    findings = []
    for index, spec in enumerate(view.spec.lanes):
        state = view.lane_state(index)
        if view.spec.used(state) < TRAINED * view.spec.budget:
            continue
        measured, frame = evaluation.lane(index) if evaluation else None, view.frames[index]
        if measured is not None and (measured.model != spec.model or (frame and frame.step > measured.step)):
            measured = None  # of an earlier time
        lane = Lane(view, index, measured)
        for check in CHECKS:
            name = check.__name__.replace("_", "-")
            findings += [Finding(index, name, sentence, evidence) for sentence, evidence in check(lane)]
    return findings


def discriminator_too_strong(lane: Lane) -> Found:
    sure = lane.sure_discriminator()
    if sure:
        yield "The discriminator is too strong: it tells nearly all real and generated examples apart.", sure


def generator_gradient_vanishing(lane: Lane) -> Found:
    """Small beside a discriminator that is sure; a small one alone is a matter of the loss's scale, as WGAN's is."""
    norm, sure = lane.value("generator_gradient", "norm"), lane.sure_discriminator()
    if norm is not None and norm < VANISHED and sure:
        sentence = "Hardly any gradient reaches the generator: the discriminator is sure, and its loss flat there."
        yield sentence, f"norm {norm:.1e}; the discriminator is {sure}"


def collapsed_to_a_point(lane: Lane) -> Found:
    frame, reference = lane.view.frames[lane.index], lane.view.reference
    if frame is None or reference is None:
        return
    spread, real = (_spread(arrays["samples"]) for arrays in (frame.arrays, reference))
    if real and spread < COLLAPSED * real:
        sentence = "The model has collapsed to a point: all samples are nearly the same."
        yield sentence, f"they spread {spread / real:.1%} as far as the data"


def off_the_modes(lane: Lane) -> Found:
    covered = lane.coverage()
    if covered and covered.on_mode < FEW_ON_A_MODE * covered.real_on_mode:
        yield "Most samples lie on no mode.", f"{covered.on_mode:.0%} on a mode; real data {covered.real_on_mode:.0%}"


def modes_dropped(lane: Lane) -> Found:
    """The modes that are not solid beside real data, judged in the same way; unless most samples are bad, which would
    be taken for missing, or there are too few to tell.
    """
    from scipy.special import pdtr  # imported here, since pages read this file

    covered = lane.coverage()
    if covered is None or covered.on_mode < FEW_ON_A_MODE * covered.real_on_mode:
        return
    expected = covered.real * covered.on_mode / covered.real_on_mode * covered.count
    rare = pdtr(np.round(covered.share * covered.count), np.maximum(expected, 1e-9)) <= BY_CHANCE  # Poisson
    dropped = np.flatnonzero((covered.share < SOLID * covered.real) & rare)
    if len(dropped):
        names = [covered.names[mode] for mode in dropped[:MAXIMUM_NAMES]]
        more = f" and {len(dropped) - MAXIMUM_NAMES} more" if len(dropped) > MAXIMUM_NAMES else ""
        sentence = f"It drops {len(dropped)} of {len(expected)} modes: {', '.join(names)}{more}."
        yield sentence, f"each below {SOLID:.0%} of its fair share of {covered.count:,} samples"


def posterior_collapse(lane: Lane) -> Found:
    frame = lane.view.frames[lane.index]
    kl = np.array(lane.measured.kl) if lane.measured else np.empty(0)
    if not len(kl) and frame is not None:
        kl = frame.arrays.get("kl", kl)
    unused = np.flatnonzero(kl < UNUSED)
    if len(unused):
        which = ", ".join(str(dimension + 1) for dimension in unused[:MAXIMUM_NAMES])
        which += f" and {len(unused) - MAXIMUM_NAMES} more" if len(unused) > MAXIMUM_NAMES else ""
        dimensions, carry = ("dimension", "carries") if len(unused) == 1 else ("dimensions", "carry")
        sentence = f"Posterior collapse: latent {dimensions} {which} (of {len(kl)}) {carry} nothing of the example."
        yield sentence, f"KL below {UNUSED} nats; all dimensions together {kl.sum():.2f}"
    elif len(kl) and kl.sum() < NEARLY_UNUSED:
        yield "Posterior collapse: the whole latent says next to nothing of the example.", f"KL {kl.sum():.2f} nats"


def prior_holes(lane: Lane) -> Found:
    holes, chance = lane.value("hole_map", "hole_share"), lane.value("hole_map", "chance")
    if holes is not None and chance is not None:
        if holes > HOLES + chance:
            sentence = "The prior has holes: samples are decoded from places where no data was encoded."
            yield sentence, f"{holes:.0%} of its mass holds no code; by chance {chance:.0%}"
        return
    gap, p_value = (lane.value("aggregated_posterior_gap", result) for result in ("discrepancy", "p_value"))
    if gap is not None and p_value is not None and gap > GAP and p_value <= CERTAIN:
        sentence = "The codes of the data are not spread as the prior is, from which the latents of samples are drawn."
        yield sentence, f"discrepancy {gap:.2f}, p = {p_value:.3f}"


def blur(lane: Lane) -> Found:
    """Less of the Laplacian and of high frequencies: the first alone may be less contrast, or only one plain class."""
    ratio, high, real = (
        lane.value("sharpness", result)
        for result in ("laplacian_ratio", "high_frequency_share", "real_high_frequency_share")
    )
    frame, reference = lane.view.frames[lane.index], lane.view.reference
    if ratio is None and frame is not None and reference is not None and reference["samples"].ndim == 4:
        measured = sharpness(reference["samples"] / 255, frame.arrays["samples"] / 255)
        ratio, high, real = (
            measured[name] for name in ("laplacian_ratio", "high_frequency_share", "real_high_frequency_share")
        )
    if ratio is None or high is None or real is None:
        return
    if ratio < BLUR and high < COARSE * real:
        evidence = f"their Laplacian has {ratio:.0%} of the variance that real images have"
        yield "The samples are blurred.", f"{evidence}, and their high frequencies {high / real:.0%} of the share"


def memorisation(lane: Lane) -> Found:
    flag, share = (lane.value("memorisation", result) for result in ("memorised", "share_within_1"))
    if flag and share is not None:
        sentence = "It repeats training examples instead of making new ones."
        yield sentence, f"{share:.0%} of the samples are as near to one as the nearest 1 % of held-out data"


def loss_flat_while_samples_improve(lane: Lane) -> Found:
    """Between the second quarter and the last: the first is no training that anybody would call flat."""
    label, name = next(iter(lane.view.curves(lane.index).items()), ("", ""))
    loss = _quarters(lane.view.history.series(lane.index, name)[1])
    on_mode = _quarters(lane.view.history.series(lane.index, "on_mode_share")[1])
    if loss is None or on_mode is None:
        return
    noise = (loss[0].std() + loss[1].std()) / 2
    moved, risen = abs(loss[1].mean() - loss[0].mean()), on_mode[1].mean() - on_mode[0].mean()
    if risen >= IMPROVED and moved <= FLAT * noise:
        sentence = f"The samples improve while the loss of the {label} says nothing of it."
        yield sentence, f"{risen:.0%} more on a mode; the loss moved by {moved:.2g}, and varies by {noise:.2g} anyway"


CHECKS: tuple[Callable[[Lane], Found], ...] = (
    discriminator_too_strong,
    generator_gradient_vanishing,
    collapsed_to_a_point,
    off_the_modes,
    modes_dropped,
    posterior_collapse,
    prior_holes,
    blur,
    memorisation,
    loss_flat_while_samples_improve,
)


def _spread(examples: np.ndarray) -> float:
    """Root of the variance of examples (n, ...), summed over their numbers."""
    return float(np.sqrt(examples.reshape(len(examples), -1).astype(float).var(axis=0).sum()))


def _quarters(values: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The second and the last quarter of a curve; None if there are too few points."""
    part = len(values) // 4
    return (values[part : 2 * part], values[-part:]) if len(values) >= MINIMUM_POINTS else None
