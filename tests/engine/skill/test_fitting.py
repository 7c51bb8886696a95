"""Fitting M3: the gradient against differences, planted maps found again, nothing seen of later hours, what it buys."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DataMalformedError, DataUnavailableError
from engine.models.fitted import FITTED, fitted_model, parse_parameters, read_parameters, shipped_parameters
from engine.skill.benchmark import score_skill
from engine.skill.fit_m3 import ABLATIONS, FULL, FitReport, fit_m3, parameters_text
from engine.skill.fitting import _Problem, best_penalty, blocks_of, cross_validated, fit_weights, map_r2, sparse_fit
from engine.skill.hours import RealisedHours, read_realised_hours
from engine.sources.recorded import RecordedSource
from engine.windows import parse_instant

CUT_S = parse_instant("2026-02-01T00:00:00Z")
SMALL = dataclasses.replace(FULL, leverages=(10, 25, 50, 100, 125), half_lives_days=(0.05, 30.0), entries=("worst",))


def planted(noise: float, *, rungs: int = 6, hours: int = 600) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    swept = random.lognormal(15, 2, (2, rungs, hours)) * (random.random((2, rungs, hours)) < 0.5)
    truth = np.array([1.0, 0.0, 0.3, 0.0, 0.1, 0.0])[:rungs]
    mass = np.einsum("k,skn->sn", truth, swept) + 1e5
    return swept, 3 + 0.9 * np.log(mass) + random.normal(0, noise, (2, hours)), truth


@pytest.mark.parametrize("penalty", [0.0, 0.05])
def test_the_gradient_is_that_of_differences(penalty: float) -> None:
    swept, target, _ = planted(0.5, hours=80)
    problem = _Problem(swept / swept.mean(), target, penalty)
    logs = np.random.default_rng(1).normal(-1, 1, 7)
    _, slope = problem.loss(logs)
    for number in range(7):
        step = np.zeros(7)
        step[number] = 1e-6
        difference = (problem.loss(logs + step)[0] - problem.loss(logs - step)[0]) / 2e-6
        assert slope[number] == pytest.approx(difference, rel=1e-4, abs=1e-8)


def test_a_planted_map_is_found_with_its_floor() -> None:
    swept, target, truth = planted(0.0)
    fit = fit_weights(swept, target, penalty=0.0)
    assert fit.r2 > 0.9999
    np.testing.assert_allclose(fit.weights, truth, atol=0.01)


def test_what_holds_nothing_is_left_out() -> None:
    swept, target, _ = planted(0.2)
    kept, fit = sparse_fit(swept, target, penalty=0.01)
    assert kept.tolist() == [0, 2, 4]
    assert fit.weights == pytest.approx([1.0, 0.3, 0.1], rel=0.2)


def test_noise_explains_nothing_held_out() -> None:
    swept, _, _ = planted(0.0)
    target = np.random.default_rng(5).normal(size=(2, 600))
    assert np.mean(cross_validated(swept, target, penalty=0.0, folds=4, gap=24)) < 0.01


def test_blocks_hold_every_hour_once_and_keep_their_distance() -> None:
    blocks = blocks_of(100, 4, 5)
    assert np.sum([test for _, test in blocks], axis=0).tolist() == [1] * 100
    train, test = blocks[1]
    assert np.flatnonzero(test).tolist() == list(range(25, 50))
    assert np.flatnonzero(~train).tolist() == list(range(20, 55))


def test_the_largest_penalty_that_is_as_good_is_taken() -> None:
    scores = [(0.0, (0.80, 0.70)), (0.1, (0.79, 0.71)), (0.5, (0.60, 0.50))]
    assert best_penalty(scores) == 0.1


def test_weights_and_lines_are_judged_where_they_were_not_fitted() -> None:
    swept, target, truth = planted(0.1)
    early = np.arange(600) < 300
    broken = target.copy()
    broken[:, ~early] = broken[:, ~early][:, ::-1]
    assert map_r2(swept, target, truth, early, ~early) > 0.9
    assert map_r2(swept, broken, truth, early, ~early) < 0.1


# --- recorded --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def realised(shared_data: Path) -> RealisedHours:
    return read_realised_hours(shared_data / "coinglass/BTC/liquidations_1h.parquet")


@pytest.fixture(scope="module")
def report(shared_data: Path, realised: RealisedHours) -> FitReport:
    market = RecordedSource(shared_data).market("BTC")
    chosen = tuple(each for each in ABLATIONS if each.name in {"without cutting bins", "one half-life of a day"})
    with ThreadPoolExecutor(2) as executor:
        return fit_m3(market, realised, until_s=CUT_S, ablations=chosen, executor=executor)


def test_fitted_before_february_it_tells_the_months_after(report: FitReport) -> None:
    assert report.score.after_r2 >= 0.85
    assert report.score.cross_validated_r2 == pytest.approx(0.823, abs=0.01)


def test_every_part_buys_something_on_blocks_held_out(report: FitReport) -> None:
    assert len(report.ablations) == 2
    for ablation in report.ablations:
        assert ablation.cross_validated_r2 < report.score.cross_validated_r2 - 0.01


def test_it_beats_every_baseline_in_every_month(shared_data: Path, realised: RealisedHours, report: FitReport) -> None:
    market = RecordedSource(shared_data).market("BTC")
    model = fitted_model(report.parameters)
    table = score_skill(market, realised, train_until_s=CUT_S, models=["M3"], fitted=model, draws=50)
    best, *baselines = table.recipes
    assert best.name == "M3"
    assert not best.saw_test
    for (_, own), *others in zip(best.r2_by_month, *(each.r2_by_month for each in baselines), strict=True):
        assert own > max(value for _, value in others) + 0.1


def test_the_shipped_map_says_that_it_saw_the_hours(shared_data: Path, realised: RealisedHours) -> None:
    table = score_skill(RecordedSource(shared_data).market("BTC"), realised, train_until_s=CUT_S, draws=50)
    assert [each.name for each in table.recipes if each.saw_test] == ["M3"]


def test_a_fit_sees_nothing_from_its_end_on(shared_data: Path, realised: RealisedHours) -> None:
    market = RecordedSource(shared_data).market("BTC")
    after = realised.time_s >= CUT_S
    usd = realised.usd.copy()
    usd[:, after] = np.random.default_rng(2).permuted(usd[:, after], axis=1)
    shuffled = RealisedHours(where=realised.where, time_s=realised.time_s, usd=usd)
    found = [fit_m3(market, each, until_s=CUT_S, full=SMALL, ablations=()) for each in (realised, shuffled)]
    assert found[0].parameters == found[1].parameters
    assert found[0].score.after_r2 > 0.8
    assert found[1].score.after_r2 < 0.1


def test_too_few_hours_are_refused(shared_data: Path, realised: RealisedHours) -> None:
    with pytest.raises(DataUnavailableError, match="a fit needs"):
        fit_m3(RecordedSource(shared_data).market("BTC"), realised, until_s=parse_instant("2025-12-20"))


# --- parameters ------------------------------------------------------------------------------------------------------


def test_what_ships_says_where_it_comes_from() -> None:
    origin = shipped_parameters().provenance
    assert (origin.symbol, origin.venue) == ("BTC", "binanceusdm")
    assert origin.cross_validated_r2 > 0.8
    assert "fitted to 2025-12-11 to 2026-03-15" in FITTED.spec.assumes


def test_parameters_are_read_as_they_were_written() -> None:
    shipped = shipped_parameters()
    assert parse_parameters(parameters_text(shipped)) == shipped


@pytest.mark.parametrize("text", ["", "volume_power = 1", "not toml", "\x00"])
def test_a_file_that_holds_no_parameters_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m3.toml"
    path.write_text(text)
    with pytest.raises(DataMalformedError, match="fathom skill fit"):
        read_parameters(path)
    with pytest.raises(DataMalformedError):
        read_parameters(tmp_path / "absent.toml")
