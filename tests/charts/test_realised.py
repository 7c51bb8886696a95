"""Liquidations over the map, read by their artists: where, how large, which side, and when anybody listened."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import PathCollection

from charts import THEMES, Theme, draw_liquidations
from charts.map_panel import View
from charts.realised import CELL_PX, LARGEST_PX, MOST_MARKS, SMALLEST_PX, gather_marks, heard_share
from charts.scales import PriceRange
from charts.sheet import Box
from charts.theme import rgb
from engine.grid import LOG_STEP
from engine.realised import Liquidations, Realised, realised_at
from engine.results import Analysis

Make = Callable[..., Analysis]
Event = tuple[float, int, float, float]
AS_OF_S = 1_770_292_800
PRICE = 70_000.0
HOUR_S = 3_600
LONG, SHORT = 1, -1
PANEL = Box(100, 200, 1_000, 1_000)
VIEW = View(PriceRange(60_000.0, 80_000.0), (AS_OF_S - 86_400.0, float(AS_OF_S)))


def told(*events: Event, heard: Sequence[tuple[float, float]] = ((-24 * HOUR_S, 0),), venue: str = "bybit") -> Realised:
    """What a venue told: events of (seconds from the answer, side, price, USD), and spans listened to."""
    rows = sorted(events)
    liquidations = Liquidations(
        at_ms=np.array([round(1_000 * (AS_OF_S + at)) for at, *_ in rows], dtype=np.int64),
        side=np.array([side for _, side, _, _ in rows], dtype=np.int64),
        price=np.array([price for _, _, price, _ in rows], dtype=float),
        size=np.array([usd / price for _, _, price, usd in rows], dtype=float),
        heard_from_s=np.array([AS_OF_S + start for start, _ in heard], dtype=np.int64),
        heard_to_s=np.array([AS_OF_S + end for _, end in heard], dtype=np.int64),
    )
    return realised_at(venue, liquidations, AS_OF_S)


def many(count: int, seed: int = 4) -> Realised:
    rng = np.random.default_rng(seed)
    at = -rng.uniform(0, 86_400, count)
    price = PRICE * np.exp(rng.normal(0, 0.02, count))
    side = rng.choice([LONG, SHORT], count)
    return told(*zip(at, side.tolist(), price.tolist(), rng.lognormal(9, 2, count).tolist(), strict=True))


# where and how large


def test_a_mark_points_at_its_moment_and_price(make_analysis: Make, look) -> None:
    event = (-6 * HOUR_S, LONG, 70_500.0, 1e6)
    mark = look(draw_liquidations(make_analysis(realised=(told(event),)))).one("liquidated longs")
    assert isinstance(mark, PathCollection)
    assert mark.get_offsets().tolist() == [pytest.approx([AS_OF_S - 6 * HOUR_S, math.log(70_500)])]
    assert mark.get_paths()[0].vertices[2].tolist() == [0, 0]


def test_sides_differ_by_shape_and_not_by_colour_alone(make_analysis: Make, look) -> None:
    events = ((-6 * HOUR_S, LONG, 70_500.0, 1e6), (-3 * HOUR_S, SHORT, 70_900.0, 1e6))
    picture = look(draw_liquidations(make_analysis(realised=(told(*events),))))
    longs, shorts = (
        picture.one(name).get_paths()[0].vertices[:3, 1] for name in ("liquidated longs", "liquidated shorts")
    )
    assert longs.min() == 0 == shorts.max()  # ▼ stands on its tip, ▲ hangs from it


def test_areas_are_in_proportion_to_usd() -> None:
    events = [(-n * HOUR_S, LONG, PRICE, usd) for n, usd in enumerate((4e6, 1e6, 2e6), start=2)]
    longs, _ = gather_marks((told(*events),), VIEW, PANEL, 600)
    ratio = longs.area_px / longs.usd
    assert ratio == pytest.approx(ratio[:1].repeat(3), rel=0.05)
    assert longs.area_px.max() == LARGEST_PX**2


def test_liquidations_of_one_cell_are_one_mark_at_their_mean_by_usd() -> None:
    start = -6 * HOUR_S  # a cell begins here: 27 px are 43 min, five candles of 10 min
    events = (
        (start + 60, SHORT, 70_000.0, 3e6),
        (start + 300, SHORT, 70_000.0, 1e6),
        (start + 400, LONG, 70_000.0, 7e6),
    )
    longs, shorts = gather_marks((told(*events),), VIEW, PANEL, 600)
    assert shorts.usd.tolist() == [pytest.approx(4e6)]
    assert shorts.time_s.tolist() == [pytest.approx(AS_OF_S + start + 120)]
    assert longs.usd.tolist() == [pytest.approx(7e6)]


def test_venues_are_drawn_together(make_analysis: Make, look) -> None:
    realised = tuple(told((-HOUR_S, LONG, PRICE, 1e6), venue=venue) for venue in ("binanceusdm", "bybit"))
    longs, _ = gather_marks(realised, VIEW, PANEL, 600)
    assert longs.usd.tolist() == [pytest.approx(2e6)]
    words = " ".join(look(draw_liquidations(make_analysis(realised=realised))).words("legend"))
    assert "as told by Binance, Bybit" in words
    assert "at most one a second (Binance); all (Bybit)" in words


def test_only_what_lies_in_the_picture_is_a_mark() -> None:
    outside = [(-86_400, LONG, PRICE, 1e6), (-90_000, LONG, PRICE, 1e6), (-60, SHORT, 59_000.0, 1e6)]
    longs, shorts = gather_marks((told(*outside, (-60, SHORT, 61_000.0, 2e6)),), VIEW, PANEL, 600)
    assert len(longs.usd) == 0
    assert shorts.usd.tolist() == [pytest.approx(2e6)]


@given(st.integers(0, 2_000), st.integers(0, 50))
def test_marks_are_few_and_hold_no_more_than_was_told(count: int, seed: int) -> None:
    realised = many(count, seed)
    marks = gather_marks((realised,), VIEW, PANEL, 600)
    assert sum(len(each.usd) for each in marks) <= MOST_MARKS
    for each, side in zip(marks, (LONG, SHORT), strict=True):
        chosen = realised.liquidations.side == side
        assert each.usd.sum() <= realised.liquidations.usd[chosen].sum() * (1 + 1e-9)
        assert np.all(each.area_px >= SMALLEST_PX**2 * (1 - 1e-9))
        assert np.all(np.diff(each.usd) <= 0)


def test_sides_of_neighbouring_cells_are_kept_apart() -> None:
    row = LOG_STEP * math.ceil(CELL_PX / PANEL.height * math.log(80 / 60) / LOG_STEP)
    middle = math.exp(row * (math.log(PRICE) // row + 0.5))
    events = ((-HOUR_S, LONG, middle, 1e6), (-HOUR_S, SHORT, middle * math.exp(row), 2e6))
    longs, shorts = gather_marks((told(*events),), VIEW, PANEL, 600)
    assert (longs.usd.tolist(), shorts.usd.tolist()) == ([pytest.approx(1e6)], [pytest.approx(2e6)])
    assert longs.price.tolist() == [pytest.approx(middle)]


def test_marks_of_one_side_do_not_share_a_cell() -> None:
    for each in gather_marks((many(20_000),), VIEW, PANEL, 600):
        assert len(each.usd) > 20
        low, high = VIEW.prices.logs
        row = LOG_STEP * math.ceil(CELL_PX / PANEL.height * (high - low) / LOG_STEP)
        slot = 600 * math.ceil(CELL_PX / PANEL.width * 86_400 / 600)
        places = zip(each.time_s, each.price, strict=True)
        cells = {(int(at // slot), int(math.log(price) // row)) for at, price in places}
        assert len(cells) == len(each.usd)


# what it must not do


def test_the_price_and_the_zones_stand_over_the_marks(make_analysis: Make, look) -> None:
    picture = look(draw_liquidations(make_analysis(realised=(many(500),))))
    marks = [*picture.all("liquidated longs"), *picture.all("liquidated shorts")]
    candles = [*picture.all("rising bodies"), *picture.all("falling wicks")]
    assert max(mark.get_zorder() for mark in marks) < min(artist.get_zorder() for artist in candles)
    order = [axes.get_label() for axes in picture.figure.axes]
    assert order.index("map") < order.index("marks")
    assert all(mark.axes is picture.panel("map") for mark in marks)


def test_without_liquidations_the_picture_is_as_it_was(make_analysis: Make, look) -> None:
    plain = look(draw_liquidations(make_analysis()))
    elsewhen = told((-50 * HOUR_S, LONG, PRICE, 1e6), heard=((-60 * HOUR_S, -48 * HOUR_S),))
    for picture in (plain, look(draw_liquidations(make_analysis(realised=(elsewhen,))))):
        assert not [*picture.all("liquidated longs"), *picture.all("listened"), *picture.all("legend")]
        assert picture.figure.bbox.height == plain.figure.bbox.height


def test_a_venue_that_told_nothing_in_the_window_is_not_named_as_having_told(make_analysis: Make, look) -> None:
    elsewhen = told((-50 * HOUR_S, LONG, PRICE, 1e6), heard=((-60 * HOUR_S, -48 * HOUR_S),), venue="okx")
    picture = look(draw_liquidations(make_analysis(realised=(told((-HOUR_S, LONG, PRICE, 1e6)), elsewhen))))
    assert not any("OKX" in words for words in picture.words("legend"))


def test_a_quiet_window_that_was_listened_to_says_that_nothing_was_told(make_analysis: Make, look) -> None:
    picture = look(draw_liquidations(make_analysis(realised=(told(),))))
    assert not picture.all("liquidated longs")
    assert picture.words("legend")[2].endswith("none in view")
    assert len(picture.all("listened")) == 1


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
@pytest.mark.parametrize("price", [0.0000123, 70_000.0])
def test_words_fit_and_never_cover_each_other(make_analysis: Make, look, theme: Theme, price: float) -> None:
    event = (-HOUR_S, LONG, price, 123_456_789.0)
    realised = tuple(told(event, venue=venue) for venue in ("binanceusdm", "bybit", "okx", "hyperliquid"))
    picture = look(draw_liquidations(make_analysis(price, realised=realised), theme))
    assert picture.overlaps() == []
    for text in picture.texts():
        place = picture.place(text)
        assert place.x1 <= picture.figure.bbox.x1, text.get_text()
        assert place.y0 >= picture.figure.bbox.y0, text.get_text()


# when anybody listened


def test_the_strip_is_filled_where_venues_were_listened_to(make_analysis: Make, look) -> None:
    realised = (
        told(heard=((-24 * HOUR_S, -12 * HOUR_S), (-6 * HOUR_S, 0))),
        told(heard=((-6 * HOUR_S, 0),), venue="okx"),
    )
    analysis = make_analysis(realised=realised)
    strip = np.asarray(look(draw_liquidations(analysis, THEMES["dark"])).one("listened").get_array())
    heard = (strip[..., :3] == rgb(THEMES["dark"].muted)).all(axis=2)
    quarters = np.array_split(heard, 4, axis=1)
    assert [quarter[:, 3:-3].mean() for quarter in quarters] == [0.5, 0.5, 0, 1]
    assert quarters[0][0, 3:-3].all()  # the lower half


def test_a_strip_claims_nothing_about_times_that_were_not_looked_at(make_analysis: Make, look) -> None:
    later = replace(told(), since_s=AS_OF_S - 12 * HOUR_S)
    picture = look(draw_liquidations(make_analysis(realised=(later,))))
    map_box = picture.panel("map").get_window_extent()
    place = picture.place(picture.one("listened"))
    assert place.x0 == pytest.approx(map_box.x0 + map_box.width / 2, abs=1)
    assert place.x1 == pytest.approx(map_box.x1, abs=1)
    assert place.y1 < map_box.y0


@given(st.sets(st.integers(0, 100), max_size=12))
def test_share_listened_to_is_that_of_every_second(turns: set[int]) -> None:
    ordered = sorted(turns)
    spans = list(zip(ordered[::2], ordered[1::2], strict=False))
    liquidations = told(heard=[(start - 1_000, end - 1_000) for start, end in spans]).liquidations
    edges = np.arange(-5, 116, 10) + AS_OF_S - 1_000
    slow = [
        sum(any(start <= second < end for start, end in spans) for second in range(at, at + 10)) / 10
        for at in range(-5, 106, 10)
    ]
    assert heard_share(liquidations, edges.astype(float)) == pytest.approx(np.array(slow))
