import hashlib
import pickle
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lesion.data.decode import Pixels
from lesion.data.sets import cifar10
from lesion.data.sets.cifar10 import Options, from_archive, load, local
from lesion.errors import InputError
from tests.data.image_files import write_image, write_tree

NAMES = ("airplane", "automobile", "bird")
BATCHES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")


def batch(seed: int, count: int = 4) -> tuple[Pixels, Pixels]:
    """Planes (n, 3072) and labels (n,)."""
    draws = np.random.default_rng(seed)
    planes, label = draws.integers(0, 256, (count, 3072)), draws.integers(0, len(NAMES), count)
    return planes.astype(np.uint8), label.astype(np.uint8)


def write_binary(folder: Path) -> Path:
    """The folder of the binary archive, of four images a batch."""
    folder.mkdir(parents=True)
    for seed, name in enumerate(BATCHES):
        planes, label = batch(seed)
        (folder / f"{name}.bin").write_bytes(np.column_stack([label, planes]).tobytes())
    (folder / "batches.meta.txt").write_text("\n".join(NAMES) + "\n\n")
    (folder / "readme.html").write_text("a page")
    return folder


def python_2(planes: Pixels, label: Pixels) -> bytes:
    """A batch as Python 2 and the NumPy of 2009 pickled it, opcode by opcode: text is of bytes."""
    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01btR"
    kind = b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    shape = b"K" + bytes([len(planes)]) + b"M" + (3072).to_bytes(2, "little") + b"\x86"
    state = b"(K\x01" + shape + kind + b"\x89T" + planes.nbytes.to_bytes(4, "little") + planes.tobytes() + b"tb"
    labels = b"](" + b"".join(b"K" + bytes([number]) for number in label) + b"e"
    return b"\x80\x02}(U\x04data" + array + state + b"U\x06labels" + labels + b"U\x09filenames]U\x05a.pngau."


def write_python(folder: Path) -> Path:
    """The folder of Python's archive; the same images, one batch pickled by today's Python."""
    folder.mkdir(parents=True)
    for seed, name in enumerate(BATCHES):
        planes, label = batch(seed)
        today = pickle.dumps({b"batch_label": b"a batch", b"labels": label.tolist(), b"data": planes}, protocol=4)
        (folder / name).write_bytes(today if name == "test_batch" else python_2(planes, label))
    names = {b"label_names": [name.encode() for name in NAMES], b"num_vis": 3072}
    (folder / "batches.meta").write_bytes(pickle.dumps(names, protocol=4))
    return folder


