import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from charts import THEMES, Theme, draw_liquidations
from charts.captions import SIMULATED
from charts.map_panel import NO_DATA
from charts.theme import DARK, rgb
from engine.results import DISCLAIMER, OBSERVED_DISCLAIMER, Analysis, VenueShare
from engine.text import band_text

Make = Callable[..., Analysis]


def test_header_names_symbol_price_moment_map_and_venues(make_analysis: Make, look) -> None:
    picture = look(draw_liquidations(make_analysis()))
    assert picture.words("title") == ["BTC 70,000"]
    assert picture.words("moment") == ["5 Feb 2026 12:00 UTC"]
    assert picture.words("model") == ["M1 High leverage · 24h · 10m candles"]
    assert picture.words("venues") == ["Binance + Bybit perps"]
    assert picture.words("disclaimer") == [DISCLAIMER]


def test_the_price_is_a_line_across_and_a_tag_at_its_height(make_analysis: Make, look) -> None:
    picture = look(draw_liquidations(make_analysis()))
    assert picture.prices("price") == pytest.approx([70_000])
    assert picture.words("price tag") == ["70,000"]
    (tag,) = [artist for artist in picture.all("price tag") if hasattr(artist, "get_text")]
    line_y = picture.panel("marks").transData.transform((0, math.log(70_000)))[1]
    place = picture.place(tag)
    assert place.y0 < line_y < place.y1


def test_every_zone_is_outlined_at_its_low_and_high(make_analysis: Make, look) -> None:
    analysis = make_analysis()
    drawn = look(draw_liquidations(analysis)).bands("zone")
    wanted = [(zone.band.low, zone.band.high) for zone in analysis.zones]
    assert np.array(sorted(drawn)) == pytest.approx(np.array(sorted(wanted)))


def test_each_card_says_prices_score_and_side(make_analysis: Make, look) -> None:
    analysis = make_analysis()
    picture = look(draw_liquidations(analysis))
    assert set(picture.words("zone prices")) == {band_text(zone.band.low, zone.band.high) for zone in analysis.zones}
    assert sorted(picture.words("zone score")) == ["score 60 · longs"] * 3 + ["score 60 · shorts"] * 2


def test_each_card_says_how_many_inputs_agree_and_the_picture_which_were_asked(make_analysis: Make, look) -> None:
    analysis = make_analysis()
    picture = look(draw_liquidations(analysis))
    votes = [f"{sum(vote.agrees for vote in zone.inputs)}/{len(zone.inputs)}" for zone in analysis.zones]
    assert sorted(picture.words("zone votes")) == sorted(votes)
    names = [vote.name for vote in analysis.zones[0].inputs]
    (key,) = picture.words("vote key")
    assert key == f"{len(names)}/{len(names)} inputs agree: {', '.join(names)}"


def test_cards_stand_in_the_order_of_their_prices(make_analysis: Make, look) -> None:
    picture = look(draw_liquidations(make_analysis()))
    from_top = sorted(picture.all("zone prices"), key=lambda text: -picture.place(text).y0)
    lows = [float(text.get_text().partition("-")[0].replace(",", "")) for text in from_top]
    assert lows == sorted(lows, reverse=True)


def test_a_square_per_default_map_is_lit_where_the_map_shows_the_zone(make_analysis: Make, look) -> None:
    picture = look(draw_liquidations(make_analysis()))
    assert picture.words("chip lit") == ["12h", "M2"] * 5
    assert picture.words("chip dark") == ["24h", "3d"] * 5


def test_a_zone_that_no_map_clearly_shows_is_dashed_and_says_so(make_analysis: Make, make_zone, look) -> None:
    analysis = make_analysis(zones=(make_zone(70_000.0, 0.02, score=12, clear=False),))
    picture = look(draw_liquidations(analysis))
    assert picture.words("zone score") == ["12 · no clear zone"]
    assert picture.one("zone").get_linestyle() not in {"-", "solid"}


@pytest.mark.parametrize("distances", [(), (0.02,), (-0.02,)], ids=["no zones", "above only", "below only"])
def test_a_side_without_zones_is_drawn_without_cards(make_analysis: Make, look, distances: tuple[float, ...]) -> None:
    picture = look(draw_liquidations(make_analysis(distances=distances)))
    assert len(picture.all("card")) == len(distances)
    assert len(picture.all("zone")) == len(distances)


def test_no_more_zones_get_cards_than_can_be_read(make_analysis: Make, look) -> None:
    picture = look(draw_liquidations(make_analysis(distances=tuple(0.005 * n for n in range(1, 8)))))
    assert len(picture.all("card")) == len(picture.all("zone")) == 3


