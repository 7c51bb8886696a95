"""The words of each answer: content and order, nothing invented, caveats present."""

import math
from dataclasses import replace

import numpy as np
import pytest

from bot.guide_reply import help_reply, models_reply
from bot.level_reply import level_reply
from bot.liq_reply import liq_reply, maps_reply, questions_reply, zones_reply
from bot.replies import Reply
from engine.models import REGISTRY
from engine.realised import REPORTING, Liquidations, Realised, ToldSum
from engine.results import DISCLAIMER, OBSERVED_DISCLAIMER, Setup, TierAtLevel, TouchChance, VenueCrowd, ZoneBand
from engine.text import usd_text


def kinds(reply: Reply) -> list[str]:
    return [block.kind for block in reply.blocks]


def words(reply: Reply) -> str:
    return "\n".join(f"{line.label} {line.text}".strip() for block in reply.blocks for line in block.lines)


def test_liq_says_everything_in_the_order_of_the_product(analysis):
    order = [
        "headline",
        "zones",
        "setup",
        "wrong_if",
        "reading",
        "bait",
        "ask",
        "touch",
        "missing",
        "notes",
        "disclaimer",
    ]
    assert kinds(liq_reply(analysis)) == order


def test_headline_names_price_venues_moment_and_age(analysis):
    (line,) = liq_reply(analysis).blocks[0].lines
    assert line.text == (
        "BTC 70,412  ·  Binance + Bybit perps, recorded  ·  14 Mar 2026 23:55 UTC, last bar just closed"
    )


def test_headline_says_how_old_the_last_bar_is(analysis):
    late = replace(analysis, as_of_s=analysis.as_of_s + 1500)
    assert "last bar closed 25 min earlier" in words(liq_reply(late))


def test_simulated_market_is_said_first_and_its_picture_says_it_too(analysis):
    reply = liq_reply(replace(analysis, source="simulated"))
    assert reply.blocks[0].lines[0].text.startswith("SIMULATED, no real prices")
    assert reply.picture is not None
    assert reply.picture.alt.startswith("SIMULATED BTC")
    assert "simulated" in reply.picture.stem
    assert "SIMULATED" not in words(liq_reply(analysis))


def test_both_sides_show_their_best_zone_and_the_next_ones(analysis):
    above, below, further = liq_reply(analysis).block("zones").lines
    assert above.label == "ABOVE"
    text = " ".join(above.text.split())
    assert text == "71,950-72,300 +2.2 % score 81 4/4 maps, 2/3 inputs forced buying index 100 (≈ $182M modelled)"
    assert below.label == "BELOW"
    assert "forced selling index 71 (≈ $129M modelled)" in below.text
    assert further.text == "next: 66,900-67,150 -4.6 % score 52"


def test_better_zone_out_of_reach_stands_behind_and_says_why(analysis, zone_with):
    far = replace(
        zone_with("below", 60_000, 60_200, score=95, index=40, usd=73e6),
        touch=tuple(TouchChance(hours=hours, chance=0.1) for hours in (12, 24, 72)),
    )
    reply = liq_reply(replace(analysis, zones=(*analysis.zones[:2], far)))
    assert reply.block("zones").lines[2].text == "next: 60,000-60,200 -14.5 % score 95 (rarely reached in 72 h)"


def test_side_without_clear_zone_says_so(analysis, zone_with):
    weak = zone_with("above", 71_000, 71_100, score=12, index=9, usd=3e6, hits=0, clear=False)
    reply = liq_reply(replace(analysis, zones=(weak, *analysis.zones[1:])))
    assert "no clear zone" in reply.block("zones").lines[0].text


@pytest.mark.parametrize(
    ("setup", "sentence"),
    [
        (
            Setup(verdict="upside_sweep", strength=0.2, reasons=()),
            "Upside sweep favoured, weakly (unproven; not a forecast).",
        ),
        (
            Setup(verdict="downside_sweep", strength=0.5, reasons=()),
            "Downside sweep favoured, moderately (unproven; not a forecast).",
        ),
        (
            Setup(verdict="upside_sweep", strength=1.0, reasons=()),
            "Upside sweep favoured, strongly (unproven; not a forecast).",
        ),
        (Setup(verdict="trap_both_sides", strength=0.4, reasons=()), "Trap on both sides (unproven; not a forecast)."),
        (Setup(verdict="no_clear_edge", strength=0.0, reasons=()), "No clear edge."),
    ],
)
def test_verdict_claims_no_more_than_was_measured(analysis, setup, sentence):
    assert liq_reply(replace(analysis, setup=setup)).block("setup").lines[0].text == sentence


