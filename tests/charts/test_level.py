import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from charts import draw_level
from charts.level import crop
from charts.level_facts import draw_facts
from charts.sheet import Box, Sheet
from charts.theme import DARK
from engine.results import OBSERVED_DISCLAIMER, LevelReport, TierAtLevel

Make = Callable[..., LevelReport]


def facts(picture) -> dict[str, str]:
    return dict(zip(picture.words("fact name"), picture.words("fact value"), strict=False))


@pytest.mark.parametrize("distance", [-0.05, 0.05])
def test_the_crop_holds_three_times_the_way_with_the_level_inside(make_report: Make, distance: float) -> None:
    report = make_report(distance=distance)
    shown = crop(report)
    way = abs(math.log(report.band.far / report.analysis.price))
    assert math.log(shown.high / shown.low) == pytest.approx(3 * way)
    assert shown.holds(report.price)
    assert shown.holds(report.analysis.price)


def test_a_level_at_the_price_still_shows_some_room(make_report: Make) -> None:
    shown = crop(make_report(distance=0.0001))
    assert shown.high / shown.low > 1.01


def test_the_level_is_a_line_with_a_tag_and_its_band_is_shaded(make_report: Make, look) -> None:
    report = make_report()
    picture = look(draw_level(report))
    assert picture.prices("level") == pytest.approx([68_250])
    assert picture.words("level tag") == ["68,250"]
    assert np.array(picture.bands("band")) == pytest.approx(np.array([[report.band.low, report.band.high]]))


def test_the_way_from_the_price_to_the_band_is_shaded(make_report: Make, look) -> None:
    report = make_report()
    assert np.array(look(draw_level(report)).bands("way")) == pytest.approx(np.array([[report.band.high, 70_000]]))


def test_the_facts_are_those_of_the_report(make_report: Make, look) -> None:
    picture = look(draw_level(make_report()))
    assert picture.words("verdict") == ["Part of a zone"]
    assert facts(picture) == {
        "distance": "-2.5 %",
        "brighter than": "93 %",
        "on the way": "$3.00M",
        "at the level": "$4.00M",
        "touch in 12 h": "30 %",
        "touch in 24 h": "30 %",
        "touch in 72 h": "30 %",
    }


def test_what_is_unknown_is_left_out(make_report: Make, look) -> None:
    assert "brighter than" not in facts(look(draw_level(make_report(percentile=math.nan))))


def test_a_map_of_something_else_than_positions_shows_an_index_and_no_dollars(make_report: Make, look) -> None:
    report = make_report()
    maps = tuple(replace(map_, is_positions=False) for map_ in report.analysis.maps)
    picture = look(draw_level(replace(report, analysis=replace(report.analysis, maps=maps))))
    assert facts(picture)["index"] == "80"
    assert not [text for text in picture.texts() if "$" in text.get_text()]


def test_tiers_are_stacked_by_their_share_and_empty_ones_left_out(make_report: Make, look) -> None:
    picture = look(draw_level(make_report()))
    assert picture.words("tier name") == ["25x", "50x"]
    assert picture.words("tier share") == ["75 %", "25 %"]
    assert picture.one("tier 25x").get_width() == pytest.approx(3 * picture.one("tier 50x").get_width())


def test_many_tiers_are_summed_up_as_other_and_add_up_to_all(make_report: Make, look) -> None:
    tiers = tuple(TierAtLevel(leverage=float(lev), usd=7.0 - lev, age_s=1.0) for lev in range(1, 7))
    picture = look(draw_level(make_report(tiers=tiers)))
    assert picture.words("tier name") == ["1x", "2x", "3x", "other"]
    bars = [picture.one(f"tier {name}") for name in ("1x", "2x", "3x", "other")]
    assert [bar.get_width() / sum(bar.get_width() for bar in bars) for bar in bars] == pytest.approx(
        [6 / 21, 5 / 21, 4 / 21, 6 / 21]
    )


def test_stops_have_no_leverage(make_report: Make, look) -> None:
    picture = look(draw_level(make_report(tiers=(TierAtLevel(leverage=math.nan, usd=1.0, age_s=1.0),))))
    assert picture.words("tier name") == ["stops"]


def test_a_level_where_nothing_stands_has_no_bar(make_report: Make, look) -> None:
    picture = look(draw_level(make_report(tiers=(), verdict="nothing", at_level_usd=0.0)))
    assert picture.words("verdict") == ["Nothing stands out"]
    assert not picture.words("tier name")


def test_the_facts_end_above_the_bottom_of_their_column(make_report: Make, look) -> None:
    tiers = tuple(TierAtLevel(leverage=float(lev), usd=1.0, age_s=1.0) for lev in range(1, 9))
    sheet = Sheet(DARK, height=1_120)
    draw_facts(sheet, Box(1_168, 200, 1_568, 930), make_report(tiers=tiers))
    lowest = min(artist.get_window_extent().y0 for artist in look(sheet.figure).all("chip lit"))
    assert 1_120 - lowest <= 930


def test_a_price_and_a_level_close_together_have_tags_apart(make_report: Make, look) -> None:
    picture = look(draw_level(make_report(distance=0.0002)))
    (one,), (other,) = (
        [picture.place(artist) for artist in picture.all(name) if not hasattr(artist, "get_text")]
        for name in ("price tag", "level tag")
    )
    assert other.y0 >= one.y1


@pytest.mark.parametrize("source", ["recorded", "simulated"])
def test_simulated_is_written_when_and_only_when_it_is(make_report: Make, look, source: str) -> None:
    report = make_report()
    picture = look(draw_level(replace(report, analysis=replace(report.analysis, source=source))))
    assert len(picture.words("simulated")) == (2 if source == "simulated" else 0)


@pytest.mark.parametrize("price", [0.0000123, 87.99, 1e6])
def test_words_stay_apart_and_on_the_sheet_at_any_price(make_report: Make, look, price: float) -> None:
    picture = look(draw_level(make_report(price)))
    assert picture.overlaps() == []
    for text in picture.texts():
        place = picture.place(text)
        assert picture.figure.bbox.x0 <= place.x0
        assert place.x1 <= picture.figure.bbox.x1, text.get_text()
        assert text.get_size() >= 24


def test_a_level_of_real_positions_names_classes_of_leverage_and_what_they_cover(make_report, make_observed, look):
    report = make_report(analysis=make_observed())
    picture = look(draw_level(report))
    assert picture.words("tier name") == ["up to 25x", "up to 50x"]
    assert picture.words("model") == ["M6 Observed · 24h, last 24 h · 47 % of longs, 41 % of shorts"]
    assert picture.words("venues") == ["Hyperliquid wallets, 4 min old"]
    assert picture.words("disclaimer") == [OBSERVED_DISCLAIMER]
    assert picture.overlaps() == []