def test_a_zone_beyond_the_picture_is_an_arrow_with_price_and_distance(
    make_analysis: Make, make_zone, make_walk, look
) -> None:
    zones = (make_zone(70_000.0, -0.01), make_zone(70_000.0, 0.24))
    calm = make_walk(70_000.0, step=0.0002)
    picture = look(draw_liquidations(make_analysis(zones=zones, candles=calm, daily_sigma=0.01)))
    assert picture.words("edge arrow") == ["86,800  +24.0 %"]
    text = next(artist for artist in picture.all("edge arrow") if hasattr(artist, "get_text"))
    panel = picture.panel("map").get_window_extent()
    assert panel.y1 - 60 < picture.place(text).y1 <= panel.y1


def test_zones_inside_the_picture_need_no_arrow(make_analysis: Make, look) -> None:
    assert not look(draw_liquidations(make_analysis())).all("edge arrow")


@pytest.mark.parametrize("source", ["recorded", "live", "simulated"])
def test_simulated_is_written_large_when_and_only_when_it_is(make_analysis: Make, look, source: str) -> None:
    picture = look(draw_liquidations(make_analysis(source=source)))
    written = [text for text in picture.texts() if SIMULATED in text.get_text()]
    assert len(written) == (2 if source == "simulated" else 0)
    assert all(picture.place(text).height >= 48 for text in written)


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_every_theme_draws_on_its_own_ground(make_analysis: Make, theme: Theme) -> None:
    ground = draw_liquidations(make_analysis(), theme).get_facecolor()
    assert tuple(round(255 * channel) for channel in ground[:3]) == rgb(theme.background)


PRICES = [0.0000123, 0.087123, 87.99, 70_000.0, 1e6]
every_price = pytest.mark.parametrize("price", PRICES)


@every_price
def test_words_never_cover_each_other(make_analysis: Make, look, price: float) -> None:
    assert look(draw_liquidations(make_analysis(price, symbol="1000PEPE"))).overlaps() == []


@every_price
def test_words_are_large_enough_and_inside_the_sheet(make_analysis: Make, look, price: float) -> None:
    picture = look(draw_liquidations(make_analysis(price)))
    assert min(text.get_size() for text in picture.texts()) >= 24
    sheet = picture.figure.bbox
    for text in picture.texts():
        place = picture.place(text)
        assert sheet.x0 <= place.x0, text.get_text()
        assert place.x1 <= sheet.x1, text.get_text()


def test_crowded_zones_push_their_cards_apart(make_analysis: Make, look) -> None:
    distances = (0.003, 0.005, 0.007, -0.003, -0.005, -0.007)
    picture = look(draw_liquidations(make_analysis(distances=distances)))
    assert picture.overlaps() == []
    places = sorted((picture.place(card).y0, picture.place(card).y1) for card in picture.all("card"))
    assert all(upper[0] > lower[1] for lower, upper in pairwise(places))


def test_cards_of_one_edge_keep_the_order_of_their_prices(make_analysis: Make, make_zone, make_walk, look) -> None:
    zones = tuple(make_zone(70_000.0, distance) for distance in (0.22, 0.24, 0.2))
    calm = make_walk(70_000.0, step=0.0002)
    picture = look(draw_liquidations(make_analysis(zones=zones, candles=calm, daily_sigma=0.01)))
    assert picture.words("edge arrow") == ["84,000  +20.0 %  and 2 more"]
    from_top = sorted(picture.all("zone prices"), key=lambda text: -picture.place(text).y0)
    assert [text.get_text()[:2] for text in from_top] == ["86", "85", "84"]


def test_many_venues_and_a_long_name_still_fit(make_analysis: Make, look) -> None:
    names = ("binanceusdm", "bybit", "okx", "gate", "hyperliquid")
    venues = tuple(VenueShare(name=name, oi_share=0.2) for name in names)
    analysis = make_analysis(0.0000123, symbol="1000000MOGCOIN", venues=venues, source="simulated")
    assert look(draw_liquidations(analysis)).overlaps() == []


def test_a_map_of_something_else_than_positions_shows_no_dollars(make_analysis: Make, look) -> None:
    analysis = make_analysis()
    maps = tuple(replace(map_, is_positions=False) for map_ in analysis.maps)
    picture = look(draw_liquidations(replace(analysis, maps=maps)))
    assert picture.words("side total") == ["shorts", "longs"]
    assert not [text for text in picture.texts() if "$" in text.get_text()]


