"""Sharpness of images: a VAE trained with a squared error blurs, and distances between pixels do not mind."""

from __future__ import annotations

from typing import Any

import numpy as np

from genlab.metrics.base import NON_NEGATIVE, SHARE, Metric, Result, pair
from genlab.registry import METRICS

LUMA = (0.299, 0.587, 0.114)  # red, green, blue: ITU-R BT.601, as in the published code


def grey(images: np.ndarray) -> np.ndarray:
    """Images (n, height, width, channels) -> brightness (n, height, width); the mean of channels unless there are 3."""
    images = np.asarray(images, dtype="float64")
    return images @ LUMA if images.shape[-1] == 3 else images.mean(axis=-1)


def laplacian_variance(images: np.ndarray) -> np.ndarray:
    """Variance over each image, (n,), of up + down + left + right - 4 times the pixel, inside the border."""
    x = grey(images)
    inner = x[:, 1:-1, 1:-1]
    edges = x[:, :-2, 1:-1] + x[:, 2:, 1:-1] + x[:, 1:-1, :-2] + x[:, 1:-1, 2:] - 4 * inner
    return edges.var(axis=(1, 2))


def high_frequency_share(images: np.ndarray) -> np.ndarray:
    """Share of each image's power, (n,), without its mean, above 1/4 cycle a pixel, half of Nyquist's frequency."""
    x = grey(images)
    power = np.abs(np.fft.fft2(x - x.mean(axis=(1, 2), keepdims=True))) ** 2
    frequency = np.hypot(np.fft.fftfreq(x.shape[1])[:, None], np.fft.fftfreq(x.shape[2]))
    above, total = power[:, frequency > 0.25].sum(axis=1), power.sum(axis=(1, 2))
    return np.divide(above, total, out=np.zeros(len(x)), where=total > 1e-20 * x[0].size ** 2)  # an even image: 0


def sharpness(real: np.ndarray, fake: np.ndarray) -> dict[str, Any]:
    """Sharpness of fake images (n, height, width, channels) beside that of real ones, (m, ...), values in [0, 1].

    The variance of the Laplacian of each image (the kernel 0 1 0, 1 -4 1, 0 1 0, in squared units of brightness), and
    the share of its Fourier power above half of Nyquist's frequency; both averaged over the images. Shifting all
    brightnesses changes neither; scaling them by c multiplies the first by c².

    Source: Tolstikhin et al. 2018, "Wasserstein Auto-Encoders", for the first, of which they print the smallest of a
    few images; the second is the usual radial spectrum.

    Failure modes: noise is sharp, so more than the real value is no better. Images in [-1, 1] score four times as much
    as the same in [0, 1]. Where opposite edges of an image differ, the step between them counts as high frequency.

    Returns:
        laplacian_variance: mean over the fake images.
        real_laplacian_variance: the same of the real ones.
        laplacian_ratio: the first divided by the second; None if that is 0.
        high_frequency_share: mean over the fake images.
        real_high_frequency_share: the same of the real ones.

    One collapsed point has the values of that one image, an even image 0 for both. Sizes may differ. None, NaN, or
    images of fewer than 3 x 3 pixels are a ValueError.
    """
    for images, name in ((real, "real"), (fake, "fake")):
        if np.ndim(images) != 4 or min(np.shape(images)[1:3]) < 3:
            raise ValueError(
                f"The {name} images have the shape {np.shape(images)}; (n, height, width, channels) with at least "
                "3 x 3 pixels was expected. Reshape them."
            )
    pair(real, fake)  # for its checks
    values = [float(measure(images).mean()) for measure in MEASURES for images in (fake, real)]
    return {
        "laplacian_variance": values[0],
        "real_laplacian_variance": values[1],
        "laplacian_ratio": values[0] / values[1] if values[1] else None,
        "high_frequency_share": values[2],
        "real_high_frequency_share": values[3],
    }


MEASURES = (laplacian_variance, high_frequency_share)
METRICS.add(
    Metric(
        "sharpness",
        "Sharpness",
        sharpness,
        needs="images",
        results=(
            Result("laplacian_variance", "Sharpness: variance of the Laplacian", NON_NEGATIVE),
            Result(
                "real_laplacian_variance",
                "Sharpness: variance of the Laplacian of real images",
                NON_NEGATIVE,
                role="yardstick",
            ),
            Result(
                "laplacian_ratio",
                "Sharpness: variance of the Laplacian, divided by the real one",
                NON_NEGATIVE,
                role="first",
            ),
            Result("high_frequency_share", "Sharpness: share of high frequencies", SHARE),
            Result(
                "real_high_frequency_share",
                "Sharpness: share of high frequencies of real images",
                SHARE,
                role="yardstick",
            ),
        ),
        example=(
            "real = np.indices((8, 8)).sum(axis=0)[None, ..., None] % 2  # a chessboard\nsharpness(real, 0.5 * real)"
        ),
    )
)
