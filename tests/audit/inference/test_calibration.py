import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats
from sklearn.metrics import brier_score_loss, log_loss
from statsmodels.stats.proportion import proportion_confint

from lesion.audit.inference import calibration
from lesion.audit.inference.calibration import BINS, answer_losses, bin_of, calibration_error, reliability
from lesion.audit.inference.mean_changes import mean_change, means
from lesion.audit.inference.parts import Parts

Floats32 = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


def answers(seed: int, *, members: int = 3, examples: int = 200) -> tuple[Floats32, Flags]:
    """Confidences, and answers that are right a little less often than that."""
    rng = np.random.default_rng(seed)
    confidence = rng.beta(4, 1, (members, examples)).astype(np.float32)
    return confidence, rng.random(confidence.shape) < 0.9 * confidence


def plug_in(confidence: Floats32, right: Flags) -> float:
    """Expected calibration error of one member, bin by bin, as Guo et al. write it."""
    error = 0.0
    for lower in range(BINS):
        held = (confidence > lower / BINS) & (confidence <= (lower + 1) / BINS)
        if held.any():
            error += held.mean() * abs(confidence[held].mean() - right[held].mean())
    return error


def test_losses_are_those_of_scikit_learn() -> None:
    confidence, right = answers(0)
    losses = answer_losses(confidence, right)
    for member, (sure, said) in enumerate(zip(confidence, right, strict=True)):
        assert losses["brier"][member].mean() == pytest.approx(brier_score_loss(said, sure), rel=1e-5)
        assert losses["log_loss"][member].mean() == pytest.approx(log_loss(said, sure), rel=1e-5)
    assert losses["overconfidence"].mean() == pytest.approx(confidence.mean() - right.mean(), abs=1e-6)


def test_a_certain_mistake_has_the_loss_of_scikit_learn_and_not_an_infinite_one() -> None:
    confidence, right = np.array([[1.0, 0.0, 1.0]], dtype=np.float32), np.array([[False, True, True]])
    expected = log_loss(right[0], confidence[0])
    assert answer_losses(confidence, right)["log_loss"].mean() == pytest.approx(expected, rel=1e-5)


def test_an_edge_belongs_to_the_bin_below_it() -> None:
    edges = (np.arange(BINS + 1) / BINS).astype(np.float32)
    assert bin_of(edges).tolist() == [0, *range(BINS)]
    assert bin_of(np.array([0.2, 0.4, 0.6, 0.8, 1.0], dtype=np.float32)).tolist() == [2, 5, 8, 11, 14]


def test_without_the_correction_the_error_is_that_of_a_loop_over_bins() -> None:
    confidence, right = answers(1)
    part = np.arange(200) % 3
    found = calibration_error(confidence, right, Parts(part, 3))
    for member, (sure, said) in enumerate(zip(confidence, right, strict=True)):
        expected = [plug_in(sure[part == group], said[part == group]) for group in range(3)]
        assert found.mean[member] == pytest.approx(expected, rel=1e-5)
        by_group = [found.table[member, part == group].mean() for group in range(3)]
        assert by_group == pytest.approx(expected, rel=1e-5)


def test_the_correction_is_what_resampling_each_bin_from_a_normal_distribution_gives() -> None:
    rng = np.random.default_rng(2)
    confidence, right = answers(3, members=1, examples=150)
    beyond, place = confidence[0].astype(float) - right[0], bin_of(confidence)[0]
    per_example = np.where(place == np.arange(BINS)[:, None], beyond, 0.0)  # (bins, examples)
    share, deviation = per_example.mean(axis=1), per_example.std(axis=1, ddof=1) / 150**0.5
    resampled = np.abs(rng.normal(share, deviation, (40_000, BINS))).sum(axis=1)
    expected = 2 * np.abs(share).sum() - resampled.mean()
    found = calibration_error(confidence, right, Parts(np.zeros(150, dtype=int), 1)).row[0, 0]
    assert found == pytest.approx(max(expected, 0), abs=5 * resampled.std() / 200)


def test_the_folded_mean_is_that_of_scipy() -> None:
    mean, deviation = np.array([-0.5, 0.0, 0.2, 3.0]), np.array([0.4, 1.0, 0.1, 0.5])
    expected = stats.foldnorm.mean(np.abs(mean) / deviation, scale=deviation)
    assert calibration._folded(mean, deviation) == pytest.approx(expected)
    assert calibration._folded(mean, np.zeros(4)).tolist() == np.abs(mean).tolist()