def test_a_map_of_unknown_mass_is_drawn_as_nothing(make_analysis: Make, look) -> None:
    analysis = make_analysis()
    maps = tuple(replace(map_, long_usd=np.full(map_.grid.size, np.nan)) for map_ in analysis.maps)
    picture = look(draw_liquidations(replace(analysis, maps=maps)))
    assert not picture.all("below profile")
    assert picture.all("above profile")


def test_a_map_without_columns_says_so_and_invents_no_past(make_analysis: Make, look) -> None:
    analysis = make_analysis()
    maps = tuple(replace(map_, columns=None) for map_ in analysis.maps)
    picture = look(draw_liquidations(replace(analysis, maps=maps)))
    assert picture.words("note") == ["no history of this map"]
    assert not picture.all("heat")


def test_the_colour_scale_is_relative_and_says_what_its_top_means(make_analysis: Make, look) -> None:
    picture = look(draw_liquidations(make_analysis()))
    assert picture.words("scale") == ["0", "10", "50", "100"]
    assert picture.words("scale note") == ["relative density, 100 = top 0.5 % of cells"]


def test_heat_and_candles_share_one_time_axis(make_analysis: Make, look) -> None:
    analysis = make_analysis()
    axes = look(draw_liquidations(analysis)).panel("map")
    start_s = analysis.as_of_s - analysis.shown.window.length_s
    assert axes.get_xlim() == (start_s, analysis.as_of_s)
    (heat,) = axes.images
    assert heat.get_extent()[:2] == [start_s, analysis.as_of_s]


def test_later_candles_than_the_answer_are_never_drawn(make_analysis: Make, make_walk, look) -> None:
    whole = make_analysis()
    early = replace(whole, as_of_s=whole.as_of_s - 3_600)
    axes = look(draw_liquidations(early)).panel("map")
    ends = [path.vertices[:, 0].max() for artist in axes.collections for path in artist.get_paths()]
    assert max(ends) <= early.as_of_s


def test_drawing_leaves_the_answer_as_it_was(make_analysis: Make) -> None:
    analysis = make_analysis()
    before = [map_.columns.long_usd.copy() for map_ in analysis.maps]
    draw_liquidations(analysis, DARK)
    assert all(np.array_equal(map_.columns.long_usd, old) for map_, old in zip(analysis.maps, before, strict=True))


# real positions


def test_a_map_of_real_positions_says_coverage_age_and_venue_in_its_header(make_observed: Make, look) -> None:
    picture = look(draw_liquidations(make_observed()))
    assert picture.words("model") == ["M6 Observed · 24h · 47 % of longs, 41 % of shorts"]
    assert picture.words("venues") == ["Hyperliquid wallets, 4 min old"]
    assert picture.words("profile note") == ["observed, in view"]
    assert picture.words("disclaimer") == [OBSERVED_DISCLAIMER]
    assert look(draw_liquidations(make_observed(source="simulated"))).words("venues") == [
        "simulated market, no real prices"
    ]


@pytest.mark.parametrize("theme", THEMES, ids=str)
def test_four_inputs_fit_beside_either_disclaimer(make_analysis: Make, make_observed: Make, look, theme: str) -> None:
    observed = make_observed()
    for analysis in (observed, make_analysis(zones=observed.zones)):
        picture = look(draw_liquidations(analysis, THEMES[theme]))
        assert picture.words("vote key") == ["4/4 inputs agree: open interest, flow, swings, positions"]
        (key,), (disclaimer,) = picture.all("vote key"), picture.all("disclaimer")
        assert picture.place(key).x0 > picture.place(disclaimer).x1 + 10
        assert picture.overlaps() == []


def test_moments_without_a_sweep_are_hatched_and_named_as_unknown(make_observed: Make, look) -> None:
    whole = look(draw_liquidations(make_observed()))
    assert whole.all("unknown") == []
    assert whole.words("gap note") == []
    picture = look(draw_liquidations(make_observed(unknown=slice(0, -100))))
    assert picture.words("gap note") == [NO_DATA]
    hatched = picture.one("unknown")
    assert hatched.get_hatch()
    heat = picture.one("heat")
    assert hatched.get_zorder() < heat.get_zorder()
    assert (heat.get_array()[:, 0, 3] == 0).all()
    assert (heat.get_array()[:, -1, 3] == 255).all()
    note, panel = picture.place(picture.all("gap note")[0]), picture.panel("map").get_window_extent()
    assert panel.x0 < note.x0 < note.x1 < panel.x1
    assert picture.overlaps() == []


def test_a_gap_too_narrow_for_words_is_hatched_without_them(make_observed: Make, look) -> None:
    picture = look(draw_liquidations(make_observed(unknown=slice(-12, -6))))
    assert picture.words("gap note") == []
    assert len(picture.all("unknown")) == 1