def test_reasons_for_come_before_reasons_against(analysis):
    texts = [line.text for line in liq_reply(analysis).block("setup").lines[1:]]
    assert texts == [
        "+ Nearest vulnerable leverage is above.",
        "- Funding is already paid by longs, so longs are the crowd.",
    ]


def test_liq_names_conditions_readings_questions_and_chances(analysis):
    text = words(liq_reply(analysis))
    assert "WRONG IF an hourly close below 68,450 · open interest falls 3 %" in text
    assert "READ M1 12h battlefield: fresh shorts above 71.9k on M1 12h" in text
    assert "Where is the nearest vulnerable leverage? Do the maps agree?" in text
    assert "/questions BTC" in text
    assert "TOUCH 58 % above, 58 % below within 72 h at this volatility" in text
    assert "not a forecast" in text


def test_missing_inputs_and_notes_are_named(analysis):
    text = words(liq_reply(analysis))
    assert "MISSING order book: walls near the zones are unknown" in text
    assert "NOTE Bybit: open interest 40 min old." in text


def test_nothing_missing_leaves_no_empty_block(analysis):
    assert "missing" not in kinds(liq_reply(replace(analysis, missing=(), notes=())))


@pytest.mark.parametrize("answer", [liq_reply, zones_reply, questions_reply])
def test_every_answer_about_a_market_ends_with_the_disclaimer(analysis, answer):
    assert answer(analysis).blocks[-1].lines[0].text == DISCLAIMER


def test_zones_takes_every_score_apart(analysis):
    reply = zones_reply(analysis)
    text = words(reply)
    assert kinds(reply).count("zones") == len(analysis.zones)
    assert "M1 12h 97, M1 24h 97, M1 3d 97, M2 3d 77 (no)" in text
    assert "unrelated maps would give 31" in text
    assert "+ Market structure +0.60 × 1: the high of 12 March lies inside" in text
    assert "- Funding -0.40 × 1: longs pay 0.010 % per 8 h" in text
    assert "· Price action +0.00 × 1: neutral." in text


def test_questions_are_each_followed_by_their_answer(analysis):
    asked = [[line.text for line in block.lines] for block in questions_reply(analysis).blocks if block.kind == "ask"]
    assert asked == [[question.question, question.answer] for question in analysis.questions]


def test_level_says_the_verdict_first_and_then_everything(report):
    reply = level_reply(report)
    assert kinds(reply) == ["headline", "verdict", "facts", "touch", "wrong_if", "missing", "notes", "disclaimer"]
    assert reply.block("verdict").lines[0].text == "Part of a zone: 68,100-68,450, score 64."


def test_level_facts_carry_units_leverage_and_entries(report):
    lines = level_reply(report).block("facts").lines
    facts = {line.label: line.text for line in lines}
    texts = [line.text for line in lines]
    assert facts["DISTANCE"] == "-3.0 % from the price, 1.0 daily ATR"
    assert "≈ $310M of longs" in facts["ON THE WAY"]
    assert "≈ $40.0M of longs at 68,250-68,350, index 22" in facts["AT IT"]
    assert "50x $28.0M, entered 2 h ago  ·  25x $12.0M, entered 25 h ago" in texts
    assert "93 %" in facts["RANK"]
    assert facts["MAPS"].startswith("3 of 4 show it: M1 12h yes")
    assert facts["ZONES"] == "no stronger zone before it"
    assert "stronger zone behind it: 66,900-67,150 -4.6 % score 52, 3/4 maps, 2/3 inputs, index 40" in texts
    assert "no order book" in facts["BOOK"]


def test_level_with_nothing_there_lists_no_tiers(report_with):
    reply = level_reply(report_with(at_level_usd=0.0, tiers=(), zone=None, verdict="nothing"))
    assert not any("x $" in line.text for line in reply.block("facts").lines)


def test_level_in_a_map_without_positions_pretends_no_amount(report_with, analysis_with, liquidation_map):
    analysis = analysis_with(maps=(replace(liquidation_map, is_positions=False),))
    text = words(level_reply(report_with(analysis=analysis, index=math.nan)))
    assert "not positions" in text
    assert "$310M" not in text
    assert "$40.0M" not in text
    assert "50x" not in text
    assert "index unknown" in text


