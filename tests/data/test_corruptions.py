"""What holds for every corruption: reproducible per example, harmful in order of severity, clear about bad input."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lesion.data.corruptions import frost_photographs
from lesion.data.corruptions.corrupt import CORRUPTIONS, IDENTITY_ON_GREYSCALE, SEVERITIES, check, corrupt
from lesion.data.corruptions.profiles import PUBLISHED, profile_for
from lesion.errors import InputError
from tests.data.corruption_images import HAS_FROST, colours, digits, each_of
from tests.data.photographs import PACKAGED, on_photographs, photographs
from tests.rounding import assert_same_images_but_for_ties

DIGITS = digits(200)
IDS = np.arange(1000, 1200)
ON_DIGITS = [name for name in CORRUPTIONS if name != "frost"]
VISIBLE = [name for name in ON_DIGITS if name not in IDENTITY_ON_GREYSCALE]
BATCHES = {
    **{"8x8x1": DIGITS[:24], "8x8x3": colours(24, 8), "32x32x1": colours(50, 32)[..., :1], "32x32x3": colours(50, 32)},
    **{"224x224x1": colours(3, 224)[..., :1], "224x224x3": colours(2, 224)},
}
RANDOM = {
    "gaussian-noise", "shot-noise", "impulse-noise", "speckle-noise", "glass-blur", "motion-blur",
    "snow", "frost", "procedural-frost", "fog", "spatter", "elastic-transform",
}  # fmt: skip


def mean_change(images: NDArray[np.uint8], corrupted: NDArray[np.uint8]) -> float:
    return float(np.abs(corrupted.astype(int) - images).mean())


def test_there_are_19_corruptions() -> None:
    assert len([name for name in CORRUPTIONS if not name.startswith("procedural-")]) == 19


@pytest.mark.parametrize("side", [8, *PUBLISHED])
def test_every_table_has_every_severity(side: int) -> None:
    profile = profile_for(side, side)
    names = [field.name for field in dataclasses.fields(profile) if field.name != "tiny"]
    table = {name: getattr(profile, name) for name in names}
    assert set(table) == {name.replace("-", "_") for name in CORRUPTIONS if not name.startswith("procedural-")}
    assert {len(constants) for constants in table.values()} == {len(SEVERITIES)}


@pytest.mark.parametrize("batch", BATCHES)
@each_of([*CORRUPTIONS])
def test_an_image_does_not_depend_on_its_batch(corruption: str, batch: str) -> None:
    if corruption == "frost" and batch.startswith("8x8"):
        pytest.skip("photographs have no pattern there")
    images = BATCHES[batch]
    ids = np.arange(len(images)) * 17 + 5
    together = corrupt(images, ids, corruption=corruption, severity=5)
    assert together.shape == images.shape
    assert together.dtype == np.uint8
    alone = [corrupt(images[i : i + 1], ids[i : i + 1], corruption=corruption, severity=5) for i in range(len(images))]
    assert_same_images_but_for_ties(together, np.concatenate(alone))


@settings(max_examples=60)
@given(
    corruption=st.sampled_from(ON_DIGITS),
    severity=st.sampled_from(SEVERITIES),
    chosen=st.lists(st.integers(0, len(DIGITS) - 1), min_size=1, max_size=40),
)
def test_any_selection_in_any_order_gives_the_same_images(corruption: str, severity: int, chosen: list[int]) -> None:
    whole = corrupt(DIGITS, IDS, corruption=corruption, severity=severity)
    part = corrupt(DIGITS[chosen], IDS[chosen], corruption=corruption, severity=severity)
    assert_same_images_but_for_ties(part, whole[chosen])


@pytest.mark.parametrize("corruption", ON_DIGITS)
def test_only_random_corruptions_depend_on_the_example_id(corruption: str) -> None:
    same = np.repeat(DIGITS[3:4], 30, axis=0)
    corrupted = corrupt(same, np.arange(30), corruption=corruption, severity=5)
    if corruption not in RANDOM:
        assert_same_images_but_for_ties(corrupted, np.repeat(corrupted[:1], 30, axis=0))
        return
    # Two liquids may happen to miss the same strokes, so spatter is allowed a repetition.
    assert len(np.unique(corrupted.reshape(30, -1), axis=0)) >= 29


@pytest.mark.parametrize("corruption", VISIBLE)
def test_every_severity_changes_digits_and_the_last_more_than_the_first(corruption: str) -> None:
    changes = []
    for severity in SEVERITIES:
        corrupted = corrupt(DIGITS, IDS, corruption=corruption, severity=severity)
        assert (corrupted != DIGITS).any(axis=(1, 2, 3)).mean() > 0.6
        changes.append(mean_change(DIGITS, corrupted))
    assert changes[0] > 0.5
    assert changes[4] > 1.5 * changes[0]
    assert np.all(np.diff(changes) > -0.15 * np.array(changes[:-1])), changes


@each_of([*CORRUPTIONS])
def test_every_severity_changes_colour_images(corruption: str) -> None:
    images = BATCHES["32x32x3"]
    for severity in SEVERITIES:
        corrupted = corrupt(images, np.arange(len(images)), corruption=corruption, severity=severity)
        assert mean_change(images, corrupted) > 0


# Published in an order that is not that of harm: displacement by smooth waves comes first, grey before garish colours.
NOT_IN_ORDER = {"elastic-transform", "saturate"}


@on_photographs
@each_of([*CORRUPTIONS])
def test_every_severity_changes_photographs_and_the_last_more_than_the_first(
    corruption: str, source: str, side: int
) -> None:
    images = photographs(source, side, 4)
    ids = np.arange(len(images))
    changes = [mean_change(images, corrupt(images, ids, corruption=corruption, severity=s)) for s in SEVERITIES]
    assert min(changes) > 0.4
    if corruption not in NOT_IN_ORDER:
        assert changes[4] > 1.15 * changes[0], changes


@pytest.mark.parametrize("corruption", sorted(IDENTITY_ON_GREYSCALE))
def test_identities_on_greyscale_are_named_as_such(corruption: str) -> None:
    for severity in SEVERITIES:
        np.testing.assert_array_equal(corrupt(DIGITS, IDS, corruption=corruption, severity=severity), DIGITS)


@pytest.mark.parametrize("corruption", ON_DIGITS)
def test_the_input_is_left_alone_and_nothing_wraps_round(corruption: str) -> None:
    extremes = np.concatenate([np.zeros((2, 8, 8, 1), np.uint8), np.full((2, 8, 8, 1), 255, np.uint8)])
    before = extremes.copy()
    corrupted = corrupt(extremes, np.arange(4), corruption=corruption, severity=1)
    np.testing.assert_array_equal(extremes, before)
    # The mildest severity keeps black images darker than white ones: an overflow would turn them round.
    assert corrupted[:2].mean() < 60 < 190 < corrupted[2:].mean()


@pytest.mark.parametrize("corruption", ON_DIGITS)
def test_an_empty_batch(corruption: str) -> None:
    empty = corrupt(DIGITS[:0], IDS[:0], corruption=corruption, severity=3)
    assert empty.shape == (0, 8, 8, 1)


@pytest.mark.parametrize(
    ("corruption", "severity", "message"),
    [
        ("rain", 1, "'rain' is unknown"),
        ("gaussian_noise", 1, "'gaussian_noise' is unknown"),
        ("snow", 0, "from 1 to 5"),
        ("snow", 6, "from 1 to 5"),
    ],
)
def test_unknown_names_are_input_errors(corruption: str, severity: int, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        corrupt(DIGITS, IDS, corruption=corruption, severity=severity)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("shape", [(1, 9, 9, 1), (1, 8, 32, 1)])
def test_a_side_without_constants_is_an_input_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=f"images of {shape[1]}x{shape[2]} pixels; there are for 8x8 and for squares"):
        corrupt(np.zeros(shape, np.uint8), np.zeros(1, int), corruption="snow", severity=1)


@pytest.mark.parametrize(
    ("side", "published"),
    [(24, 32), (28, 32), (45, 32), (46, 64), (96, 64), (128, 224), (240, 224), (256, 224), (299, 299), (384, 299)],
)
def test_other_sides_take_the_constants_of_the_nearest_published_one(side: int, published: int) -> None:
    found, nearest = profile_for(side, side), PUBLISHED[published]
    assert dataclasses.replace(found, elastic_transform=nearest.elastic_transform) == nearest
    for wave, expected in zip(found.elastic_transform, nearest.elastic_transform, strict=True):
        np.testing.assert_allclose(np.array(wave) / side, np.array(expected) / published)


@pytest.mark.parametrize("side", [28, 96, 240, 384])
def test_every_corruption_changes_images_of_other_sides_and_keeps_their_shape(side: int) -> None:
    images = photographs(PACKAGED, side, 2)
    for corruption in CORRUPTIONS if HAS_FROST else ON_DIGITS:
        corrupted = corrupt(images, np.arange(2), corruption=corruption, severity=5)
        assert corrupted.shape == images.shape
        assert mean_change(images, corrupted) > 0.4, corruption


def test_frost_without_its_photographs_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frost_photographs, "PACKAGE", "no-such-package")
    with pytest.raises(InputError, match="pip install --no-deps imagecorruptions") as raised:
        check("frost", 32, 32)
    assert "\n" not in str(raised.value)
    check("procedural-frost", 32, 32)


def test_frost_of_eight_pixels_points_to_the_procedural_one() -> None:
    with pytest.raises(InputError, match="list procedural-frost"):
        corrupt(DIGITS, IDS, corruption="frost", severity=1)


def test_arrays_of_another_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="uint8"):
        corrupt(DIGITS.astype(np.float32), IDS, corruption="snow", severity=1)
    with pytest.raises(ValueError, match="uint8"):
        corrupt(DIGITS[..., 0], IDS, corruption="snow", severity=1)
    with pytest.raises(ValueError, match="example_ids"):
        corrupt(DIGITS, IDS[:-1], corruption="snow", severity=1)
