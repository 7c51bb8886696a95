"""Reports, printed: swept mass against realised liquidations on recorded BTC. The floors below are far under it."""

import numpy as np
import pytest

from engine.models import WALKED
from engine.sources.recorded import RecordedSource
from engine.swept import swept
from tests.benchmarks.swept_skill import move_score, naive_distance_score, swept_score
from tests.engine.true_map_skill import read_seed, skills


@pytest.fixture(scope="module")
def market(shared_data):
    return RecordedSource(shared_data).market("BTC")


def test_swept_mass_tells_realised_liquidations_better_than_moves_and_naive_distances(market, shared_data, capsys):
    rows = {
        "size of the move alone (no map)": move_score(market, shared_data),
        "M2 with distance 1/L": naive_distance_score(market, shared_data),
    }
    for model in WALKED:
        found = swept(market, model)
        rows[f"{model} swept"] = swept_score(found.time_s, np.stack([found.long_usd, found.short_usd]), shared_data)
    with capsys.disabled():
        print("\nRecorded BTC, fitted before 2026-02-01, scored 2026-02-01 to 2026-03-14:")
        print("\n".join(score.row(name) for name, score in rows.items()))
    means = {name: float(np.mean(score.r2)) for name, score in rows.items()}
    assert means["M2 swept"] == pytest.approx(0.74, abs=0.01)
    assert means["M1 swept"] == pytest.approx(0.75, abs=0.01)
    assert means["M2 swept"] > means["M2 with distance 1/L"] > means["size of the move alone (no map)"]


def test_maps_against_the_truth_of_the_simulated_market(capsys):
    seeds = [read_seed(number) for number in range(1, 21)]
    found = list(enumerate(skills(seeds), 1))
    gains = np.array([skill.gain for _, skill in found])
    with capsys.disabled():
        print("\nSimulated BTC, M2 3d, rank correlation with the true map within 25 % of the price:")
        for number, skill in found:
            print(
                f"seed {number:>2}  distance alone {skill.distance_alone:.2f}  with the map {skill.with_map:.2f}  "
                f"gain {skill.gain:+.2f}   (map alone {skill.map_alone:.2f}, nearer is brighter "
                f"{skill.nearer_is_brighter:.2f})"
            )
        print(f"median gain {np.median(gains):+.3f}, positive on {(gains > 0).sum()} of {len(gains)} seeds")
        for reach in (0.05, 0.10, 0.15, 0.20):
            near = np.array([skill.gain for skill in skills([seed.within(reach) for seed in seeds])])
            print(f"within {reach:.0%} only: median gain {np.median(near):+.3f}, positive on {(near > 0).sum()}")
        alone = np.array([skill.map_alone for _, skill in found])
        for rival, beaten in (
            ("the learned curve", alone > [skill.distance_alone for _, skill in found]),
            ("farther is brighter", alone > [-skill.nearer_is_brighter for _, skill in found]),
            ("nearer is brighter", alone > [skill.nearer_is_brighter for _, skill in found]),
        ):
            print(f"the map alone beats {rival} on {beaten.sum()} of {len(found)} seeds")
    assert np.median(gains) >= 0.10
