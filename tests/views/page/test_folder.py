import os
from pathlib import Path

import numpy as np
import pytest

from lesion.errors import InputError
from lesion.views.page.folder import MARK, check_folder, write_folder
from tests.audited import audit_pair

LATIN = os.fsdecode("café".encode("latin-1"))


def made(out: Path) -> Path:
    """A folder that looks as an audit leaves it."""
    (out / "figures").mkdir(parents=True)
    for name in ("summary.csv", "figures/noise.svg"):
        (out / name).touch()
    (out / "index.html").write_bytes(MARK)
    return out


LEFT = [
    *(".DS_Store", "figures/.DS_Store", "._index.html", ".ipynb_checkpoints/summary-checkpoint.csv", ".git/config"),
    *("Thumbs.db", "figures/thumbs.db", "desktop.ini", "Desktop.ini", "Icon\r", "@eaDir/index.html", "__MACOSX/a.csv"),
    ".index.0123abcd.html",  # what a killed run leaves
]


@pytest.mark.parametrize("name", LEFT)
def test_what_file_browsers_leave_behind_is_passed_over_and_kept(tmp_path: Path, name: str) -> None:
    out = made(tmp_path / "out")
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text("left")
    check_folder(out)
    write_folder(out, {"index.html": lambda path: path.write_bytes(MARK)})
    assert (out / name).read_text() == "left"
    assert sorted(path.name for path in out.glob("*.*") if path.suffix in (".html", ".csv")) == sorted(
        {"index.html", *([name] if "/" not in name and name.endswith(".html") else [])}
    )
    check_folder(out)


@pytest.mark.parametrize("name", ["thesis.tex", "figures/mine.svg", "notes/summary.csv", "index.htm", "a.DS_Store"])
def test_other_files_are_told(tmp_path: Path, name: str) -> None:
    out = made(tmp_path / "out")
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).touch()
    with pytest.raises(InputError, match=f"out: holds {name}, which no audit wrote"):
        check_folder(out)


@pytest.mark.parametrize("name", ["summary.csv", "index.html", "figures/noise.svg"])
def test_a_folder_or_a_broken_link_in_place_of_a_file_of_an_audit(tmp_path: Path, name: str) -> None:
    (tmp_path / "a" / name).mkdir(parents=True)
    (tmp_path / "b" / name).parent.mkdir(parents=True)
    (tmp_path / "b" / name).symlink_to(tmp_path / "nowhere")
    for out in (tmp_path / "a", tmp_path / "b"):
        with pytest.raises(InputError, match=f"holds {name}, which no audit wrote"):
            check_folder(out)


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    for out in (tmp_path, tmp_path / "new", tmp_path / "several" / "new" / "ones"):
        check_folder(out)
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for out, said in {
        file: "file: is a file; a folder expected",
        file / "out" / "deeper": "file: is a file; a folder expected",
        tmp_path / "link" / "out": "link: is a file; a folder expected",
        tmp_path / ("long" * 100): r"cannot be written \(File name too long\)",
    }.items():
        with pytest.raises(InputError, match=said):
            audit_pair(dense=tmp_path / "absent.csv", compressed=tmp_path / "absent.csv", out=out)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody can write, not even root")
def test_a_folder_that_nobody_can_write() -> None:
    with pytest.raises(InputError, match=r"/proc/self/out: cannot be written"):
        check_folder(Path("/proc/self/out"))


def test_names_of_files_and_folders_in_other_encodings(tmp_path: Path) -> None:
    dense, compressed = tmp_path / f"{LATIN}.npy", tmp_path / "é 猫.npy"
    try:
        dense.touch()
    except OSError:
        pytest.skip("the file system takes UTF-8 names only")
    for seed, path in enumerate((dense, compressed)):
        with path.open("wb") as file:
            np.save(file, np.random.default_rng(seed).integers(0, 3, 50))
    out = tmp_path / LATIN / "out"
    audit_pair(dense=dense, compressed=compressed, out=out, splits=2, resamples=2)
    page = (out / "index.html").read_text(encoding="utf-8")
    assert r"caf\xe9.npy" in page
    assert "é 猫.npy" in page
    assert (out / "pie.parquet").exists()
