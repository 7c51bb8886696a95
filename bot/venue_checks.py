"""How the venues are: whether each answers, how fast, what its clock says, what it offers. Asked side by side."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.app import REACH_WAIT_S, endpoint_of
from bot.checks import Check, Fact, Status
from bot.config import Settings, VenueSettings
from engine.errors import EngineError
from engine.sources.live.probe import Pulse, hear, offers_of, take_pulse
from engine.sources.live.reach import Address, address_of, any_reachable, stream_address_of
from engine.sources.live.source import Endpoint, ccxt_wire
from engine.sources.live.streams import LiquidationStream
from engine.text import venue_text

PULSE_DEADLINE_S = 8.0
"""A venue that needs longer for three small requests and its catalogue is not there for an answer either."""
STREAM_DEADLINE_S = 10.0
"""Loading the library's streams, connecting and being confirmed takes a few seconds; a dead line is no line."""
MOST_SKEW_S = 1.0
"""From here on a clock is worth a warning: bars are taken to be final three seconds after their end."""
NO_NETWORK_ADVICE = "Check the network and the firewall. Recordings can be asked without: --source recorded."
POSITIONS_VENUE = "hyperliquid"
ONE_VENUE_ADVICE = (
    "Some countries are not served. A proxy is named with [venues.{name}] base_url; enabled = false leaves it out."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueReport:
    """The checks of one venue, whether it answered, and the skew of its clock [s], None where it told no time."""

    checks: tuple[Check, ...]
    answered: bool = False
    skew_s: float | None = None


async def check_venues(settings: Settings, clock: Callable[[], float]) -> tuple[Check, ...]:
    """Return the checks of every enabled venue and of the one that shows positions, and what their clocks say."""
    enabled = [(name, venue) for name, venue in settings.venues if venue.enabled]
    positions = settings.venues.hyperliquid
    only_positions = [] if positions.enabled or not settings.positions.enabled else [(POSITIONS_VENUE, positions)]
    if not enabled:
        advice = "Write enabled = true for one of [venues]."
        return (Check(name="venues", status=_broken(settings), sentence="No venue is enabled.", advice=advice),)
    asked = (_report(name, venue, settings, clock) for name, venue in (*enabled, *only_positions))
    every = await asyncio.gather(*asked)
    reports = every[: len(enabled)]
    checks = tuple(check for report in reports for check in report.checks)
    if not any(report.answered for report in reports):
        unreached = (check if _was_reached(check) else replace(check, advice=None) for check in checks)
        checks = (_none_reachable(settings), *unreached)
    positions_checks = (_for_positions(report.checks[0]) for report in every[len(enabled) :])
    skews = [report.skew_s for report in every if report.skew_s is not None]
    return (*checks, *positions_checks, check_clock(skews))


def _for_positions(check: Check) -> Check:
    """Return the check of a venue that only shows positions: without it nothing is missing but model M6."""
    name = f"{check.name} positions"
    if check.status != "fail":
        return replace(check, name=name)
    sentence = f"Real positions (model M6) cannot be swept: {check.sentence}"
    advice = "[positions] enabled = false leaves them out." if check.advice is None else check.advice
    return replace(check, name=name, status="warn", sentence=sentence, advice=advice)


def _was_reached(check: Check) -> bool:
    return Fact("answers", value=False) not in check.facts


def _none_reachable(settings: Settings) -> Check:
    effect = "live markets cannot be answered"
    if settings.market.source == "auto":
        effect = "answers in the console are about the SIMULATED market, and say so"
    sentence = f"No venue answers: {effect}."
    return Check(name="venues", status=_broken(settings), sentence=sentence, advice=NO_NETWORK_ADVICE)


def _broken(settings: Settings) -> Status:
    """Return how bad it is that a venue does not answer: for who asks recordings, worth knowing only."""
    return "fail" if settings.market.source in ("auto", "live") else "warn"


async def _report(name: str, venue: VenueSettings, settings: Settings, clock: Callable[[], float]) -> VenueReport:
    try:
        endpoint = endpoint_of(name, venue)
    except EngineError as error:
        advice = f"Take [venues.{name}] out of the settings."
        return VenueReport(checks=(Check(name=name, status=_broken(settings), sentence=str(error), advice=advice),))
    accepted = asyncio.create_task(_stream_accepts(endpoint))
    found = await _pulse(endpoint, settings, clock)
    if isinstance(found, Check):
        return VenueReport(checks=(found, _unheard(endpoint, accepted=await accepted)))
    stream = await _check_stream(endpoint, found, clock, accepted=await accepted)
    return VenueReport(checks=(_healthy(endpoint, found), stream), answered=True, skew_s=found.skew_s)


async def _pulse(endpoint: Endpoint, settings: Settings, clock: Callable[[], float]) -> Pulse | Check:
    """Return how a venue answered, or the check that says why it did not.

    A connection is tried first: without a network nobody waits for the exchange library to load.
    """
    name = endpoint.venue.name
    if endpoint.base_url or endpoint.venue.host:
        address = address_of(endpoint)
        if not await _accepts(address):
            return _unreachable(name, f"cannot be reached at {_place(address)}", settings)
    wire = ccxt_wire(endpoint, clock)
    try:
        await wire.open()  # the venue is not late for our loading
        return await asyncio.wait_for(take_pulse(endpoint.venue, wire, clock), PULSE_DEADLINE_S)
    except TimeoutError:
        return _unreachable(name, f"did not answer within {PULSE_DEADLINE_S:.0f} s", settings)
    except EngineError as error:
        return _unreachable(name, str(error).removeprefix(f"{venue_text(name)} ").rstrip("."), settings)
    finally:
        with suppress(Exception):  # the process ends anyway
            await wire.close()


def _unreachable(name: str, cause: str, settings: Settings) -> Check:
    return Check(
        name=name,
        status=_broken(settings),
        sentence=f"{venue_text(name)} {cause}.",
        advice=ONE_VENUE_ADVICE.format(name=name),
        facts=(Fact("answers", value=False),),
    )


async def _accepts(address: Address) -> bool:
    return await asyncio.to_thread(any_reachable, [address], REACH_WAIT_S)


def _place(address: Address) -> str:
    return f"{address.host}:{address.port}"


def _healthy(endpoint: Endpoint, pulse: Pulse) -> Check:
    venue = endpoint.venue
    offers = offers_of(venue)
    given = ", ".join(
        f"{_words(offer.name)}{f' ({offer.detail})' if offer.detail else ''}" for offer in offers if offer.given
    )
    lacking = ", ".join(_words(offer.name) for offer in offers if not offer.given)
    skewed = pulse.skew_s is not None and abs(pulse.skew_s) > MOST_SKEW_S
    return Check(
        name=venue.name,
        status="warn" if skewed or not pulse.perpetuals else "ok",
        sentence=(
            f"{venue_text(venue.name)} answers{_pace(pulse)}. {pulse.perpetuals:,} perpetuals; {given}"
            f"{f'; no {lacking}' if lacking else ''}."
        ),
        advice=_clock_advice(pulse.skew_s) if skewed and pulse.skew_s is not None else None,
        facts=(
            Fact("answers", value=True),
            Fact("latency_s", pulse.latency_s),
            Fact("skew_s", pulse.skew_s),
            Fact("perpetuals", pulse.perpetuals),
            *(Fact(f"offers_{offer.name}", offer.given) for offer in offers),
        ),
    )


def _words(name: str) -> str:
    return name.replace("_", " ")


def _pace(pulse: Pulse) -> str:
    if pulse.latency_s is None or pulse.skew_s is None:
        return ", and tells no time of its own"
    return f" in {1000 * pulse.latency_s:.0f} ms, clock {_skew_text(pulse.skew_s)}"


def _skew_text(skew_s: float) -> str:
    return "in step" if abs(skew_s) < 0.05 else f"{abs(skew_s):.1f} s {'ahead of' if skew_s > 0 else 'behind'} ours"


def _clock_advice(skew_s: float) -> str:
    return f"Set this machine's clock {'forward' if skew_s > 0 else 'back'}, best by a time service (NTP)."


async def _stream_accepts(endpoint: Endpoint) -> bool:
    address = stream_address_of(endpoint)
    return address is not None and await _accepts(address)


async def _check_stream(endpoint: Endpoint, pulse: Pulse, clock: Callable[[], float], *, accepted: bool) -> Check:
    """Say whether the liquidations of a venue can be heard: its largest perpetual is listened to until it confirms."""
    if endpoint.venue.liquidations is None or not accepted or not pulse.largest:
        return _unheard(endpoint, accepted=accepted)
    stream = LiquidationStream(endpoint, clock=clock)
    try:
        cause = await asyncio.wait_for(hear(stream, pulse.largest), STREAM_DEADLINE_S)
    except TimeoutError:
        cause = f"confirmed no subscription within {STREAM_DEADLINE_S:.0f} s"
    finally:
        await stream.close()
    if cause is not None:
        return _silent(endpoint, cause)
    sentence = f"{venue_text(endpoint.venue.name)}'s liquidations can be heard."
    return Check(name=_stream_name(endpoint), status="ok", sentence=sentence, facts=(Fact("answers", value=True),))


def _unheard(endpoint: Endpoint, *, accepted: bool) -> Check:
    """Return what is to be said of a stream that was not listened to."""
    venue, address = venue_text(endpoint.venue.name), stream_address_of(endpoint)
    if endpoint.venue.liquidations is None or address is None:
        sentence = f"{venue} tells no liquidations, or none that are read here."
        return Check(name=_stream_name(endpoint), status="off", sentence=sentence)
    if not accepted:
        return _silent(endpoint, f"cannot be reached at {_place(address)}")
    sentence = f"{venue}'s streams accept connections at {_place(address)}; no liquidations were asked for."
    return Check(name=_stream_name(endpoint), status="ok", sentence=sentence)


def _silent(endpoint: Endpoint, cause: str) -> Check:
    name = endpoint.venue.name
    return Check(
        name=_stream_name(endpoint),
        status="warn",
        sentence=f"No liquidations will be heard: the stream of {venue_text(name)} {cause}.",
        advice=f"Let connections to it out, or name another address: [venues.{name}] ws_url.",
        facts=(Fact("answers", value=False),),
    )


def _stream_name(endpoint: Endpoint) -> str:
    return f"{endpoint.venue.name} stream"


def check_clock(skews_s: Sequence[float]) -> Check:
    """Say how far this machine's clock is from the venues' (the middle one counts)."""
    if not skews_s:
        return Check(
            name="clock", status="off", sentence="No venue told the time, so this machine's clock is unchecked."
        )
    skew_s = statistics.median(skews_s)
    off = abs(skew_s) > MOST_SKEW_S
    return Check(
        name="clock",
        status="warn" if off else "ok",
        sentence=f"The venues' clocks are {_skew_text(skew_s) if off else 'in step with this machine'}.",
        advice=_clock_advice(skew_s) if off else None,
        facts=(Fact("skew_s", skew_s),),
    )
