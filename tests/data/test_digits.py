import numpy as np
import pytest
from sklearn.datasets import load_digits

from lesion.data.dataset import Packed
from lesion.data.prepare import check
from lesion.data.sets.digits import Options, load
from lesion.data.stroke import QUARTILES
from lesion.params.document import read_yaml
from tests.conftest import REPOSITORY


def digits(**changed: float) -> Packed:
    return load(Options.model_validate({"test_share": 0.5, "split_seed": 5248} | changed))


def test_all_images_are_there_in_the_order_of_their_source() -> None:
    made, source = digits(), load_digits()
    assert made.images.shape == (1797, 8, 8, 1)
    assert made.images.dtype == np.uint8
    assert made.label.tolist() == source.target.tolist()
    np.testing.assert_allclose(made.images[..., 0] / 255, source.images / 16, atol=0.5 / 255)
    assert (made.images.min(), made.images.max()) == (0, 255)
    assert len(np.unique(made.images)) == 17  # no two levels of ink fall together
    assert made.class_names == tuple("0123456789")


def test_half_is_for_testing_and_no_image_is_for_both() -> None:
    made = digits()
    assert made.train.dtype == np.bool_
    assert int((~made.train).sum()) == round(1797 / 2)
    assert len(made.train) == 1797


@pytest.mark.parametrize("split", [True, False])
def test_every_class_is_in_both_splits(split: bool) -> None:
    made = digits()
    assert set(made.label[made.train == split].tolist()) == set(range(10))
    check(made, "digits")


def test_the_split_is_drawn_once_for_all() -> None:
    one, other = digits(), digits()
    np.testing.assert_array_equal(one.train, other.train)
    assert (digits(split_seed=1).train != one.train).any()
    assert digits(test_share=0.25).train.sum() == 1797 - round(1797 / 4)


def test_the_default_study_keeps_its_split() -> None:
    # stored predictions name test images by id: the first ids for testing, as params.yaml has always drawn them
    data = read_yaml(REPOSITORY / "params.yaml")["studies"]["digits"]["data"]
    data.pop("name")
    made = load(Options.model_validate(data))
    drawn = np.random.default_rng(5248).permutation(1797)[:898]
    assert set(np.flatnonzero(~made.train).tolist()) == set(drawn.tolist())


def test_attributes_are_quarters_of_all_images_whatever_the_split() -> None:
    made, other = digits(), digits(split_seed=1, test_share=0.2)
    assert list(made.attributes) == ["ink", "slant", "stroke-width"]
    for name, values in made.attributes.items():
        assert np.unique(values).tolist() == QUARTILES.tolist()
        assert np.abs(np.unique(values, return_counts=True)[1] - 1797 / 4).max() < 5
        np.testing.assert_array_equal(values, other.attributes[name])


def test_attributes_are_what_people_see_in_the_digits() -> None:
    made = digits()
    share = {
        (name, end): [float((made.attributes[name][made.label == digit] == end).mean()) for digit in range(10)]
        for name in made.attributes
        for end in (QUARTILES[0], QUARTILES[3])
    }
    assert np.argmax(share["slant", QUARTILES[3]]) == 7
    assert np.argmax(share["slant", QUARTILES[0]]) == 6
    assert np.argmax(share["stroke-width", QUARTILES[3]]) == 1  # a single stroke of the same frame is drawn the widest
    inked = {end: made.images[made.attributes["ink"] == end].mean() for end in QUARTILES}
    assert list(inked.values()) == sorted(inked.values())
