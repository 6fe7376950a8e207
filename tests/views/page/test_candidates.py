from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lesion.errors import InputError
from lesion.views.page.audit import audit
from lesion.views.page.folder import check_folder
from tests.audit.comparison.files.files import named, rows, written
from tests.views.page.test_audit import contents, read

OPTIONS: dict[str, Any] = {"splits": 4, "resamples": 4, "smallest": 10}
NAMES = ("int8: <b>fast & small", "int4")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Path]]:
    """A dense file and those of candidates."""
    folder = tmp_path_factory.mktemp("given")
    tables = [rows(seed, members=1, examples=80, skill=skill) for seed, skill in enumerate((0.9, 0.8, 0.6))]
    paths = [written(folder / f"{seed}.csv", named(table)) for seed, table in enumerate(tables)]
    return paths[0], dict(zip(NAMES, paths[1:], strict=True))


@pytest.fixture(scope="module")
def audited(given: tuple[Path, dict[str, Path]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of their audit; not to be written to."""
    out = tmp_path_factory.mktemp("out") / "out"
    audit(dense=given[0], compressed=given[1], out=out, **OPTIONS)
    return out


def test_the_files_of_each_are_those_of_an_audit_of_it_alone(
    given: tuple[Path, dict[str, Path]], audited: Path, tmp_path: Path
) -> None:
    for name, path in given[1].items():
        audit(dense=given[0], compressed={name: path}, out=tmp_path / "alone", **OPTIONS)
        alone = {file: content for file, content in contents(tmp_path / "alone").items() if file != "index.html"}
        assert contents(audited / name) == alone


def test_the_page_shows_each_and_links_to_all_files(audited: Path) -> None:
    reader = read(audited)
    assert len(reader.ids) == len(set(reader.ids))
    assert "b" not in reader.tags
    links = {reference for reference in reader.references if not reference.startswith("#")}
    assert {link for link in links if ":" in link} == set()  # no name is taken for a protocol
    text = " ".join(reader.text)
    assert all(name in text for name in NAMES)
    assert pd.read_csv(audited / "candidates.csv")["name"].tolist() == list(NAMES)


def test_an_earlier_audit_of_other_candidates_is_replaced_whole(
    given: tuple[Path, dict[str, Path]], audited: Path, tmp_path: Path
) -> None:
    out, (dense, compressed) = tmp_path / "out", given
    others = {"new": compressed["int4"], "int4": compressed[NAMES[0]]}
    audit(dense=dense, compressed=others, out=out, **OPTIONS)
    audit(dense=dense, compressed=compressed, out=out, **OPTIONS)
    assert contents(out) == contents(audited)
    assert {path.name for path in out.iterdir() if path.is_dir()} <= {*NAMES, "figures"}
    audit(dense=dense, compressed={"one": compressed["int4"]}, out=out, **OPTIONS)
    assert not (out / "int4").exists()
    assert not (out / "candidates.csv").exists()
    check_folder(out)


@pytest.mark.parametrize("name", ["int4/mine.csv", "int8/summary.csv", "int4/figures/mine.svg", "notes/summary.csv"])
def test_foreign_files_are_told(given: tuple[Path, dict[str, Path]], tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    audit(dense=given[0], compressed=given[1], out=out, **OPTIONS)
    before = contents(out)
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text("mine")
    with pytest.raises(InputError, match=f"out: holds {name}, which no audit wrote"):
        audit(dense=given[0], compressed={"a": given[1]["int4"]}, out=out, **OPTIONS)
    assert contents(out) == {**before, name: b"mine"}


def test_a_table_of_candidates_names_no_folder_elsewhere(tmp_path: Path) -> None:
    out, outside = tmp_path / "out", tmp_path / "outside"
    for folder in (out, outside):
        folder.mkdir()
    (outside / "summary.csv").write_text("mine")
    (out / "candidates.csv").write_text("name\n../outside\n/etc\n\n..\n")
    (out / "summary.csv").touch()
    check_folder(out)
    (out / "deeper").mkdir()
    (out / "deeper" / "summary.csv").touch()
    with pytest.raises(InputError, match="holds deeper/summary"):
        check_folder(out)
    assert (outside / "summary.csv").read_text() == "mine"
