"""Candles and liquidations made for tests of skill."""

import numpy as np

from engine.market import Candles
from engine.windows import HOUR_S

START_S = 1_764_547_200  # 2025-12-01, a full day
BAR_S = 300


def candles_of(*, hours: int, drop: tuple[int, ...] = (), seed: int = 0) -> Candles:
    random = np.random.default_rng(seed)
    count = hours * HOUR_S // BAR_S
    close = 50_000 * np.exp(np.cumsum(random.normal(0, 0.0015, count)))
    opened = np.concatenate([[50_000.0], close[:-1]])
    kept = np.setdiff1d(np.arange(count), drop)
    return Candles(
        where="made",
        time_s=(START_S + BAR_S * np.arange(count))[kept],
        duration_s=np.full(len(kept), BAR_S),
        open=opened[kept],
        high=(np.maximum(opened, close) * 1.0005)[kept],
        low=(np.minimum(opened, close) * 0.9995)[kept],
        close=close[kept],
        volume=random.uniform(50, 150, count)[kept],
        taker_buy_share=np.full(len(kept), np.nan),
    )