def test_level_that_is_not_ranked_says_so(report_with):
    assert "RANK none: levels at that distance are not compared" in words(level_reply(report_with(percentile=math.nan)))


def test_chance_that_rounds_to_none_or_all_is_a_bound(report_with):
    touch = tuple(TouchChance(hours=hours, chance=chance) for hours, chance in ((12, 0.0), (24, 0.0123), (72, 0.999)))
    (line,) = level_reply(report_with(touch=touch)).block("touch").lines
    assert line.text.startswith("12 h under 1 %, 24 h 1 %, 72 h over 99 %")


def test_level_picture_is_named_by_its_level(report):
    assert level_reply(report).picture.stem == "BTC-2026-03-14T2355Z-level-68300-M1-24h"


def test_help_names_every_command_and_what_a_map_is_not():
    text = words(help_reply(("BTC", "ETH")))
    for command in ("/liq BTC", "/level BTC 68.5k", "/zones", "/questions", "/models"):
        assert command in text
    assert "not a list of real stops" in text
    assert "BTC, ETH" in text


def test_models_say_what_each_one_assumes_and_the_mix_that_a_window_really_shows():
    text = words(models_reply(REGISTRY.values()))
    for model in REGISTRY.values():
        assert model.spec.name in text
        assert model.spec.assumes in text
    # by hand, M1 over 12 h: share x (1 - 2^(-W / half-life)) = .20x.034 .30x.109 .30x.293 .20x.5, renormalised
    assert "12h: 10x 3 %, 25x 14 %, 50x 39 %, 100x 44 %" in text


def test_numbers_that_are_unknown_are_said_to_be_unknown(analysis, zone_with):
    zone = zone_with("above", 71_000, 71_100, score=12, index=9, usd=math.nan)
    strange = replace(analysis, zones=(replace(zone, distance_atr=math.nan), *analysis.zones[1:]))
    assert "nan" not in words(liq_reply(strange)).split()
    assert "forced buying index 9 (no USD: not positions)" in words(liq_reply(strange))


def told(venue="bybit", *, long_usd=12.4e6, short_usd=3.1e6, heard_h=22.0, length_h=24, events=3):
    return ToldSum(
        venue=venue,
        reporting=REPORTING[venue],
        length_s=length_h * 3_600,
        heard_s=round(heard_h * 3_600),
        long_usd=long_usd,
        short_usd=short_usd,
        events=events,
    )


def realised(*sums):
    nothing = Liquidations(**{name: np.empty(0) for name in Liquidations.__slots__})
    return tuple(Realised(venue=each.venue, since_s=0, liquidations=nothing, day=each) for each in sums)


def test_liq_says_what_was_forced_out_who_told_it_and_how_long_was_listened(analysis_with):
    reply = liq_reply(analysis_with(realised=realised(told("binanceusdm"), told("bybit", long_usd=1e6))))
    (line,) = reply.block("realised").lines
    assert line.label == "REALISED"
    assert line.text == (
        "last 24 h: $13.4M of longs and $6.20M of shorts forced out, as told by "
        "Binance (at most one a second), Bybit (all); listened 22 of 24 h"
    )


def test_venues_that_were_listened_to_for_unequal_times_say_so_one_by_one(analysis_with):
    sums = (told("bybit", heard_h=24), told("okx", heard_h=23.99), told("binanceusdm", heard_h=0.75))
    (line,) = liq_reply(analysis_with(realised=realised(*sums))).block("realised").lines
    assert line.text.endswith(
        f"Bybit (all, listened all 24 h), OKX ({REPORTING['okx']}, listened 23 of 24 h), "
        f"Binance ({REPORTING['binanceusdm']}, listened 45 min of 24 h)"
    )


def test_a_quiet_day_that_was_listened_to_is_told_and_one_that_was_not_is_not(analysis_with):
    quiet = told(long_usd=0.0, short_usd=0.0, events=0)
    assert "$0 of longs and $0 of shorts" in words(liq_reply(analysis_with(realised=realised(quiet))))
    assert liq_reply(analysis_with(realised=realised(replace(quiet, heard_s=0)))).block("realised") is None


def test_without_liquidations_every_word_stays_as_it_was(analysis, report):
    assert "REALISED" not in words(liq_reply(analysis)) + words(level_reply(report))


def test_level_says_what_was_liquidated_at_its_prices(report_with):
    sums = (told(long_usd=1.2e6, short_usd=0.0, heard_h=70, length_h=72),)
    assert (
        "REALISED $1.20M of longs and $0 of shorts liquidated here in the last 72 h, as told by Bybit (all); "
        "listened 70 of 72 h"
    ) in words(level_reply(report_with(realised=sums)))


