import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lesion.artifacts.atomic import replacing, write_text

WRITER = """
import sys, time
from pathlib import Path
from lesion.artifacts.atomic import replacing

with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_text("half of the n")
    print(temporary.name, flush=True)
    sys.stdin.readline()
    temporary.write_text("the new text")
"""


def start(target: Path) -> tuple[subprocess.Popen[str], str]:
    """A writer that has written half of its text; its temporary name."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    return writer, writer.stdout.readline().strip()


@pytest.mark.parametrize("old", ["the old text", None])
def test_a_writer_that_is_killed_leaves_what_was_there(old: str | None, tmp_path: Path) -> None:
    target = tmp_path / "artifact.csv"
    if old is not None:
        target.write_text(old)
    writer, temporary = start(target)
    with writer:
        writer.send_signal(signal.SIGKILL)
    assert writer.returncode == -signal.SIGKILL
    assert (target.read_text() if target.exists() else None) == old
    assert {path.name for path in tmp_path.iterdir()} == {temporary} | ({target.name} if old else set())
    write_text(target, "the next run")  # an orphan is in nobody's way
    assert target.read_text() == "the next run"


def test_the_target_appears_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "artifact.csv"
    writer, temporary = start(target)
    assert not target.exists()
    assert (tmp_path / temporary).read_text() == "half of the n"
    writer.communicate("\n", timeout=60)
    assert target.read_text() == "the new text"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_leaves_nothing_new(error: type[BaseException], tmp_path: Path) -> None:
    target = tmp_path / "artifact.csv"
    target.write_text("the old text")

    def write() -> None:
        with replacing(target) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        write()
    assert target.read_text() == "the old text"
    assert list(tmp_path.iterdir()) == [target]


def test_two_writers_of_one_file_do_not_share_a_name(tmp_path: Path) -> None:
    target = tmp_path / "artifact.parquet"
    with replacing(target) as one, replacing(target) as other:
        assert one != other
        assert one.parent == other.parent == tmp_path
        assert one.suffix == other.suffix == ".parquet"
        one.write_text("one")
        other.write_text("other")
    assert target.read_text() == "one"  # the last to end
    assert list(tmp_path.iterdir()) == [target]


def test_folders_are_made_and_permissions_are_the_usual_ones(tmp_path: Path) -> None:
    target, usual = tmp_path / "a" / "b" / "artifact.txt", tmp_path / "usual"
    usual.touch()
    with replacing(target) as temporary:
        os.close(os.open(temporary, os.O_CREAT, 0o600))
    assert target.stat().st_mode == usual.stat().st_mode


def test_text_is_utf_8_with_the_line_ends_that_it_has(tmp_path: Path) -> None:
    write_text(tmp_path / "text", "ā\r\nb\n")
    assert (tmp_path / "text").read_bytes() == b"\xc4\x81\r\nb\n"


def test_who_reads_the_old_file_reads_it_to_its_end(tmp_path: Path) -> None:
    target = tmp_path / "artifact.txt"
    write_text(target, "the old text")
    with target.open() as reader:
        write_text(target, "the new text")
        assert reader.read() == "the old text"
    assert target.read_text() == "the new text"