def pack(folder: Path, archive: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The archive of a folder of batches, and it is the published one."""
    with tarfile.open(archive, "w:gz") as file:
        file.add(folder, folder.name)
    md5 = hashlib.md5(archive.read_bytes()).hexdigest()
    monkeypatch.setattr(cifar10, "PUBLISHED", {archive.name: md5})
    return archive


def expect(data: Any) -> None:
    planes, label = (np.concatenate(parts) for parts in zip(*(batch(seed) for seed in range(6)), strict=True))
    assert data.class_names == NAMES
    assert data.label.dtype == np.int16
    assert data.label.tolist() == label.tolist()
    assert data.train.tolist() == [True] * 20 + [False] * 4
    assert data.images.shape == (24, 32, 32, 3)
    assert data.images.dtype == np.uint8
    for image, place, row, column, channel in [(0, 0, 0, 0, 0), (23, 3071, 31, 31, 2), (7, 1024 + 5 * 32 + 9, 5, 9, 1)]:
        assert data.images[image, row, column, channel] == planes[image, place]  # a plane a channel, row by row


@pytest.mark.parametrize("write", [write_binary, write_python])
def test_both_formats_hold_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Any) -> None:
    folder = write(tmp_path / "held")
    expect(from_archive(folder))
    expect(load(Options(path=str(pack(folder, tmp_path / "a.tar.gz", monkeypatch)))))


@pytest.mark.parametrize(
    ("write", "name"), [(write_binary, "cifar-10-batches-bin"), (write_python, "cifar-10-batches-py")]
)
def test_a_folder_that_holds_the_batches_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Any, name: str
) -> None:
    write(tmp_path / name)
    monkeypatch.setenv("LESION_CIFAR10", str(tmp_path))
    expect(load(Options()))
    monkeypatch.setenv("LESION_CIFAR10", str(tmp_path / name))
    expect(load(Options()))


def test_an_archive_in_a_folder_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_binary(tmp_path / "elsewhere" / "held")
    (tmp_path / "of").mkdir()
    pack(folder, tmp_path / "of" / "cifar-10-binary.tar.gz", monkeypatch)
    monkeypatch.setenv("SOME", str(tmp_path))
    expect(load(Options(path="$SOME/of")))


def test_the_archive_is_downloaded_where_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = pack(write_binary(tmp_path / "held"), tmp_path / "a.tar.gz", monkeypatch)
    monkeypatch.delenv("LESION_CIFAR10", raising=False)
    monkeypatch.setattr(cifar10, "MD5", hashlib.md5(archive.read_bytes()).hexdigest())
    monkeypatch.setattr(cifar10, "SIZE", archive.stat().st_size)
    monkeypatch.setattr(cifar10, "URLS", [archive.as_uri()])  # urllib reads these too
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    expect(load(Options()))
    assert (tmp_path / "cache" / "lesion" / "cifar-10-binary.tar.gz").read_bytes() == archive.read_bytes()


def test_without_network_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LESION_CIFAR10", raising=False)
    monkeypatch.setattr(cifar10, "URLS", ["http://127.0.0.1:9/a"])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(
        InputError, match=r"cifar-10-binary\.tar\.gz: no host .* put it there, or set LESION_CIFAR10 to"
    ):
        load(Options())


def test_the_original_host_is_asked_last() -> None:
    assert len(cifar10.URLS) > 2
    assert all(url.startswith("https://") and url.endswith(cifar10.ARCHIVE) for url in cifar10.URLS)
    assert cifar10.URLS[-1] == "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"


class _Malice:
    """Runs code where it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return (Path.touch, (self.marker,))


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("name", ["batches.meta", "data_batch_3"])
def test_code_in_a_pickle_is_not_run(tmp_path: Path, protocol: int, name: str) -> None:
    folder, marker = write_python(tmp_path / "held"), tmp_path / "ran"
    content = {b"data": _Malice(marker), b"labels": [0], b"label_names": [b"a"]}
    (folder / name).write_bytes(pickle.dumps(content, protocol=protocol))
    with pytest.raises(InputError, match=rf"held: {name} is not a batch of CIFAR-10 \(.* is no part of an array\)"):
        from_archive(folder)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("data_batch_2.bin", b"\0" * 3074, "data_batch_2 is not a batch"),
        ("data_batch_2.bin", b"", "labels of 0 to 2 expected"),
        ("test_batch.bin", b"\3" * 3073, "test_batch is not a batch of CIFAR-10 .labels of 0 to 2 expected"),
        ("batches.meta.txt", b"", "labels of 0 to"),
    ],
)
def test_a_damaged_batch_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    folder = write_binary(tmp_path / "held")
    (folder / name).write_bytes(content)
    with pytest.raises(InputError, match=f"held: .*{message}"):
        from_archive(folder)


def test_a_missing_batch_is_named(tmp_path: Path) -> None:
    folder = write_binary(tmp_path / "held")
    (folder / "data_batch_5.bin").unlink()
    with pytest.raises(InputError, match=r"held: 'data_batch_5\.bin' is missing"):
        from_archive(folder)


