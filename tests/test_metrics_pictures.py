"""Sharpness of pictures whose spectrum is known, and of real digits blurred on purpose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.signal import convolve2d
from sklearn.datasets import load_digits

from genlab.metrics.neighbours import precision_recall_density_coverage
from genlab.metrics.pictures import high_frequency_share, laplacian_variance, sharpness

DIGITS = load_digits().images[..., None] / 16


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(3, 12), st.integers(3, 12), st.sampled_from([1, 2, 3]))
def test_laplacian_as_the_convolution_of_scipy(seed, height, width, channels):
    images = np.random.default_rng(seed).uniform(size=(4, height, width, channels))
    weights = [0.299, 0.587, 0.114] if channels == 3 else [1 / channels] * channels
    kernel = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    expected = [convolve2d(image @ weights, kernel, mode="valid").var() for image in images]
    np.testing.assert_allclose(laplacian_variance(images), expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("cycles", [1, 3, 4, 5, 8])
def test_waves_of_one_frequency(cycles):
    """A wave with `cycles` in 16 pixels is above 1/4 a pixel from 5 on, and its Laplacian is 2 cos(2 π f) - 2 times it;
    14 of the 16 columns, so the variance of the waves is not quite one half."""
    wave = np.cos(2 * np.pi * cycles * np.arange(16) / 16)
    images = np.broadcast_to(0.5 + 0.5 * wave, (2, 16, 16))[..., None]
    np.testing.assert_allclose(high_frequency_share(images), float(cycles > 4), atol=1e-9)
    expected = (2 * np.cos(2 * np.pi * cycles / 16) - 2) ** 2 * (0.5 * wave[1:-1]).var()
    np.testing.assert_allclose(laplacian_variance(images), expected, rtol=1e-9)


def test_white_noise_has_equal_power_at_every_frequency():
    """The share of the frequencies above 1/4, and for the Laplacian of unit noise 1 + 1 + 1 + 1 + 16 = 20."""
    noise = np.random.default_rng(0).normal(size=(500, 64, 64, 1))
    grid = np.hypot(*np.meshgrid(np.fft.fftfreq(64), np.fft.fftfreq(64)))
    assert high_frequency_share(noise).mean() == pytest.approx((grid > 0.25).sum() / (64**2 - 1), abs=0.002)
    assert laplacian_variance(noise).mean() == pytest.approx(20, rel=0.01)


def test_blur_lowers_sharpness_and_precision_more_with_its_width():
    real, fake = DIGITS[::2][:898], DIGITS[1::2][:898]
    sharp = sharpness(real, fake)
    assert sharp["laplacian_ratio"] == pytest.approx(1, abs=0.05)
    before, precision = sharp, precision_recall_density_coverage(real, fake)["precision"]
    for width in (0.5, 1.0, 1.5):
        blurred = gaussian_filter(fake, (0, width, width, 0))
        after, lower = sharpness(real, blurred), precision_recall_density_coverage(real, blurred)["precision"]
        assert after["laplacian_variance"] < before["laplacian_variance"]
        assert after["high_frequency_share"] < before["high_frequency_share"]
        before = after
    assert lower < 0.5 * precision
    assert before["laplacian_ratio"] < 0.1


def test_brightness_and_contrast():
    plain, moved = (sharpness(DIGITS, images) for images in (DIGITS, 0.3 * DIGITS + 0.4))
    assert plain["laplacian_ratio"] == 1
    assert moved["laplacian_ratio"] == pytest.approx(0.09, rel=1e-9)
    assert moved["high_frequency_share"] == pytest.approx(plain["real_high_frequency_share"], rel=1e-9)


def test_even_images_have_no_sharpness():
    result = sharpness(np.full((3, 8, 8, 1), 0.3), np.full((2, 8, 8, 1), 0.7))
    assert result["laplacian_variance"] == pytest.approx(0, abs=1e-30)
    assert result["high_frequency_share"] == result["real_high_frequency_share"] == 0


def test_errors_say_what_to_do():
    with pytest.raises(ValueError, match="at least 3 x 3"):
        sharpness(DIGITS[..., 0], DIGITS)
    with pytest.raises(ValueError, match="at least 3 x 3"):
        sharpness(DIGITS, DIGITS[:, :2])
