"""Moments within sentences: found, told in a zone, and found again; everything else stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.liq_reply import liq_reply
from bot.local_times import local_text, told_in, with_moments, zone_named
from engine.text import moment_text

SUMMER_S, WINTER_S = 1_782_900_000, 1_770_314_400  # 1 Jul 2026 10:00 UTC, 5 Feb 2026 18:00 UTC


@pytest.mark.parametrize(
    ("time_s", "zone", "told"),
    [
        (WINTER_S, "UTC", "5 Feb 2026 18:00 UTC"),
        (WINTER_S, "Europe/London", "5 Feb 2026 18:00 UTC"),
        (WINTER_S, "Europe/Berlin", "5 Feb 2026 19:00 UTC+1"),
        (SUMMER_S, "Europe/Berlin", "1 Jul 2026 12:00 UTC+2"),
        (WINTER_S, "Asia/Kolkata", "5 Feb 2026 23:30 UTC+5:30"),
        (WINTER_S, "Asia/Tokyo", "6 Feb 2026 03:00 UTC+9"),
        (WINTER_S, "America/St_Johns", "5 Feb 2026 14:30 UTC-3:30"),
    ],
)
def test_a_moment_is_told_in_a_zone_with_its_distance_to_utc(time_s, zone, told):
    assert local_text(time_s, zone_named(zone)) == told


@given(st.integers(0, 4_000_000_000), st.sampled_from(["UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"]))
def test_a_moment_that_was_told_is_found_again_to_the_minute(time_s, zone):
    minute_s = time_s // 60 * 60
    told = f"the swing high of {local_text(minute_s, zone_named(zone))}, and more"
    assert with_moments(told, str) == f"the swing high of {minute_s}, and more"


@pytest.mark.parametrize(
    "text", ["31 Feb 2026 18:00 UTC", "5 Feb 2026", "05 Xyz 2026 18:00 UTC", "5 Feb 2026 18:00 UTCX", "18:00 UTC"]
)
def test_what_is_no_moment_stays(text):
    assert with_moments(text, lambda time_s: "found") == text


def test_every_moment_of_a_reply_is_told_in_the_zone_and_nothing_else_changes(analysis):
    reply = liq_reply(analysis)
    utc, local = moment_text(analysis.as_of_s), local_text(analysis.as_of_s, zone_named("Asia/Tokyo"))
    told = told_in(reply, "Asia/Tokyo")
    assert str(told.blocks) == str(reply.blocks).replace(utc, local)
    assert local in told.block("headline").lines[0].text
    assert local in "".join(told.block("headline").lines[0].parts)


@pytest.mark.parametrize("zone", ["UTC", "Not/AZone", "../etc", ""])
def test_an_unknown_zone_leaves_utc(analysis, zone):
    assert told_in(liq_reply(analysis), zone) == liq_reply(analysis)
