import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lesion.data.dataset import Geometry
from lesion.data.decode import centre_box, open_image, random_box, read_image, show
from lesion.errors import InputError
from tests.data.image_files import smooth, write_image
from tests.data.photographs import PACKAGED, pictures, sources

IMAGENET = Geometry(resize=256, side=224)


def torchvision(image: Image.Image, geometry: Geometry) -> np.ndarray:
    transforms = pytest.importorskip("torchvision.transforms")
    to = geometry.resize if geometry.crop == "centre" else (geometry.resize, geometry.resize)
    scaled = transforms.Resize(to, transforms.InterpolationMode(geometry.interpolation))(image)
    shown = transforms.CenterCrop(geometry.side)(scaled)
    return np.array(shown, dtype=int)


def differences(image: Image.Image, geometry: Geometry) -> np.ndarray:
    ours = show(image, centre_box(*image.size, geometry), geometry.side, geometry.interpolation)
    found: np.ndarray = np.abs(ours - torchvision(image, geometry))
    return found


@settings(max_examples=40)
@given(width=st.integers(3, 400), height=st.integers(3, 400), seed=st.integers(0, 99))
def test_the_centre_is_that_of_torchvision_whatever_the_size(width: int, height: int, seed: int) -> None:
    noise = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))
    found = differences(noise, Geometry(resize=64, side=48))
    assert found.max() <= 2
    assert (found > 0).mean() < 0.4


@pytest.mark.parametrize("source", sources(224))
@pytest.mark.parametrize(("resize", "share"), [(256, 0.001), (236, 0.1)])
def test_the_centre_of_real_images_is_that_of_torchvision(source: str, resize: int, share: float) -> None:
    found = [differences(image, Geometry(resize=resize, side=224)) for image in pictures(source, 40, every=25)]
    assert max(image.max() for image in found) <= 2
    assert np.mean([(image > 0).mean() for image in found]) < share


@pytest.mark.parametrize("source", sources(224))
@pytest.mark.parametrize(
    "geometry",
    [
        Geometry(256, 224, "bicubic"),
        Geometry(266, 240, "bicubic"),
        Geometry(341, 299, "bicubic"),
        Geometry(384, 384, "bicubic", "squash"),
        Geometry(248, 224, "bicubic", "squash"),
        Geometry(232, 224, "lanczos"),
        Geometry(48, 32, "box"),
    ],
    ids=str,
)
def test_filters_and_sides_are_those_of_torchvision(source: str, geometry: Geometry) -> None:
    found = [differences(image, geometry) for image in pictures(source, 8, every=100)]
    assert max(image.max() for image in found) <= 8  # by the order of the passes, which Pillow chooses by the size
    assert np.mean([(image > 2).mean() for image in found]) < 1e-3


@pytest.mark.parametrize("encoding", [{"quality": 90}, {"quality": 75, "progressive": True}, {"subsampling": 0}])
def test_jpeg_files_are_decoded_whole_as_opencv_decodes_them(tmp_path: Path, encoding: dict[str, Any]) -> None:
    for number, picture in enumerate(pictures(PACKAGED, 4)):
        path = tmp_path / f"{number}.jpg"
        picture.save(path, **encoding)
        decoded = np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR_RGB))
        # Each brings its own libjpeg; releases of it differ in how they round when they enlarge the channels of colour.
        assert np.abs(np.asarray(open_image(path)).astype(int) - decoded).max() <= 2
        assert np.abs(decoded.astype(int) - np.asarray(picture)).mean() < 10  # it is the picture, at a loss
        assert np.abs(read_image(path, IMAGENET) - torchvision(Image.fromarray(decoded), IMAGENET)).max() <= 4


