"""Each loss against a closed form, written down once more in plain NumPy, or against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

REAL, FAKE = np.array([2.0, -1.0, 0.3]), np.array([0.5, 3.0, -1.7])
LN_2 = np.log(2)

# What each adversarial's players minimise, of logits D(x) and D(G(z)) with labels 1 - s on real examples.
CLOSED_FORMS = {
    "non-saturating": (
        lambda x, z, s: np.mean(-(1 - s) * np.log(sigmoid(x)) - s * np.log(1 - sigmoid(x)) - np.log(1 - sigmoid(z))),
        lambda z: np.mean(-np.log(sigmoid(z))),
    ),
    "minimax": (
        lambda x, z, s: np.mean(-(1 - s) * np.log(sigmoid(x)) - s * np.log(1 - sigmoid(x)) - np.log(1 - sigmoid(z))),
        lambda z: np.mean(np.log(1 - sigmoid(z))),
    ),
    "least-squares": (
        lambda x, z, s: np.mean((x - (1 - s)) ** 2 / 2 + z**2 / 2),
        lambda z: np.mean((z - 1) ** 2 / 2),
    ),
    "hinge": (
        lambda x, z, s: np.mean(np.maximum(0, 1 - s - x) + np.maximum(0, 1 + z)),
        lambda z: np.mean(-z),
    ),
    "wasserstein": (lambda x, z, s: np.mean(z - x), lambda z: np.mean(-z)),
    "relativistic": (
        lambda x, z, s: -np.mean((1 - s) * np.log(sigmoid(x - z)) + s * np.log(sigmoid(z - x))),
        lambda z: -np.mean(np.log(sigmoid(z - REAL))),
    ),
}


@pytest.fixture(scope="module")
def losses(backend):
    from genlab.models import losses

    return losses


@pytest.fixture(scope="module")
def input_gradient(backend):
    """The gradient that the penalties are given while a model trains."""
    return backend.make_context(0).input_gradient


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype="float32")[:, None]


def test_every_adversarial_loss_has_its_closed_form_here(losses) -> None:
    assert set(CLOSED_FORMS) == set(losses.ADVERSARIAL_LOSSES)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("name", list(CLOSED_FORMS))
def test_adversarial_losses_are_their_closed_forms(name: str, smoothing: float, losses) -> None:
    adversarial, (discriminator, generator) = losses.ADVERSARIAL_LOSSES[name], CLOSED_FORMS[name]
    got = float(adversarial.discriminator(column(*REAL), column(*FAKE), smoothing))
    assert got == pytest.approx(discriminator(REAL, FAKE, smoothing), rel=1e-6)
    judged = (column(*FAKE), column(*REAL)) if adversarial.relativistic else (column(*FAKE),)
    assert float(adversarial.generator(*judged)) == pytest.approx(generator(FAKE), rel=1e-6)


@pytest.mark.parametrize(
    "name, cannot_tell, discriminator, generator",
    [
        ("non-saturating", 0.0, 2 * LN_2, LN_2),
        ("minimax", 0.0, 2 * LN_2, -LN_2),
        ("least-squares", 0.5, 0.25, 0.125),
        ("hinge", 0.0, 2.0, 0.0),
        ("relativistic", 0.0, LN_2, LN_2),
        ("wasserstein", 0.0, 0.0, 0.0),
    ],
)
def test_what_a_discriminator_that_cannot_tell_pays(
    name: str, cannot_tell: float, discriminator: float, generator: float, losses
) -> None:
    adversarial, logits = losses.ADVERSARIAL_LOSSES[name], column(cannot_tell, cannot_tell)
    assert float(adversarial.discriminator(logits, logits, 0.0)) == pytest.approx(discriminator, rel=1e-6)
    judged = (logits, logits) if adversarial.relativistic else (logits,)
    assert float(adversarial.generator(*judged)) == pytest.approx(generator, rel=1e-6)
    if adversarial.to_probability:
        np.testing.assert_allclose(adversarial.to_probability(logits), 0.5)
        assert adversarial.threshold == cannot_tell


def test_least_squares_probabilities_stay_between_0_and_1(losses) -> None:
    probability = losses.ADVERSARIAL_LOSSES["least-squares"].to_probability(column(-1.0, 0.25, 2.0))
    np.testing.assert_array_equal(probability, column(0.0, 0.25, 1.0))


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_label_smoothing_lowers_the_best_discriminator_by_its_factor(smoothing: float, losses, input_gradient) -> None:
    """(1 - s) p / (p + q), Salimans et al. 2016, section 3.4; here p = q, where the loss of that logit is flat."""
    from keras import ops

    best = (1 - smoothing) / 2
    logit = ops.convert_to_tensor(column(np.log(best / (1 - best))))
    slope = input_gradient(lambda at: losses.cross_entropy_discriminator_loss(at, at, smoothing), logit)
    assert float(slope[0, 0]) == pytest.approx(0.0, abs=1e-6)


def test_adversarial_losses_stay_finite_where_a_probability_rounds_to_zero(losses) -> None:
    assert float(losses.non_saturating_generator_loss(column(-200.0))) == pytest.approx(200.0)
    assert float(losses.minimax_generator_loss(column(200.0))) == pytest.approx(-200.0)
    assert float(losses.cross_entropy_discriminator_loss(column(-200.0), column(200.0))) == pytest.approx(400.0)


@pytest.mark.parametrize("shape", [(3,), (4, 4, 2)])
def test_penalties_of_a_linear_critic_are_exact(shape: tuple[int, ...], losses, input_gradient) -> None:
    """The gradient of w.x is w everywhere: penalties (||w|| - 1)^2 and ||w||^2 / 2, whose slopes in w are
    2 (||w|| - 1) w / ||w|| and w.
    """
    from keras import ops

    random = np.random.default_rng(0)
    weights = random.normal(size=shape).astype("float32")
    norm = np.linalg.norm(weights.astype("float64").ravel())
    x = ops.convert_to_tensor(random.normal(size=(5, *shape)).astype("float32"))

    def penalised(penalty, w):
        axes = tuple(range(1, len(shape) + 1))
        return penalty(input_gradient(lambda at: ops.sum(at * w, axis=axes), x))

    w = ops.convert_to_tensor(weights)
    assert float(penalised(losses.gradient_penalty, w)) == pytest.approx((norm - 1) ** 2, rel=1e-5)
    assert float(penalised(losses.zero_centered_penalty, w)) == pytest.approx(norm**2 / 2, rel=1e-5)
    slope = input_gradient(lambda at: penalised(losses.gradient_penalty, at), w)
    np.testing.assert_allclose(slope, 2 * (norm - 1) * weights / norm, rtol=1e-4)
    np.testing.assert_allclose(
        input_gradient(lambda at: penalised(losses.zero_centered_penalty, at), w), weights, rtol=1e-5
    )


def test_a_flat_critic_pays_the_penalty_in_full_and_has_a_finite_slope(losses, input_gradient) -> None:
    from keras import ops

    nothing = ops.zeros((4, 3))
    assert float(losses.gradient_penalty(nothing)) == pytest.approx(1.0, rel=1e-5)
    assert np.isfinite(input_gradient(losses.gradient_penalty, nothing)).all()


@pytest.mark.parametrize("mean, std", [(0.0, 1.0), (1.5, 0.5), (-0.7, 2.0)])
def test_kl_is_the_closed_form_and_the_integral(mean: float, std: float, losses) -> None:
    one = np.array([[mean]], "float32")
    kl = float(losses.kl_per_dimension(one, np.full_like(one, 2 * np.log(std)))[0])
    expected = np.log(1 / std) + (std**2 + mean**2) / 2 - 0.5  # ln(s2/s1) + (s1^2 + (m1-m2)^2) / 2 s2^2 - 1/2
    assert kl == pytest.approx(expected, rel=1e-5, abs=1e-7)
    posterior, prior = stats.norm(mean, std), stats.norm()
    integral, _ = integrate.quad(lambda z: posterior.pdf(z) * (posterior.logpdf(z) - prior.logpdf(z)), -25, 25)
    assert kl == pytest.approx(integral, rel=1e-5, abs=1e-7)


def test_kl_is_averaged_over_the_batch_in_each_dimension(losses) -> None:
    mean = np.array([[1.0, 0.0], [3.0, 0.0]], "float32")
    np.testing.assert_allclose(
        losses.kl_per_dimension(mean, np.zeros_like(mean)), [(1 / 2 + 9 / 2) / 2, 0.0], rtol=1e-6
    )


def test_squared_error_is_summed_over_an_example_and_averaged_over_the_batch(losses) -> None:
    x = np.zeros((3, 2, 2, 1), "float32")
    assert float(losses.squared_error(x, x + 0.5)) == pytest.approx(4 * 0.25)


def test_gaussian_likelihood_is_scipys(losses) -> None:
    random = np.random.default_rng(0)
    x, mean = random.normal(size=(2, 7, 3)).astype("float32")
    got = float(losses.gaussian_negative_log_likelihood(x, mean, np.full_like(mean, np.log(0.3))))
    expected = -stats.norm(mean, 0.3).logpdf(x).sum(axis=1).mean()
    assert got == pytest.approx(expected, rel=1e-5)


def test_bernoulli_likelihood_is_scipys_on_black_and_white(losses) -> None:
    random = np.random.default_rng(0)
    x = random.integers(0, 2, (5, 4, 4, 1)).astype("float32")
    logits = random.normal(size=x.shape).astype("float32")
    got = float(losses.bernoulli_negative_log_likelihood(x, logits))
    expected = -stats.bernoulli(sigmoid(logits.astype("float64"))).logpmf(x).sum(axis=(1, 2, 3)).mean()
    assert got == pytest.approx(expected, rel=1e-5)


def test_bernoulli_likelihood_of_a_grey_pixel_is_least_at_its_own_grey(losses, input_gradient) -> None:
    """The cross-entropy of the grey g is least at probability g, where it is the entropy of g."""
    from keras import ops

    grey = 0.3
    x = np.full((1, 1, 1, 1), grey, "float32")
    logit = ops.convert_to_tensor(np.log(x / (1 - x)))
    entropy = stats.bernoulli(grey).entropy()
    assert float(losses.bernoulli_negative_log_likelihood(x, logit)) == pytest.approx(float(entropy), rel=1e-5)
    slope = input_gradient(lambda at: losses.bernoulli_negative_log_likelihood(x, at), logit)
    assert float(np.abs(slope).max()) < 1e-6


def test_maximum_mean_discrepancy_is_the_double_sum(losses) -> None:
    random = np.random.default_rng(0)
    n, d = 9, 3
    codes, draws = (random.normal(1, 2, (n, d)), random.normal(size=(n, d)))

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        sizes = [2 * d * scale for scale in (0.1, 0.2, 0.5, 1, 2, 5, 10)]
        return sum(c / (c + ((a - b) ** 2).sum()) for c in sizes)

    expected = 0.0
    for i in range(n):
        for j in range(n):
            if i != j:
                expected += (kernel(codes[i], codes[j]) + kernel(draws[i], draws[j])) / (n * (n - 1))
            expected -= 2 * kernel(codes[i], draws[j]) / n**2
    got = float(losses.maximum_mean_discrepancy(codes.astype("float32"), draws.astype("float32")))
    assert got == pytest.approx(expected, rel=1e-4)


def test_maximum_mean_discrepancy_of_equal_distributions_is_zero_on_average(losses) -> None:
    random = np.random.default_rng(0)
    pairs = random.normal(size=(60, 2, 50, 2)).astype("float32")
    values = np.array([float(losses.maximum_mean_discrepancy(codes, draws)) for codes, draws in pairs])
    error = values.std() / np.sqrt(len(values))
    assert abs(values.mean()) < 4 * error
    assert values.min() < 0, "without bias it is below zero now and then"
    shifted = float(losses.maximum_mean_discrepancy(pairs[0, 0] + 1, pairs[0, 1]))
    assert shifted > 10 * values.std(), "codes one standard deviation away are told"


def test_a_trained_discriminator_is_the_optimal_one(losses, backend) -> None:
    """D* = p / (p + q), at which it pays 2 ln 2 - 2 JSD(p, q): Goodfellow et al. 2014, proposition 1 and theorem 1."""
    import keras

    from genlab.models import networks
    from genlab.models.base import Phase

    p, q = stats.norm(-0.5, 1.0), stats.norm(1.0, 0.6)
    context = backend.make_context(0)
    discriminator = networks.encoder((1,), 1, networks.Architecture(64, activation="relu"), 0, "discriminator")

    def discriminator_loss(x, labels):
        fake = 1.0 + 0.6 * keras.random.normal(x.shape, seed=context.seed_generator)
        return {"loss": losses.cross_entropy_discriminator_loss(discriminator(x), discriminator(fake))}

    rate = keras.Variable(3e-3, trainable=False)
    phase = Phase("tell", ("discriminator",), discriminator_loss, ("loss",), keras.optimizers.Adam(lambda: rate.value))
    real = p.rvs((200_000, 1), random_state=0).astype("float32")
    data = backend.TrainingData(real, np.zeros(len(real), int), "cpu")
    train = backend.compile_steps([phase], {"discriminator": discriminator}, context, data, 512, "cpu")
    train(1000)
    rate.assign(3e-4)
    (loss,) = train(1000)

    grid = np.linspace(-4, 4, 400)
    best = p.pdf(grid) / (p.pdf(grid) + q.pdf(grid))
    got = sigmoid(np.asarray(discriminator(column(*grid)), "float64")[:, 0])
    assert np.average(np.abs(got - best), weights=p.pdf(grid) + q.pdf(grid)) < 0.03

    def divergence(x: float) -> float:
        middle = (p.pdf(x) + q.pdf(x)) / 2
        return (p.pdf(x) * np.log(p.pdf(x) / middle) + q.pdf(x) * np.log(q.pdf(x) / middle)) / 2

    jensen_shannon, _ = integrate.quad(divergence, -6, 6)
    assert loss == pytest.approx(2 * LN_2 - 2 * jensen_shannon, abs=0.02)
