"""Alerts made by hand, and what a look made of them."""

from datetime import time

from bot.alerts.kept_alerts import NewAlert
from bot.alerts.quiet_hours import QuietHours
from bot.deliveries.delivery import Destination
from engine.alert_values import Alert, AlertState, Crossed, Fired, Outcome, PriceMemory
from engine.findings import Findings
from engine.results import Bait, Condition, Setup
from tests.engine.made_zones import AS_OF_S, PRICE, zone_at

PRIVATE = Destination(platform="telegram", chat=7, owner=7)
GROUP = Destination(platform="telegram", chat=-100, owner=7, community=-100)
NIGHT = QuietHours(begins=time(22), ends=time(7), time_zone="Europe/Berlin")


def findings(*, source="recorded", price=PRICE, zones=(), verdict="no_clear_edge", conditions=(), as_of_s=AS_OF_S):
    return Findings(
        symbol="BTC",
        source=source,
        as_of_s=as_of_s,
        price=price,
        zones=tuple(zones),
        setup=Setup(verdict=verdict, strength=0.5, reasons=()),
        bait=Bait(first_side="above", then_side="below", trigger=51_000.0, text="if"),
        invalidation=tuple(conditions),
    )


def close_above(price):
    return Condition(
        kind="close_beyond",
        price=price,
        timeframe="1h",
        operator=">",
        threshold=price,
        until_s=AS_OF_S + 72 * 3_600,
        text=f"an hourly close above {price:,.0f}",
    )


def new(level=51_000.0, *, goes_to=PRIVATE, quiet=None, repeats=False, watched=None, seen_s=AS_OF_S):
    return NewAlert(
        goes_to=goes_to,
        symbol="BTC",
        watched=watched or Alert(kind="price", threshold=level, repeats=repeats, direction="above"),
        state=AlertState(seen_s=seen_s, memory=PriceMemory(side="below")),
        created_s=AS_OF_S,
        quiet=quiet,
    )


def sweep():
    return Alert(kind="sweep", basis=findings(zones=(zone_at(51_000.0), zone_at(49_000.0, score=float("nan")))))


def crossed(kept, *, at_s=AS_OF_S + 300, is_over=True):
    """What a look makes of an alert whose level was crossed upwards."""
    return Outcome(
        state=AlertState(seen_s=at_s, memory=PriceMemory(side=None), fired_s=at_s),
        fired=Fired(event=Crossed(side="above", level=kept.watched.threshold), at_s=at_s, price=51_010.0),
        is_over=is_over,
    )


def unmoved(kept, *, seen_s=AS_OF_S + 300):
    return Outcome(state=AlertState(seen_s=seen_s, memory=kept.state.memory))