@given(
    width=st.integers(1, 3000),
    height=st.integers(1, 3000),
    smallest=st.floats(0.05, 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_random_part_lies_in_the_file_and_is_neither_small_nor_long(
    width: int, height: int, smallest: float, seed: int
) -> None:
    left, upper, right, lower = random_box(width, height, smallest, np.random.default_rng(seed))
    across, down = right - left, lower - upper
    assert 0 <= left < right <= width
    assert 0 <= upper < lower <= height
    if across != down:  # a drawn one; sides are rounded to pixels
        assert (across + 0.5) * (down + 0.5) >= smallest * width * height * 0.999
        assert (across - 0.5) / (down + 0.5) <= 4 / 3
        assert (down - 0.5) / (across + 0.5) <= 4 / 3


def test_parts_vary_as_those_of_torchvision() -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    torch = pytest.importorskip("torch")
    draws = np.random.default_rng(0)
    ours = np.array([random_box(500, 375, 0.08, draws) for _ in range(4000)])
    torch.manual_seed(0)
    blank = Image.new("RGB", (500, 375))
    get = transforms.RandomResizedCrop.get_params
    theirs = np.array([get(blank, (0.08, 1.0), (3 / 4, 4 / 3)) for _ in range(4000)])  # upper, left, down, across
    left, upper, right, lower = ours.T
    for mine, other in zip((upper, left, lower - upper, right - left), theirs.T, strict=True):
        spread = other.std()
        assert abs(mine.mean() - other.mean()) < 0.1 * spread
        assert abs(mine.std() / spread - 1) < 0.1


@pytest.mark.parametrize(("name", "mode"), [("a.png", "L"), ("a.jpg", "L"), ("a.png", "1"), ("a.png", "LA")])
def test_grey_images_are_repeated_in_three_channels(tmp_path: Path, name: str, mode: str) -> None:
    picture = write_image(tmp_path / name, mode=mode)
    read = np.asarray(open_image(tmp_path / name))
    assert (read == read[..., :1]).all()
    if mode != "1" and name.endswith("png"):
        np.testing.assert_array_equal(read[..., 0], np.asarray(Image.fromarray(picture).convert("L")))


@pytest.mark.parametrize(("name", "mode"), [("a.png", "P"), ("a.gif", "P"), ("a.png", "RGBA"), ("a.tif", "CMYK"),
                                            ("a.bmp", "RGB"), ("a.webp", "RGB")])  # fmt: skip
def test_images_of_any_mode_are_read_as_rgb_without_a_warning(tmp_path: Path, name: str, mode: str) -> None:
    picture = write_image(tmp_path / name, 16, 16, mode=mode)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image = open_image(tmp_path / name)
    assert (image.mode, image.size) == ("RGB", (16, 16))
    assert np.abs(np.asarray(image).astype(int) - picture).mean() < 40  # a palette is coarse


def test_a_transparent_palette_is_read_without_a_warning(tmp_path: Path) -> None:
    image = Image.fromarray(smooth(8, 8)).convert("P")
    image.save(tmp_path / "a.png", transparency=bytes(range(256)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = open_image(tmp_path / "a.png")
    np.testing.assert_array_equal(np.asarray(read), np.asarray(image.convert("RGB")))


def test_sixteen_bits_become_their_upper_eight(tmp_path: Path) -> None:
    deep = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 16
    Image.fromarray(deep).save(tmp_path / "a.png")
    np.testing.assert_array_equal(np.asarray(open_image(tmp_path / "a.png"))[..., 1], deep // 256)


def test_the_orientation_in_exif_is_not_looked_at(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    Image.fromarray(smooth(20, 10)).save(tmp_path / "a.jpg", exif=exif)
    assert open_image(tmp_path / "a.jpg").size == (20, 10)


def test_a_file_of_the_side_is_taken_as_it_is(tmp_path: Path) -> None:
    picture = write_image(tmp_path / "a.png", 224, 224)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png", IMAGENET), picture)


def test_a_part_of_the_side_is_cut_out_not_scaled() -> None:
    picture = smooth(40, 30)
    np.testing.assert_array_equal(show(Image.fromarray(picture), (7, 4, 27, 24), 20), picture[4:24, 7:27])


@pytest.mark.parametrize(("width", "height"), [(500, 375), (375, 500), (10, 10), (300, 20)])
def test_what_is_shown_is_square(tmp_path: Path, width: int, height: int) -> None:
    write_image(tmp_path / "a.jpg", width, height)
    read = read_image(tmp_path / "a.jpg", IMAGENET)
    assert read.shape == (224, 224, 3)
    assert read.dtype == np.uint8


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".tif", ".webp"])
@pytest.mark.parametrize("kept", [0.0, 0.05, 0.5])
def test_a_truncated_file_is_named(tmp_path: Path, suffix: str, kept: float) -> None:
    path = tmp_path / f"a{suffix}"
    write_image(path, 64, 64)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(InputError, match=r"a\.\w+: not a readable image \(.+\)$"):
        open_image(path)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".tif", ".bmp"])
def test_broken_bytes_are_never_another_error(tmp_path: Path, suffix: str) -> None:
    path, draws = tmp_path / f"a{suffix}", np.random.default_rng(0)
    write_image(path, 40, 30)
    content = np.frombuffer(path.read_bytes(), np.uint8)
    told = []
    for _ in range(60):
        broken = content.copy()
        places = draws.integers(0, min(200, len(broken)), 4)
        broken[places] = draws.integers(0, 256, 4)
        path.write_bytes(broken.tobytes())
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                open_image(path)
        except InputError as error:
            told.append(str(error))
    assert told
    assert not any("\n" in message for message in told)


def test_what_is_no_image_or_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("<html>not found</html>")
    with pytest.raises(InputError, match=r"a\.jpg: not a readable image \(no format that is known\)$"):
        open_image(tmp_path / "a.jpg")
    with pytest.raises(InputError, match=r"b\.jpg: the image is missing$"):
        open_image(tmp_path / "b.jpg")
    with pytest.raises(InputError, match="not a readable image"):
        open_image(tmp_path)
