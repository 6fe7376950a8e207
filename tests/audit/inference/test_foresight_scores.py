import numpy as np
import pytest

from lesion.audit.inference.foresight_scores import held, lead, log_margin


def test_the_margin_rises_with_confidence_and_is_finite() -> None:
    confidence = np.array([0.0, 0.1, 0.5, 0.9, 0.999, 1.0], dtype=np.float32)
    found = log_margin(confidence)
    assert (np.diff(found) > 0).all()
    assert found[0] == 0
    assert np.isfinite(found).all()
    first = confidence[1:5].astype(float)
    assert found[1:5] == pytest.approx(np.log(first / (first * (1 - first))))  # the same share of what is left


def test_the_lead_is_that_of_a_loop_over_answers() -> None:
    rng = np.random.default_rng(0)
    prediction, weight = rng.integers(0, 4, (5, 60)), rng.random((5, 60))
    answer, ahead = lead(prediction, weight)
    for example in range(60):
        total = {said: weight[prediction[:, example] == said, example].sum() for said in range(4)}
        best = max(total, key=lambda said: total[said])
        assert answer[example] == best
        assert ahead[example] == pytest.approx((2 * total[best] - weight[:, example].sum()) / 5)
    assert held(prediction, weight, answer) == pytest.approx(ahead)


def test_a_single_member_leads_by_its_weight_and_equal_weights_by_agreement() -> None:
    weight = np.array([[0.3, 0.9]])
    assert lead(np.array([[1, 2]]), weight)[1].tolist() == [0.3, 0.9]
    agreed = lead(np.array([[1, 1], [1, 2], [1, 1], [1, 0]]), np.ones((4, 2)))[1]
    assert agreed.tolist() == [1.0, 0.0]  # twice the share, less one