def test_what_is_not_the_published_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(b"a page")
    with pytest.raises(
        InputError, match=r"gz: not the published archive of CIFAR-10 \(MD5 c32a1d4\w+ or c58f301\w+ exp"
    ):
        local(str(tmp_path))
    with pytest.raises(InputError, match="gz: not readable as the archive"):
        from_archive(tmp_path / "cifar-10-binary.tar.gz")
    with pytest.raises(InputError, match="nowhere: missing; the archive of CIFAR-10"):
        local(str(tmp_path / "nowhere"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes: 2 + 3 training and 1 + 1 test images of 8 × 8 pixels."""
    write_tree(tmp_path, {"train/cat": 2, "train/ant": 3, "test/cat": 1, "test/ant": 1})
    return tmp_path


def test_images_of_a_folder_come_class_by_class_and_sorted(folder: Path) -> None:
    data = load(Options(path=str(folder)))
    assert data.class_names == ("ant", "cat")
    assert data.label.tolist() == [0, 0, 0, 1, 1, 0, 1]
    assert data.train.tolist() == [True] * 5 + [False] * 2
    order = ["train/ant/0", "train/ant/1", "train/ant/2", "train/cat/0", "train/cat/1", "test/ant/0", "test/cat/0"]
    expected = np.stack([np.asarray(Image.open(folder / f"{name}.png")) for name in order])
    np.testing.assert_array_equal(data.images, expected)


def test_the_folder_may_be_named_by_a_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME", str(folder.parent))
    data = load(Options(path=f"$SOME/{folder.name}"))
    assert data.source == f"$SOME/{folder.name}"
    assert len(data.images) == 7


def test_the_variable_alone_may_name_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LESION_CIFAR10", str(folder))
    data = load(Options())
    assert data.source == "$LESION_CIFAR10"
    assert data.label.tolist() == [0, 0, 0, 1, 1, 0, 1]


def test_the_first_images_of_each_class_are_trained_on_and_all_tested(folder: Path) -> None:
    every = load(Options(path=str(folder)))
    data = load(Options(path=str(folder), train_per_class=2))
    assert data.label.tolist() == [0, 0, 1, 1, 0, 1]
    assert data.train.tolist() == [True] * 4 + [False] * 2
    np.testing.assert_array_equal(data.images, every.images[[0, 1, 3, 4, 5, 6]])
    assert load(Options(path=str(folder), train_per_class=9)).label.tolist() == every.label.tolist()


def test_of_the_archive_too_the_first_of_each_class(tmp_path: Path) -> None:
    folder = write_binary(tmp_path / "held")
    every, data = from_archive(folder), from_archive(folder, 3)
    train = every.label[every.train].tolist()
    kept = [row for row, one in enumerate(train) if train[:row].count(one) < 3] + [20, 21, 22, 23]
    assert kept != list(range(24))
    np.testing.assert_array_equal(data.images, every.images[kept])
    assert data.label.tolist() == every.label[kept].tolist()
    assert data.train.tolist() == [row < 20 for row in kept]


def test_hidden_files_are_passed_over_and_grey_ones_are_read(folder: Path) -> None:
    (folder / "train" / "ant" / ".DS_Store").touch()
    (folder / "train" / ".hidden").mkdir()
    (folder / "train" / "README").touch()
    write_image(folder / "test" / "cat" / "0.png", mode="L")
    data = load(Options(path=str(folder)))
    assert data.images.shape == (7, 8, 8, 3)
    assert (data.images[-1] == data.images[-1, ..., :1]).all()


def test_what_is_odd_in_a_folder_is_named(folder: Path) -> None:
    def fails(message: str) -> None:
        with pytest.raises(InputError, match=message):
            load(Options(path=str(folder)))

    write_image(folder / "train" / "cat" / "5.png", 8, 9)
    fails(r"train/cat/5\.png: 8 × 9 pixels, 8 × 8 expected$")
    (folder / "train" / "cat" / "5.png").write_bytes(b"")
    fails(r"train/cat/5\.png: not a readable image")
    (folder / "train" / "cat" / "5.png").rename(folder / "train" / "cat" / "5.txt")
    fails(r"train/cat/5\.txt: not an image file by its name")
    (folder / "train" / "cat" / "5.txt").unlink()
    (folder / "test" / "dog").mkdir()
    fails(r"test/dog: dog is none of the 2 classes of the training images$")
    (folder / "test").rename(folder / "tests")
    fails("test: there is no such folder of images$")
    (folder / "train").rename(folder / "old")
    (folder / "train").mkdir()
    fails("train: a folder for each class is expected, none is there$")
