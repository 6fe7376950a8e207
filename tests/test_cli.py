import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesion.artifacts.checkpoints import read_members
from lesion.pipeline.steps import STEPS
from tests import places
from tests.conftest import SHARDS, lesion, tiny, write_params
from tests.synthetic import labels, population, write_examples, write_population

Main = Callable[..., tuple[int, list[str]]]


def node(step: str, variant: str, shard: str = SHARDS[0]) -> list[str]:
    return [step, "--study", "digits", "--variant", variant, "--shard", shard]


AUDIT = ["--study", "digits", "--variant", "gmp-50"]


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(main: Main, folder: Path, *arguments: str) -> str:
    """The one line that bad input gets; exit code 2, and nothing written."""
    before = contents(folder)
    code, lines = main(*arguments)
    assert code == 2
    assert len(lines) == 1, lines
    assert lines[0].startswith("lesion: ")
    assert contents(folder) == before
    return lines[0]


def one_shard(shard: str) -> dict[str, Any]:
    params = tiny()
    params["active"]["shards"] = [shard]
    return params


@pytest.fixture
def audited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter a study that consists of made-up predictions of four members, dense and pruned."""
    monkeypatch.chdir(tmp_path)
    write_params(tmp_path, one_shard("0-3"))
    rng = np.random.default_rng(0)
    label = labels(rng, 60, 10)
    for variant in ("dense", "gmp-50"):
        made = population(rng, label, members=4, classes=10)
        write_population("digits", variant, "0-3", made)
    write_examples("digits", made, list("0123456789"))
    return tmp_path


def test_a_real_process_ends_with_code_2_and_one_line(tiny_folder: Path) -> None:
    done = lesion(*node("train", "gmp-55"), cwd=tiny_folder)
    assert done.returncode == 2
    assert done.stderr == "lesion: params.yaml: there is no variants.gmp-55 (the nearest is gmp-50)\n"
    assert done.stdout == ""
    assert [path.name for path in tiny_folder.iterdir()] == ["params.yaml"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (node("train", "gmp-55"), "params.yaml: there is no variants.gmp-55"),
        (["data", "--study", "svhn"], "params.yaml: there is no studies.svhn (digits,"),
        (node("train", "dense"), "results/digits/data/examples.parquet: missing; `lesion data --study digits` makes"),
        (node("predict", "dense"), "results/digits/data/examples.parquet"),
        (["impact", *AUDIT], "results/digits/data/examples.parquet"),
        (["figure", "--study", "digits", "--figure", "pie-chart"], "params.yaml: there is no figures.pie-chart"),
        (["adopt", "make"], "dvc or snakemake is expected, found 'make'"),
    ],
)
def test_in_an_empty_study(arguments: list[str], expected: str, tiny_folder: Path, main: Main) -> None:
    assert expected in refused(main, tiny_folder, *arguments)


@pytest.mark.parametrize("command", [["versions"], ["summary", "--study", "digits"], node("train", "dense")])
def test_without_params(command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, main: Main) -> None:
    monkeypatch.chdir(tmp_path)
    assert refused(main, tmp_path, *command) == (
        "lesion: params.yaml: not in this folder; run lesion in the folder of a study (`audit` needs none)"
    )


@pytest.mark.parametrize(
    ("key", "value", "step"),
    [
        ("variants.gmp-50.sparsity", 1.5, "train"),
        ("variants.gmp-50.score", {"name": "gradient", "images": 0}, "train"),
        ("variants.gmp-50.method", "prune-it", "predict"),
        ("studies.digits.model", {"widths": [4]}, "train"),
        ("studies.digits.evaluation.batch", "all", "predict"),
    ],
)
@pytest.mark.parametrize("all_at_once", [False, True])
def test_a_fault_in_params_is_told_by_a_node_that_sees_it_and_by_code_which_sees_all(
    key: str, value: Any, step: str, all_at_once: bool, predicted_copy: Path, main: Main
) -> None:
    params = tiny()
    *above, last = key.split(".")
    part: Any = params
    for name in above:
        part = part[name]
    part[last] = value
    write_params(predicted_copy, params)
    command = ["versions"] if all_at_once else node(step, "gmp-50")
    assert refused(main, predicted_copy, *command).startswith(f"lesion: params.yaml: {key}")


@pytest.mark.parametrize(("step", "variant"), [("train", "int8-static"), ("compress", "gmp-50"), ("compress", "dense")])
def test_a_step_that_is_not_for_the_variant(step: str, variant: str, predicted_copy: Path, main: Main) -> None:
    assert variant in refused(main, predicted_copy, *node(step, variant))


@pytest.mark.parametrize("shard", ["0-", "1-0", "01-2", "0"])
def test_a_shard_that_is_none(shard: str, predicted_copy: Path, main: Main) -> None:
    line = refused(main, predicted_copy, *node("train", "dense", shard))
    assert line == f"lesion: a shard is named by its first and last member, like 0-9; found {shard!r}"


@pytest.mark.parametrize("step", ["impact", "pie"])
def test_an_audit_of_an_unknown_variant(step: str, audited: Path, main: Main) -> None:
    assert "gmp-55" in refused(main, audited, step, "--study", "digits", "--variant", "gmp-55")


@pytest.mark.parametrize("step", ["predict", "robustness", "compress"])
def test_a_missing_checkpoint(step: str, predicted_copy: Path, main: Main) -> None:
    path = places.checkpoint("digits", "dense", SHARDS[1])
    variant = "int8-static" if step == "compress" else "dense"
    assert f"{path}: not a readable checkpoint" in refused(main, predicted_copy, *node(step, variant, SHARDS[1]))


def test_a_truncated_checkpoint(predicted_copy: Path, main: Main) -> None:
    path = places.checkpoint("digits", "dense", SHARDS[0])
    os.truncate(path, path.stat().st_size - 1)
    assert str(path) in refused(main, predicted_copy, *node("predict", "dense"))


@pytest.mark.parametrize("step", ["predict", "train"])
@pytest.mark.parametrize("damaged", [places.examples("digits"), places.images("digits")])
def test_truncated_data(damaged: Path, step: str, predicted_copy: Path, main: Main) -> None:
    os.truncate(damaged, damaged.stat().st_size // 2)
    assert str(damaged) in refused(main, predicted_copy, *node(step, "dense"))


@pytest.mark.parametrize("step", ["impact", "pie"])
@pytest.mark.parametrize("variant", ["dense", "gmp-50"])
def test_truncated_predictions(variant: str, step: str, audited: Path, main: Main) -> None:
    path = places.predictions("digits", variant, "0-3")
    os.truncate(path, path.stat().st_size - 9)
    assert f"{path}: not a readable Parquet file" in refused(main, audited, step, *AUDIT)


def test_populations_of_one_member_are_refused_when_the_file_is_read(audited: Path, main: Main) -> None:
    write_params(audited, one_shard("0-0"))
    line = refused(main, audited, "versions")
    assert line.startswith("lesion: params.yaml: active.shards: 1 members of each population, 4 expected")


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (node("train", "gmp-5"), "variants.gmp-5 (the nearest is gmp-50)"),
        (["impact", "--study", "digit", "--variant", "gmp-50"], "studies.digit (the nearest is digits)"),
        (["figure", "--study", "digits", "--figure", "pie-shet"], "figures.pie-shet (the nearest is pie-sheet)"),
        (["power", "--study", "digts"], "studies.digts (the nearest is digits)"),
    ],
)
def test_a_name_that_is_none_is_told_with_the_nearest(
    arguments: list[str], nearest: str, tiny_folder: Path, main: Main
) -> None:
    assert refused(main, tiny_folder, *arguments) == f"lesion: params.yaml: there is no {nearest}"


@pytest.mark.parametrize(
    "arguments",
    [(), ("--dense", "a.csv"), ("--study", "digits", "--dense", "a.csv", "--compressed", "b.csv")],
)
def test_power_is_of_a_study_or_of_two_files(arguments: tuple[str, ...], tiny_folder: Path, main: Main) -> None:
    told = refused(main, tiny_folder, "power", *arguments)
    assert told == "lesion: power: expected --study, or the files of --dense and --compressed"


@pytest.mark.parametrize("option", ["--version", "-h", "--help"])
def test_the_package_runs_as_a_module(option: str) -> None:
    done = subprocess.run([sys.executable, "-m", "lesion", option], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] in ("lesion", "Usage:")
    if option != "--version":
        assert done.stdout.index("audit") < done.stdout.index("train")  # help begins with the audit


def test_a_terminal_of_another_encoding_and_a_backend_of_a_notebook_change_nothing(audited: Path) -> None:
    files = [str(places.predictions("digits", variant, "0-3")) for variant in ("dense", "gmp-50")]
    command = ["audit", "--dense", files[0], "--compressed", files[1], "--splits", "3", "--resamples", "3"]
    foreign = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "MPLBACKEND": "module://none.such"}
    made = subprocess.run(
        [sys.executable, "-m", "lesion", *command, "--out", "caf\xe9"],
        cwd=audited, env=os.environ | foreign, capture_output=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert made.stdout.isascii()
    assert "What compression changed" in (audited / "caf\xe9" / "index.html").read_text(encoding="utf-8")


def test_shell_completion_is_there() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lesion", "--show-completion", "bash"], capture_output=True, text=True, check=False
    )
    assert "_LESION_COMPLETE" in done.stdout


def test_populations_of_other_examples(audited: Path, main: Main) -> None:
    rng = np.random.default_rng(1)
    write_population("digits", "gmp-50", "0-3", population(rng, labels(rng, 50, 10), members=4, classes=10))
    for step in ("impact", "pie"):
        assert "10 example ids are in one population and not in the other" in refused(main, audited, step, *AUDIT)


def test_a_training_that_diverges(predicted_copy: Path, main: Main) -> None:
    params = tiny()
    params["studies"]["digits"]["recipe"] |= {"rate": 1.0e30, "momentum": 0.0, "weight_decay": 1.0}
    write_params(predicted_copy, params)
    line = refused(main, predicted_copy, *node("train", "dense", "4-5"))
    assert "digits, dense, member 4: the loss is nan in epoch" in line


def test_a_log_file_holds_lines_and_no_progress(predicted_copy: Path, main: Main) -> None:
    code, lines = main(*node("train", "dense", "8-9"))  # standard error is a file here, too
    assert code == 0
    assert [line.split(":")[0] for line in lines] == ["member 8", "member 9"]
    assert all(line.isprintable() for line in lines)  # no control characters
    assert [number for number, _ in read_members(places.checkpoint("digits", "dense", "8-9"))] == [8, 9]


BARS = """
from lesion.progress import progress
with progress(members=2, steps=3) as advance:
    for _ in range(2):
        for _ in range(3):
            advance["steps"]()
        advance["members"]()
