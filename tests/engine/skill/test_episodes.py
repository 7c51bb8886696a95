"""Episodes by hand: a zone counts once, is graded by what came, and stands beside levels that know nothing."""

from dataclasses import replace

import numpy as np
import pytest

from engine.errors import DataUnavailableError
from engine.findings import Findings
from engine.grading import HORIZON_S, Path, daily_atr_of, grade_level
from engine.market import Market
from engine.results import Bait, Setup, Zone
from engine.skill.episodes import LIQUIDATED_FLOOR_USD, NULLS, OUTCOMES, Episodes, episodes_of, joined
from engine.skill.hours import RealisedHours
from engine.windows import DAY_S, HOUR_S
from tests.engine.made_zones import zone_at
from tests.engine.markets import market_from, random_closes, venue_from

DAYS = 16
TOUCHED = OUTCOMES.index("touched in 72 h")
LIQUIDATED = OUTCOMES.index("liquidated")


@pytest.fixture(scope="module")
def market() -> Market:
    return market_from(venue_from(random_closes(1, 288 * DAYS, price=50_000.0)), symbol="BTC")


def moment(market: Market, hours: int) -> int:
    return int(market.lead.candles.time_s[0]) + 3 * DAY_S + hours * HOUR_S


def zone(price: float, away: float, *, score: float = 60.0, clear: bool = True) -> Zone:
    """A zone .4 % wide whose near edge lies `away` from the price, its ATR 3 % of it."""
    made = zone_at(60_000.0 if away > 0 else 40_000.0, score=score, clear=clear)
    near, far = price * (1 + away), price * (1 + away + (0.004 if away > 0 else -0.004))
    low, high = sorted((near, far))
    return replace(
        made,
        band=replace(made.band, low=low, high=high, price=(low + high) / 2),
        distance=away,
        distance_atr=away / 0.03,
    )


def answer(market: Market, hours: int, *aways: float, clear: bool = True) -> Findings:
    moment_s = moment(market, hours)
    candles = market.lead.candles
    price = float(candles.close[np.searchsorted(candles.end_s, moment_s, side="right") - 1])
    return Findings(
        symbol="BTC",
        source="made",
        as_of_s=moment_s,
        price=price,
        zones=tuple(zone(price, away, clear=clear) for away in aways),
        setup=Setup(verdict="no_clear_edge", strength=0.0, reasons=()),
        bait=Bait(first_side="above", then_side="below", trigger=1.0, text=""),
        invalidation=(),
    )


def hourly(market: Market, *aways: float, count: int = 200) -> list[Findings]:
    return [answer(market, hours, *aways) for hours in range(count)]


def test_a_zone_that_stays_where_it_is_counts_once_until_it_is_touched_or_three_days_are_over(market: Market) -> None:
    far = [answer(market, 0, 0.4)]
    band = far[0].zones[0].band
    for hours in range(1, 200):
        each = answer(market, hours, 0.4)
        away = band.near / each.price - 1
        fixed = replace(each.zones[0], band=band, distance=away, distance_atr=away / 0.03)
        far.append(replace(each, zones=(fixed,)))
    found = episodes_of(market, far)
    assert (found.published_s - found.published_s[0]).tolist() == [0, HORIZON_S, 2 * HORIZON_S]
    assert found.outcomes[:, TOUCHED].tolist() == [0.0, 0.0, 0.0]


def test_a_zone_begins_anew_after_it_was_touched(market: Market) -> None:
    near = episodes_of(market, hourly(market, 0.0015))
    gaps = np.diff(near.published_s)
    assert len(near) > 20
    after_s = near.outcomes[:-1, OUTCOMES.index("hours to touch")] * HOUR_S
    apart = np.isfinite(after_s) & (gaps < HOUR_S)
    assert not apart.any()