def test_the_correction_takes_off_bias_of_calibrated_members() -> None:
    rng, studies, examples = np.random.default_rng(4), 300, 100
    confidence = rng.random((1, studies * examples), dtype=np.float32)
    right = rng.random(confidence.shape) < confidence
    found = calibration_error(confidence, right, Parts(np.repeat(np.arange(studies), examples), studies))
    assert found.row.mean() < 0.7 * found.mean.mean()  # the truth is 0
    assert abs(found.row.mean() - np.mean(found.bias)) < 0.1 * found.mean.mean()  # what is left is what it says


def test_clusters_of_one_example_are_none_and_copies_add_nothing() -> None:
    confidence, right = answers(5)
    part = np.arange(200) % 2
    plain = calibration_error(confidence, right, Parts(part, 2))
    alone = calibration_error(confidence, right, Parts(part, 2, cluster=np.arange(200)[::-1]))
    assert alone.row == pytest.approx(plain.row)
    assert alone.bias == pytest.approx(plain.bias)
    tripled = calibration_error(
        np.tile(confidence, 3), np.tile(right, 3), Parts(np.tile(part, 3), 2, cluster=np.tile(np.arange(200), 3))
    )
    assert tripled.row == pytest.approx(plain.row)
    assert tripled.bias == pytest.approx(plain.bias)


def test_the_bins_of_one_model_are_plain_shares() -> None:
    confidence, right = answers(6, members=1)
    found = reliability(confidence, right, None)
    for place, *row in zip(
        found.place, found.answers, found.confidence, found.accuracy, found.low, found.high, strict=True
    ):
        held = bin_of(confidence)[0] == place
        said, sure = right[0, held], confidence[0, held]
        ends = proportion_confint(said.sum(), held.sum(), method="wilson")
        assert row[:3] == pytest.approx([held.sum(), sure.mean(), said.mean()], rel=1e-6)
        assert row[3:] == pytest.approx(ends, abs=1e-4)
    assert found.answers.sum() == 200


def test_members_that_agree_count_once() -> None:
    confidence, right = answers(7, members=1)
    one, five = (reliability(np.repeat(confidence, k, axis=0), np.repeat(right, k, axis=0), None) for k in (1, 5))
    assert five.answers.tolist() == (5 * one.answers).tolist()
    assert five.low == pytest.approx(one.low)
    assert five.high == pytest.approx(one.high)


def test_a_bin_of_right_answers_alone_is_as_sure_as_it_has_examples() -> None:
    confidence, right = np.full((4, 6), 0.99, dtype=np.float32), np.ones((4, 6), dtype=bool)
    found = reliability(confidence, right, None)
    low, _ = proportion_confint(6, 6, method="wilson")
    assert found.low[0] == pytest.approx(low, abs=1e-4)
    assert found.high[0] == pytest.approx(1)


@pytest.mark.parametrize(("dense", "compressed"), [(1.0, 1.0), (1.0, 1.6), (1.6, 1.6), (1.6, 1.0)])
def test_intervals_hold_the_truth_of_calibrated_and_of_too_sure_models(dense: float, compressed: float) -> None:
    rng, studies, examples = np.random.default_rng(8), 200, 200
    parts = Parts(np.repeat(np.arange(studies), examples), studies)

    def drawn(ease: npt.NDArray[np.float64], sharpness: float) -> tuple[Floats32, Flags, npt.NDArray[np.float64]]:
        logit = ease + rng.normal(0, 0.3, len(ease))
        probability, sure = (0.1 + 0.9 / (1 + np.exp(-logit * by)) for by in (1.0, sharpness))
        return sure[None].astype(np.float32), (rng.random(len(ease)) < probability)[None], probability

    def truth(sharpness: float) -> dict[str, float]:
        sure, _, p = drawn(rng.normal(1.5, 1.5, 400_000), sharpness)
        c = sure[0].astype(float)
        ece = np.abs(np.bincount(bin_of(sure)[0], weights=c - p)).sum() / len(p)
        return {"ece": ece, "brier": np.mean(p * (1 - c) ** 2 + (1 - p) * c**2), "overconfidence": np.mean(c - p)}

    ease = rng.normal(1.5, 1.5, studies * examples)
    sides = [drawn(ease, sharpness)[:2] for sharpness in (dense, compressed)]
    expected = [truth(sharpness) for sharpness in (dense, compressed)]
    measured = [{"ece": calibration_error(*side, parts)} for side in sides]
    for of_side, side in zip(measured, sides, strict=True):
        of_side |= {name: means(losses, parts) for name, losses in answer_losses(*side).items()}
    for name in expected[0]:
        found = mean_change(measured[0][name], measured[1][name], parts, paired=False)
        change = expected[1][name] - expected[0][name]
        assert np.mean((found.low <= change) & (change <= found.high)) > 0.88  # 0.95 less four standard errors
