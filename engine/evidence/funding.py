"""Funding: who pays is the crowd, and the crowd's liquidations lie on the other side of its hopes."""

from __future__ import annotations

import math

from engine.context import MarketContext
from engine.evidence.statement import NEUTRAL_BELOW, Part, weigh
from engine.market import MissingInput
from engine.positioning import FundingReading
from engine.results import Evidence, ZoneBand
from engine.text import percent_text
from engine.windows import DAY_S

NAME = "funding"

CROWD_FROM = NEUTRAL_BELOW
"""Crowding from which one side is called the crowd: where the value stops being called neutral."""

MIDDLE = 0.5


def assess(band: ZoneBand, context: MarketContext) -> Evidence | MissingInput:
    """Say whether the side that would be liquidated in the zone is the crowd: longs below, shorts above."""
    if context.funding is None:
        return MissingInput(
            input=NAME,
            venue=None,
            effect="Which side is the crowd is not weighed: no venue gives a week of settled funding up to now.",
        )
    zone_holds_longs = band.side == "below"
    crowd = crowding(context.funding)
    value = crowd if zone_holds_longs else -crowd
    return weigh(NAME, [Part(value, _sentence(context.funding, crowd))])


def crowding(funding: FundingReading) -> float:
    """Return +1 when longs are the crowd, -1 when shorts are, near 0 when funding is usual.

    The percentile says how unusual the rate is; the rate's own sign must agree, in full from the typical size on. The
    usual +0.010 %, the interest part that venues charge without any crowd, thus says nothing by itself.
    """
    unusual = 2 * funding.percentile - 1
    paid = math.copysign(1.0, unusual) * funding.rate
    if paid <= 0:
        return 0.0
    return unusual * (min(paid / funding.typical, 1.0) if funding.typical > 0 else 1.0)


def _sentence(funding: FundingReading, crowd: float) -> str:
    rate = percent_text(abs(funding.rate), signed=False, decimals=3)
    days = round(funding.history_s / DAY_S)
    if funding.rate == 0:
        return f"Nobody pays funding now; it was higher {_share(funding.higher_share)} of the last {days} days."
    payer = "Longs" if funding.rate > 0 else "Shorts"
    if funding.percentile >= MIDDLE:
        rank = f"higher than {_share(funding.lower_share)} of the last {days} days"
    else:
        rank = f"lower than {_share(funding.higher_share)} of the last {days} days"
    if abs(crowd) < CROWD_FROM:
        return f"{payer} pay {rate} per 8 h, {rank}: no side is the crowd."
    where = "below" if payer == "Longs" else "above"
    return f"{payer} pay {rate} per 8 h, {rank}: {payer.lower()} are the crowd, and their liquidations lie {where}."


def _share(share: float) -> str:
    return percent_text(share, signed=False, decimals=0)