def test_outcomes_are_those_of_the_grader(market: Market) -> None:
    answers = hourly(market, 0.01, -0.02)
    found = episodes_of(market, answers)
    by_moment = {each.as_of_s: each for each in answers}
    for row in range(0, len(found), 7):
        each, made = found.zones[row], by_moment[int(found.published_s[row])]
        path = Path.after(market.lead.candles, made.as_of_s)
        grade = grade_level(path, each.band.side, each.band.near, daily_atr_of(each))
        assert found.outcomes[row, :3].tolist() == [float(value) for value in grade.touched]


def test_zones_that_are_not_clear_and_horizons_that_do_not_end_count_for_nothing(market: Market) -> None:
    answers = [*hourly(market, 0.01, count=150), answer(market, 160, 0.01, clear=False)]
    late = answer(market, (DAYS - 3) * 24 - 60, 0.3)
    found = episodes_of(market, [*answers, late])
    assert found.published_s.max() <= answers[-2].as_of_s


def test_the_hour_of_the_touch_tells_what_was_liquidated_on_the_side_of_the_zone(market: Market) -> None:
    hours = np.arange(int(market.lead.candles.time_s[0]), market.as_of_s, HOUR_S)
    usd = np.stack([np.arange(len(hours)) * 1e3, np.full(len(hours), 5e6)])
    realised = RealisedHours(where="made", time_s=hours, usd=usd)
    found = episodes_of(market, hourly(market, 0.002, -0.002), realised)
    touched_s = found.published_s + found.outcomes[:, OUTCOMES.index("hours to touch")] * HOUR_S
    for row in np.flatnonzero(np.isfinite(touched_s)):
        hour = int((touched_s[row] - 1 - hours[0]) // HOUR_S)
        expected = 5e6 if found.zones[row].band.side == "above" else usd[0, hour]
        assert found.outcomes[row, LIQUIDATED] == pytest.approx(np.log(expected + LIQUIDATED_FLOOR_USD))
    assert np.isnan(found.outcomes[~np.isfinite(touched_s), LIQUIDATED]).all()
    assert np.isnan(episodes_of(market, hourly(market, 0.002)).outcomes[:, LIQUIDATED]).all()


def test_the_mirror_is_the_other_side_at_the_same_distance(market: Market) -> None:
    both = episodes_of(market, hourly(market, 0.01))
    for row in range(0, len(both), 5):
        each = both.zones[row]
        price = each.band.near / (1 + each.distance)
        path = Path.after(market.lead.candles, int(both.published_s[row]))
        mirrored = grade_level(path, "below", price**2 / each.band.near, daily_atr_of(each))
        assert both.nulls["mirror"][row, TOUCHED] == float(bool(mirrored.touched[-1]))


def test_zones_anywhere_are_worth_what_their_nulls_are(market: Market) -> None:
    random = np.random.default_rng(3)
    answers = [
        answer(market, hours, float(random.uniform(0.001, 0.03)), -float(random.uniform(0.001, 0.03)))
        for hours in range(230)
    ]
    for maps in ("own", "shuffled"):
        found = episodes_of(market, answers, maps=maps)
        for name in NULLS:
            assert np.nanmean(found.outcomes[:, TOUCHED] - found.nulls[name][:, TOUCHED]) == pytest.approx(0, abs=0.12)


def test_the_same_seed_gives_the_same_nulls(market: Market) -> None:
    answers = hourly(market, 0.01, -0.01)
    first, second, other = (episodes_of(market, answers, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.nulls["same distance"], second.nulls["same distance"])
    assert not np.array_equal(first.nulls["same distance"], other.nulls["same distance"], equal_nan=True)


def test_too_short_a_recording_is_refused(market: Market) -> None:
    with pytest.raises(DataUnavailableError, match="too short"):
        episodes_of(market, hourly(market, 0.01, count=100))
    with pytest.raises(DataUnavailableError, match="too short"):
        episodes_of(market, [])


def test_episodes_are_joined_and_parted(market: Market) -> None:
    one = episodes_of(market, hourly(market, 0.01))
    both: Episodes = joined([one, one])
    assert len(both) == 2 * len(one)
    part = both.part(np.arange(len(both)) < 3)
    assert len(part) == len(part.outcomes) == 3
