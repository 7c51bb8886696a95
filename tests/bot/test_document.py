"""The JSON: its keys, its schema, and that it depends on the market alone."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from jsonschema import Draft202012Validator, ValidationError

from bot.document import document_text, level_document, liq_document, schema
from engine.realised import Liquidations, Realised, ToldSum
from engine.results import OBSERVED_DISCLAIMER, VenueCrowd
from engine.windows import WINDOWS

ZONE_KEYS = [
    *("side", "low", "high", "price", "score", "index", "size_usd", "size_basis", "distance", "distance_atr", "age_s"),
    *("touch_chance", "maps", "inputs", "evidence"),
]


def validate(document: dict, name: str) -> None:
    Draft202012Validator(schema(name)).validate(document)


@pytest.mark.parametrize("name", ["liq", "level"])
def test_schema_is_itself_valid_and_says_what_every_key_is(name):
    Draft202012Validator.check_schema(schema(name))
    for key, described in schema(name)["properties"].items():
        assert "description" in described or "$ref" in described, key
    assert schema(name)["additionalProperties"] is False


@pytest.mark.parametrize("name", ["liq", "level"])
def test_schema_knows_every_window_and_no_other(name):
    known = schema(name)["$defs"]["map"]["properties"]["window"]["enum"]
    assert known == [window.name for window in WINDOWS]


def test_liq_has_exactly_the_promised_keys(analysis):
    document = liq_document(analysis)
    assert list(document) == [
        *("symbol", "as_of", "price", "source", "venues", "maps", "reading", "zones", "setup", "bait"),
        *("invalidation", "questions", "realised", "crowd", "observed", "missing", "chart", "notes", "disclaimer"),
    ]
    zone = document["zones"][0]
    assert list(zone) == ZONE_KEYS
    assert list(zone["touch_chance"]) == ["12h", "24h", "72h"]
    assert list(zone["maps"][0]) == ["model", "window", "percentile"]
    assert list(zone["evidence"][0]) == ["name", "value", "weight", "reason"]
    assert list(document["invalidation"][0]) == [
        *("kind", "price", "timeframe", "operator", "threshold", "until", "text"),
    ]


def test_liq_document_says_what_the_analysis_says(analysis):
    document = liq_document(analysis, chart="out/BTC.png")
    assert document["as_of"] == "2026-03-14T23:55:00Z"
    assert document["venues"] == [{"name": "binanceusdm", "oi_share": 0.7}, {"name": "bybit", "oi_share": 0.3}]
    assert document["maps"][0] == {"model": "M1", "window": "12h"}
    zone = document["zones"][0]
    assert (zone["side"], zone["low"], zone["high"], zone["score"]) == ("above", 71_950, 72_300, 81.2)
    assert zone["distance"] == pytest.approx(71_950 / 70_412 - 1)
    assert zone["touch_chance"]["24h"] == 0.334
    assert document["invalidation"][1]["price"] is None
    assert document["invalidation"][0]["until"] == "2026-03-17T23:55:00Z"
    assert document["missing"] == [{"input": "order_book", "venue": None, "effect": "walls near the zones are unknown"}]
    assert document["chart"] == "out/BTC.png"


def test_documents_fit_their_schemas(analysis, report):
    validate(liq_document(analysis), "liq")
    validate(level_document(report), "level")
    validate(level_document(replace(report, zone=None, farther=None, order_book="a wall at 68,200")), "level")


def test_schema_refuses_what_the_document_never_has(analysis):
    document = liq_document(analysis)
    for broken in (
        {**document, "mood": "bullish"},
        {**document, "price": "70412"},
        {**document, "as_of": "yesterday"},
        {key: value for key, value in document.items() if key != "setup"},
        {**document, "zones": document["zones"][:1]},
    ):
        with pytest.raises(ValidationError):
            validate(broken, "liq")


def test_unknown_numbers_are_null_and_never_nan(analysis, zone_with):
    zone = replace(analysis.zones[0], distance_atr=math.nan, size_usd=math.inf)
    text = document_text(replace(analysis, zones=(zone, *analysis.zones[1:])))
    document = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert document["zones"][0]["distance_atr"] is None
    assert document["zones"][0]["size_usd"] is None
    validate(document, "liq")


def test_level_document_names_the_map_and_the_tiers_behind_its_sums(report):
    document = level_document(report)
    assert document["map"] == {"model": "M1", "window": "24h"}
    assert document["level"] == 68_300
    assert document["band"] == {"side": "below", "low": 68_250.0, "high": 68_350.0}
    assert document["tiers"][1] == {"leverage": 50.0, "usd": 28e6, "age_s": 7200.0}
    assert document["tiers"][2]["age_s"] is None
    assert list(document["zone"]) == ZONE_KEYS
    assert document["nearer"] is None


def test_text_is_json_and_the_same_every_time(analysis, report):
    assert document_text(analysis) == document_text(analysis)
    assert json.loads(document_text(analysis)) == liq_document(analysis)
    assert json.loads(document_text(report)) == level_document(report)


def test_what_venues_told_is_summed_with_the_time_that_was_listened_to(analysis, report):
    day = ToldSum(venue="okx", reporting="all", length_s=86_400, heard_s=60, long_usd=5.0, short_usd=0.0, events=2)
    nothing = Liquidations(**{name: np.empty(0) for name in Liquidations.__slots__})
    realised = Realised(venue="okx", since_s=0, liquidations=nothing, day=day)
    document = liq_document(replace(analysis, realised=(realised,)))
    assert document["realised"] == [
        {
            "venue": "okx",
            "reporting": "all",
            "length_s": 86_400,
            "heard_s": 60,
            "long_usd": 5.0,
            "short_usd": 0.0,
            "events": 2,
        }
    ]
    validate(document, "liq")
    level = level_document(replace(report, realised=(day,)))
    assert level["realised"] == document["realised"]
    validate(level, "level")
    assert liq_document(analysis)["realised"] == level_document(report)["realised"] == []


def test_real_positions_that_have_a_say_are_told_with_what_they_cover(analysis, report, coverage):
    assert liq_document(analysis)["observed"] is None
    heard = replace(analysis, observed=replace(coverage, exact_share=math.nan))
    document = liq_document(heard)
    assert document["observed"] == {
        "model": "M6",
        "venue": "hyperliquid",
        "started": "2026-03-14T23:42:00Z",
        "swept": "2026-03-14T23:51:00Z",
        "age_s": 240.0,
        "wallets": 4_812,
        "long_share": 0.41,
        "short_share": 0.38,
        "long_usd": 820e6,
        "short_usd": 760e6,
        "exact_share": None,
        "positions": 2_000,
        "without_price": 300,
        "passed": 4,
        "outside": 100,
    }
    validate(document, "liq")
    validate(level_document(replace(report, analysis=heard)), "level")
    without_shares = {key: value for key, value in document["observed"].items() if not key.endswith("share")}
    with pytest.raises(ValidationError):
        validate({**document, "observed": without_shares}, "liq")


def test_an_answer_from_real_positions_says_that_its_sizes_are_observed(observed_analysis):
    document = liq_document(observed_analysis)
    assert [zone["size_basis"] for zone in document["zones"]] == ["observed"] * 3
    assert document["disclaimer"] == OBSERVED_DISCLAIMER
    validate(document, "liq")


def test_the_crowd_is_each_venues_ratio_and_its_age(analysis):
    crowd = (VenueCrowd(venue="okx", long_short_ratio=0.98, age_s=1_200),)
    document = liq_document(replace(analysis, crowd=crowd))
    assert document["crowd"] == [{"venue": "okx", "long_short_ratio": 0.98, "age_s": 1_200}]
    validate(document, "liq")
    assert liq_document(analysis)["crowd"] == []