def test_a_level_at_which_nothing_was_told_of_says_nothing(report_with):
    sums = (told(long_usd=0.0, short_usd=0.0, events=0, length_h=72),)
    assert "REALISED" not in words(level_reply(report_with(realised=sums)))


COVERED = (
    "POSITIONS M6 has a say: 4,812 wallets at Hyperliquid, sweep ended 4 min earlier, 41 % of its longs and 38 % of "
    "its shorts; 22 % of their USD at exact prices (isolated), the rest on cross margin is spread"
)


@pytest.mark.parametrize("answer", [liq_reply, maps_reply, zones_reply, questions_reply])
def test_real_positions_that_have_a_say_are_told_with_coverage_and_age(analysis, coverage, answer):
    assert "coverage" not in kinds(answer(analysis))
    assert COVERED in words(answer(replace(analysis, observed=coverage)))
    nothing_mapped = replace(coverage, exact_share=math.nan, age_s=3)
    text = words(answer(replace(analysis, observed=nothing_mapped)))
    assert "sweep ended just now" in text
    assert "of its shorts, none of them with a price in the map" in text


def test_sizes_of_real_positions_are_called_observed_and_have_no_age(observed_analysis):
    text = words(liq_reply(observed_analysis))
    assert "forced buying index 100 (≈ $182M observed)" in text
    assert "modelled" not in text.lower()
    assert text.endswith(OBSERVED_DISCLAIMER)
    assert "entries" not in words(zones_reply(observed_analysis))
    assert COVERED in text


def test_a_level_of_real_positions_names_classes_of_leverage_and_what_is_exact(report_with, observed_analysis):
    tiers = (TierAtLevel(leverage=20.0, usd=30e6, age_s=math.nan), TierAtLevel(leverage=5.0, usd=10e6, age_s=math.nan))
    band = ZoneBand(side="below", low=70_000.0, high=70_200.0, price=70_100.0, age_s=math.nan)
    reply = level_reply(report_with(analysis=observed_analysis, tiers=tiers, band=band))
    text = words(reply)
    assert COVERED in text
    assert "between the price and the level (M6 24h, observed)" in text
    assert "up to 20x $30.0M  ·  up to 5x $10.0M" in text
    exact = usd_text(observed_analysis.shown_map.usd_between("below", 70_000.0, 70_200.0) / 4)
    assert f"{exact} of it isolated, at exact prices" in text
    assert "entered" not in text
    assert "nan" not in text.split()


def crowd(venue, ratio, age_s):
    return VenueCrowd(venue=venue, long_short_ratio=ratio, age_s=age_s)


def test_liq_says_how_many_accounts_are_long_and_that_these_are_no_sizes(analysis_with):
    reply = liq_reply(analysis_with(crowd=(crowd("binanceusdm", 1.618, 1_200), crowd("okx", 0.98, 1_190))))
    (line,) = reply.block("crowd").lines
    assert (line.label, line.text) == (
        "CROWD",
        "1.62 long accounts per short one at Binance, 0.98 at OKX (accounts, not sizes; 20 min old)",
    )


def test_the_oldest_of_unequal_ratios_is_told_and_without_any_no_word(analysis_with, analysis):
    reply = liq_reply(analysis_with(crowd=(crowd("okx", 0.001, 0), crowd("bybit", 1.0, 3 * 3600))))
    (line,) = reply.block("crowd").lines
    assert (
        line.text == "under 0.01 long accounts per short one at OKX, 1.00 at Bybit (accounts, not sizes; up to 3 h old)"
    )
    assert liq_reply(analysis).block("crowd") is None


@pytest.mark.parametrize("reply", [liq_reply, maps_reply, zones_reply, questions_reply])
def test_what_a_line_lines_up_is_there_piece_by_piece(analysis_with, zone_with, reply):
    unclear = zone_with("above", 71_000, 71_200, score=12, index=5, usd=2e6, clear=False)
    analysis = analysis_with(zones=(unclear, zone_with("below", 68_100, 68_450, score=64.4, index=71, usd=129e6)))
    lined_up = [line for block in reply(analysis).blocks for line in block.lines if "  " in line.text]
    assert lined_up
    for line in lined_up:
        assert line.text.replace("·", " ").split() == [word for part in line.parts for word in part.split()]
        assert not any("  " in part for part in line.parts)
