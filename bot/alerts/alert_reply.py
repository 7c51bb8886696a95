"""What is said about alerts when they are set, listed and removed, and the buttons under it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.alerts.alert_words import EXAMPLES
from bot.alerts.kept_alerts import KeptAlert
from bot.preferences import Place
from bot.presses import Button, Press
from bot.replies import Line, Reply, block
from bot.requests import Alert
from bot.wording import SEPARATOR, VERDICTS
from engine.alert_values import AlertKind
from engine.alerts import bands_of
from engine.findings import Findings
from engine.setup import favoured_side
from engine.text import band_text, duration_text, moment_text, percent_text, price_text, venue_text

MOST_BUTTON_ROWS = 4
"""Alerts that have buttons of their own: Discord takes five rows; the others are named by their number."""
MOST_LISTED = 40
"""More lines than these fit no message."""
MOST_ZONES = 4
_GUIDE = (
    ("/alert BTC 68500", "price crosses a level; also “above 70k”, “below 60k”: only upwards, only downwards"),
    ("/alert BTC zone 75", "price enters a zone with at least that score"),
    ("/alert BTC sweep", "a zone of now is swept"),
    ("/alert BTC flip", "another side is favoured, for an hour on end"),
    ("/alert BTC invalidated", "what would prove the reading of now wrong comes true"),
    ("/alert BTC condition", "the same of the reading that you asked for last"),
    ("options", "once or repeat · cooldown 2h · quiet 22-7 · silent · private · on okx"),
    ("/alert list", "what is watched; pause 3, resume 3 and remove 3 change it"),
)
_ONE_PRESS: tuple[tuple[str, AlertKind, float | None], ...] = (
    ("Zone 75", "zone", 75.0),
    ("Sweep", "sweep", None),
    ("Flip", "flip", None),
    ("Invalidated", "invalidated", None),
)


def set_reply(kept: KeptAlert, newest: Findings) -> Reply:
    """Return what is said when an alert was set: what it waits for, how far that is, and whether it is so already."""
    lines = [
        Line(label=f"ALERT {kept.id}", text=what_text(kept), tone="strong"),
        Line(label="NOW", text=f"{price_text(newest.price)}, {moment_text(newest.as_of_s)}"),
        *(Line(label=label, text=text) for label, text in _away(kept, newest)),
        Line(label="TOLD", text=_told_text(kept)),
    ]
    return Reply(blocks=block("guide", *lines), symbol=kept.symbol)


def what_text(kept: KeptAlert) -> str:
    """Return what an alert waits for: BTC crosses 68,500."""
    watched, venue = kept.watched, "" if kept.venue is None else f" on {venue_text(kept.venue)}"
    symbol = f"{kept.symbol}{venue}"
    match watched.kind:
        case "price":
            way = "crosses" if watched.direction is None else f"crosses to {watched.direction}"
            return f"{symbol} {way} {price_text(watched.threshold or 0.0)}"
        case "zone":
            return f"{symbol} enters a zone with score {watched.threshold or 0.0:.0f} or more"
        case "sweep":
            return f"{symbol} sweeps a zone{_of_reading(kept)}"
        case "flip":
            return f"{symbol}: another side is favoured"
        case "invalidated" | "condition":
            return f"{symbol}: the reading{_of_reading(kept)} is proved wrong"


def _of_reading(kept: KeptAlert) -> str:
    basis = kept.watched.basis
    return "" if basis is None else f" of {moment_text(basis.as_of_s)}"


def _away(kept: KeptAlert, newest: Findings) -> list[tuple[str, str]]:
    """Return how far away it is, and what will not be told because it is so already."""
    watched, basis = kept.watched, kept.watched.basis
    if watched.kind == "price" and watched.threshold is not None:
        return _level_away(watched.threshold, watched.direction, newest.price)
    if watched.kind == "zone":
        bands = bands_of(newest, watched.threshold or 0.0)
        zones = SEPARATOR.join(
            f"{band_text(band.low, band.high)} {percent_text(band.near / newest.price - 1)} score {band.score:.0f}"
            for band in bands[:MOST_ZONES]
        )
        return [("ZONES", zones or "none has that score now; later ones count as soon as they are there")]
    if watched.kind == "flip":
        side = favoured_side(newest.setup)
        return [("SIDE", f"{VERDICTS[newest.setup.verdict]}{'' if side else '; the first side that is counts'}")]
    if watched.kind == "sweep" and basis is not None:
        clear = [zone.band for zone in basis.zones if zone.clear]
        zones = SEPARATOR.join(
            f"{band_text(band.low, band.high)} {percent_text(band.near / newest.price - 1)}"
            for band in clear[:MOST_ZONES]
        )
        more = f" and {len(clear) - MOST_ZONES} more" if len(clear) > MOST_ZONES else ""
        return [("ZONES", zones + more)]
    return [("WRONG IF", SEPARATOR.join(each.text for each in basis.invalidation) if basis is not None else "")]


def _level_away(level: float, direction: str | None, price: float) -> list[tuple[str, str]]:
    away = percent_text(level / price - 1)
    if price == level:
        return [("DISTANCE", "price is there already: it is told when price has left the level and crosses it again")]
    side = "above" if price > level else "below"
    if direction == side:
        back = f"price is already {side} {price_text(level)}: it is told when price has come back and crosses again"
        return [("DISTANCE", f"{away}; {back}")]
    return [("DISTANCE", f"{away} from the price, which is {side} the level")]


def _told_text(kept: KeptAlert) -> str:
    watched = kept.watched
    parts = ["once", "then it is removed"]
    if watched.repeats:
        parts = ["again and again", f"at most every {duration_text(watched.cooldown_s)}"]
    if kept.quiet is not None:
        parts.append(f"not in {kept.quiet.text}, but together when that ends")
    if kept.goes_to.is_silent:
        parts.append("silently")
    return ", ".join((*parts, "in private" if kept.goes_to.is_private else "in this chat"))


def listed_reply(alerts: Sequence[KeptAlert], place: Place) -> Reply:
    """Return what is watched: of a person in private, of a chat elsewhere."""
    if not alerts:
        whose = "You have no alert." if place.community is None else "This chat has no alert."
        return Reply(blocks=block("guide", Line(text=whose), Line(label="SET ONE", text=" · ".join(EXAMPLES))))
    lines = [_listed_line(each, place) for each in alerts[:MOST_LISTED]]
    if more := len(alerts) - MOST_LISTED:
        lines += [Line(text=f"and {more} more")] if more > 0 else []
    how = Line(label="CHANGE", text=" · ".join(f"/alert {do} {alerts[0].id}" for do in ("pause", "resume", "remove")))
    return Reply(blocks=(*block("guide", *lines), *block("guide", how)))


def _listed_line(kept: KeptAlert, place: Place) -> Line:
    parts = [what_text(kept), "repeats" if kept.watched.repeats else "once"]
    if kept.quiet is not None:
        parts.append(f"quiet {kept.quiet.text}")
    if place.community is None and not kept.goes_to.is_private:
        parts.append("told in a group")
    if kept.state.fired_s is not None:
        parts.append(f"last told {moment_text(kept.state.fired_s)}")
    if kept.paused_why is not None:
        parts.append(f"PAUSED: {kept.paused_why}")
    tone = "plain" if kept.paused_why is None else "muted"
    return Line(label=str(kept.id), text=", ".join(parts), tone=tone)  # type: ignore[arg-type]


def removed_reply(kept: KeptAlert) -> Reply:
    """Return what is said when an alert was removed."""
    return Reply(blocks=block("notice", Line(text=f"Alert {kept.id} is removed: {what_text(kept)}.", tone="good")))


def guide_reply(symbol: str | None) -> Reply:
    """Return what can be watched."""
    head = Line(
        text="What shall be watched?" if symbol is None else f"What shall be watched of {symbol}?", tone="strong"
    )
    lines = (Line(label=label.replace("BTC", symbol or "BTC"), text=text) for label, text in _GUIDE)
    return Reply(blocks=(*block("guide", head), *block("guide", *lines)), symbol=symbol)


def alert_buttons(alerts: Sequence[KeptAlert], place: Place) -> tuple[tuple[Button, ...], ...]:
    """Return buttons for the first alerts that who asks has set, and one to leave."""
    mine = [each for each in alerts if each.goes_to.owner == place.user][:MOST_BUTTON_ROWS]
    rows = [
        tuple(
            Button(
                label=f"{action.capitalize()} {each.id}",
                press=Press(verb="ask", request=Alert(action=action, number=each.id), asker=place.user),
            )
            for action in ("pause" if each.paused_why is None else "resume", "remove")
        )
        for each in mine
    ]
    leave = (
        Button(label="All alerts", press=Press(verb="ask", request=Alert(), asker=place.user)),
        Button(label="Close", press=Press(verb="delete", asker=place.user)),
    )
    return (*rows, leave)


def guide_buttons(symbol: str | None, *, asker: int) -> tuple[tuple[Button, ...], ...]:
    """Return what can be watched with one press, once a symbol is named."""
    leave = (Button(label="Close", press=Press(verb="delete", asker=asker)),)
    if symbol is None:
        return (leave,)
    kinds = tuple(
        Button(
            label=label,
            press=Press(
                verb="ask", request=Alert(action="add", symbol=symbol, kind=kind, threshold=score), asker=asker
            ),
        )
        for label, kind, score in _ONE_PRESS
    )
    return kinds, leave
