"""Mel filters, by which neural networks hear."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def mel_filters(rate: int, fft: int, count: int) -> npt.NDArray[np.float64]:
    """Return Slaney's mel filters up to half of `rate`, as librosa makes them: [frequencies, mels].

    `fft`: samples of a spectrum.
    """

    def mel(hertz: Any) -> Any:
        above = 15 + 27 * np.log(np.maximum(hertz, 1000.0) / 1000.0) / np.log(6.4)
        return np.where(hertz < 1000.0, np.asarray(hertz) * 3 / 200, above)

    def hertz(mels: Any) -> Any:
        return np.where(mels < 15, mels * 200 / 3, 1000.0 * np.exp(np.log(6.4) * (mels - 15) / 27))

    edges = hertz(np.linspace(mel(0.0), mel(rate / 2), count + 2))
    bins = np.linspace(0, rate / 2, fft // 2 + 1)
    rising = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    filters: npt.NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling)) * (
        2 / (edges[2:] - edges[:-2])
    )
    return filters
