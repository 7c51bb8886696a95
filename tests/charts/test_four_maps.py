from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from charts import draw_four_maps
from engine.results import Analysis

Make = Callable[..., Analysis]
NAMES = ["map M1 12h", "map M1 24h", "map M1 3d", "map M2 3d"]


def test_each_map_is_titled_with_its_role(make_analysis: Make, look) -> None:
    picture = look(draw_four_maps(make_analysis()))
    assert "".join(picture.words("map title")) == (
        "M1 12h · battlefieldM1 24h · anchorM1 3d · persistenceM2 3d · broader structure"
    )


def test_all_four_share_one_price_axis_and_have_their_own_time(make_analysis: Make, look) -> None:
    analysis = make_analysis()
    picture = look(draw_four_maps(analysis))
    panels = [picture.panel(name) for name in NAMES]
    assert len({panel.get_ylim() for panel in panels}) == 1
    hours = [round((panel.get_xlim()[1] - panel.get_xlim()[0]) / 3_600) for panel in panels]
    assert hours == [12, 24, 72, 72]


def test_every_zone_runs_through_every_panel(make_analysis: Make, look) -> None:
    analysis = make_analysis()
    drawn = look(draw_four_maps(analysis)).bands("zone line")
    wanted = [(zone.band.low, zone.band.high) for zone in analysis.zones] * 4
    assert np.array(sorted(drawn)) == pytest.approx(np.array(sorted(wanted)))


def test_a_bracket_stands_only_in_maps_that_show_the_zone(make_analysis: Make, look) -> None:
    picture = look(draw_four_maps(make_analysis()))
    brackets = {
        name: sum(artist.get_label() == "zone" for artist in picture.panel(name).get_children()) for name in NAMES
    }
    assert brackets == {"map M1 12h": 5, "map M1 24h": 0, "map M1 3d": 0, "map M2 3d": 5}


def test_a_map_that_could_not_be_built_is_named_as_missing(make_analysis: Make, look) -> None:
    analysis = make_analysis()
    picture = look(draw_four_maps(replace(analysis, maps=analysis.maps[1:])))
    assert picture.words("note") == ["not available now"]
    assert [axes.get_label() for axes in picture.figure.axes if axes.get_label().startswith("map")] == NAMES[1:]


def test_each_panel_of_a_simulated_market_says_so(make_analysis: Make, look) -> None:
    assert len(look(draw_four_maps(make_analysis(source="simulated"))).words("simulated")) == 5


@pytest.mark.parametrize("price", [0.0000123, 70_000.0])
def test_words_never_cover_each_other_and_stay_on_the_sheet(make_analysis: Make, look, price: float) -> None:
    picture = look(draw_four_maps(make_analysis(price)))
    assert picture.overlaps() == []
    for text in picture.texts():
        assert picture.place(text).x1 <= picture.figure.bbox.x1, text.get_text()
        assert text.get_size() >= 24