"""


def test_a_terminal_shows_members_and_steps() -> None:
    terminal, end = pty.openpty()
    subprocess.run([sys.executable, "-c", BARS], stderr=end, env=os.environ | {"TERM": "xterm"}, check=True)
    os.close(end)
    shown = os.read(terminal, 1 << 16).decode()
    os.close(terminal)
    assert "members" in shown
    assert "2/2" in shown
    assert "3/3" in shown
    logged = subprocess.run([sys.executable, "-c", BARS], capture_output=True, check=True)
    assert logged.stderr == b""


LIGHT = """
import sys
from lesion.cli import main

NODE = ["--study", "digits", "--variant", "gmp-50"]
FILES = [f"results/digits/predictions/{variant}/0-3.parquet" for variant in ("dense", "gmp-50")]
AUDIT = ["audit", "--dense", FILES[0], "--compressed", FILES[1], "--splits", "3", "--resamples", "3", "--out", "audit"]

for arguments in (["--help"], ["versions"], ["impact", *NODE], ["power", *NODE], AUDIT):
    sys.argv = ["lesion", *arguments]
    try:
        main()
    except SystemExit as ended:
        assert not ended.code, ended.code
    assert "torch" not in sys.modules, arguments
"""


def test_help_lists_every_step_and_needs_no_torch_nor_does_the_audit(audited: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, cwd=audited, check=False)
    assert done.returncode == 0, done.stderr
    listed = {words[1] for line in done.stdout.splitlines() if len(words := line.split()) > 2}
    assert listed >= {step.command or name for name, step in STEPS.items()} | {
        "versions",
        "dvc",
        "adopt",
        "power",
        "audit",
    }
    assert places.statistic("impact", "digits", "gmp-50").exists()
    assert "Members of each population that find a loss" in done.stdout
    assert "What compression changed" in (audited / "audit" / "index.html").read_text()
