"""A change re-runs exactly the nodes downstream of it, in both engines, and no other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lesion.pipeline.artifacts import PLACES
from lesion.pipeline.steps import STATISTICS
from tests.pipeline.project import Project

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("caching")]

STUDY = "results/digits"
VARIANTS = ("gmp-50", "int8-static", "gmp-50-int8", "elsewhere")
STORED = ("dense", "gmp-50", "int8-static", "gmp-50-int8")  # variants with weights
IMPACT, NULL, EFFECTS, SUBGROUPS, CALIBRATION, FLIPS, FORESIGHT = (
    {f"{STUDY}/{step}/{variant}.csv" for variant in VARIANTS}
    for step in ("impact", "null", "effects", "subgroups", "calibration", "flips", "foresight")
)
PIE = {f"{STUDY}/pie/{variant}.parquet" for variant in VARIANTS}
TABLES = {PLACES[name].format(study="digits", variant=variant) for name in STATISTICS for variant in VARIANTS}
SUMMARY, GALLERY = {f"{STUDY}/summary.csv"}, {f"{STUDY}/gallery/index.html"}
RISK = {f"{STUDY}/risk/examples.csv"}


def figures(*names: str) -> set[str]:
    return {f"{STUDY}/figures/{name}.csv" for name in names}


ALL_FIGURES = figures("impact", "subgroups", "reliability", "foresight", "counts", "pie-accuracy",
                      "robustness", "size", "pie-sheet")  # fmt: skip


def population(variant: str, shard: str = "0-3") -> set[str]:
    return {
        f"{STUDY}/checkpoints/{variant}/{shard}.safetensors",
        f"{STUDY}/predictions/{variant}/{shard}.parquet",
        f"{STUDY}/robustness/{variant}/{shard}.parquet",
    }


def audited(variant: str) -> set[str]:
    return {name for name in TABLES if Path(name).stem == variant}


def set_alpha(params: dict[str, Any]) -> None:
    params["audit"]["impact"]["alpha"] = 0.01


def set_sparsity(params: dict[str, Any]) -> None:
    params["variants"]["gmp-50"]["sparsity"] = 0.6


def set_members(params: dict[str, Any]) -> None:
    params["variants"]["elsewhere"]["members"] = "0-0"


def reorder_keys(params: dict[str, Any]) -> None:
    for part in (params["studies"]["digits"], params["variants"]["gmp-50"], params["audit"], params):
        for key in sorted(part, reverse=True):
            part[key] = part.pop(key)


def write_whole_numbers_otherwise(params: dict[str, Any]) -> None:
    recipe = params["studies"]["digits"]["recipe"]
    recipe |= {"epochs": float(recipe["epochs"]), "label_smoothing": 0, "decay": [float(at) for at in recipe["decay"]]}


def set_workers(params: dict[str, Any]) -> None:
    for part in ("recipe", "evaluation"):
        params["studies"]["digits"][part]["workers"] = 1


def set_figure_size(params: dict[str, Any]) -> None:
    params["figures"]["counts"]["width"] = 7.0


def set_splits(params: dict[str, Any]) -> None:
    params["audit"]["halves"]["splits"] = 4


def set_design(params: dict[str, Any]) -> None:
    params["audit"]["design"] = "independent"


def set_ties(params: dict[str, Any]) -> None:
    params["audit"]["ties"] = "label"


def set_smallest(params: dict[str, Any]) -> None:
    params["audit"]["subgroups"]["smallest"] = 10


def set_draws(params: dict[str, Any]) -> None:
    params["audit"]["resamples"]["draws"] = 20


def set_calibration(params: dict[str, Any]) -> None:
    params["variants"]["int8-static"]["calibration_images"] = 40


def set_severities(params: dict[str, Any]) -> None:
    params["studies"]["digits"]["robustness"]["severities"] = [3]


def add_shard(params: dict[str, Any]) -> None:
    params["active"]["shards"].append("4-5")


def add_variant(params: dict[str, Any]) -> None:
    params["variants"]["gmp-80"] = params["variants"]["gmp-50"] | {"sparsity": 0.8}


def add_study(params: dict[str, Any]) -> None:
    params["studies"]["other"] = params["studies"]["digits"]


AUDIT = TABLES | SUMMARY | GALLERY | ALL_FIGURES
OF_IMPACT = SUMMARY | figures("impact", "counts", "size")
OF_PIE = SUMMARY | GALLERY | figures("counts", "size", "pie-accuracy", "pie-sheet")
OF_CHAIN = population("gmp-50-int8") | audited("gmp-50-int8")
EXTERNAL = {f"{STUDY}/predictions/elsewhere/0-0.parquet"}
OF_ONE_POPULATION = SUMMARY | GALLERY | ALL_FIGURES

PARAMS: list[tuple[Callable[[dict[str, Any]], None], set[str]]] = [
    (set_alpha, IMPACT | SUBGROUPS | OF_IMPACT | figures("subgroups")),
    (set_design, AUDIT),
    (set_ties, PIE | EFFECTS | NULL | FLIPS | FORESIGHT | OF_PIE | figures("foresight")),
    (set_smallest, SUBGROUPS | CALIBRATION | figures("subgroups") | SUMMARY | figures("counts", "size")),
    (set_draws, EFFECTS | SUMMARY | figures("counts", "size")),
    (set_sparsity, population("gmp-50") | audited("gmp-50") | OF_CHAIN | OF_ONE_POPULATION),
    (set_members, audited("elsewhere") | EXTERNAL | (OF_ONE_POPULATION - figures("robustness"))),
    (set_calibration, population("int8-static") | audited("int8-static") | OF_ONE_POPULATION),
    (set_figure_size, figures("counts")),
    (set_splits, NULL | SUMMARY | figures("counts", "size")),
    (
        set_severities,
        {f"{STUDY}/robustness/{variant}/0-3.parquet" for variant in STORED} | figures("robustness"),
    ),
    (
        add_shard,
        {out for variant in STORED for out in population(variant, "4-5")} | AUDIT | RISK,
    ),
    (reorder_keys, set()),
    (write_whole_numbers_otherwise, set()),
    (set_workers, set()),
    (add_variant, set()),
    (add_study, set()),
]


@pytest.mark.parametrize(("change", "expected"), PARAMS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_parameter(run_by_snakemake: Project, change: Callable[[dict[str, Any]], None], expected: set[str]) -> None:
    params = run_by_snakemake.params()
    change(params)
    with run_by_snakemake.with_params(params):
        assert run_by_snakemake.snakemake_plan() == expected
        assert run_by_snakemake.dvc_plan() == expected


SOURCES = [
    ("views/figures/counts.py", figures("counts")),
    ("audit/statistics/null.py", NULL | SUMMARY | figures("counts", "size")),
    ("audit/statistics/pie.py", PIE | OF_PIE),
    ("train/loop.py", None),
    ("compress/scores/magnitude.py", "gmp-50"),
    ("compress/methods/int8_static.py", "int8-static"),
    ("cli/project.py", set()),
]


@pytest.mark.parametrize(("source", "expected"), SOURCES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_source_file(run_by_snakemake: Project, source: str, expected: set[str] | str | None) -> None:
    if expected is None:  # the training of every population, and so everything but the data
        populations = set().union(*(population(variant) for variant in STORED))
        expected = populations | AUDIT | RISK | {f"{STUDY}/data/adversarial.safetensors"}
    elif isinstance(expected, str):  # the population of one variant, and what is made of it
        chain = OF_CHAIN if expected != "elsewhere" else set()  # pruned and quantised: either edit changes it
        expected = population(expected) | audited(expected) | chain | OF_ONE_POPULATION
    with run_by_snakemake.edited(f"src/lesion/{source}", "\n\n\n", "\n\n\nEDITED = 1\n\n\n"):
        assert run_by_snakemake.snakemake_plan() == expected
        assert run_by_snakemake.dvc_plan() == expected


SILENT = {
    "a docstring": ("artifacts/tables.py", '"""', '"""Edited. '),
    "a comment": ("train/loop.py", "\n\n\n", "\n\n\n# Edited.\n"),
    "a release": ("__init__.py", '__version__ = "', '__version__ = "9.'),
}


@pytest.mark.parametrize("name", SILENT)
def test_an_edit_that_changes_nothing_that_runs(run_by_snakemake: Project, name: str) -> None:
    source, old, new = SILENT[name]
    with run_by_snakemake.edited(f"src/lesion/{source}", old, new):
        assert run_by_snakemake.snakemake_plan() == set()
        assert run_by_snakemake.dvc_plan() == set()


def test_line_ends_of_another_system(run_by_snakemake: Project) -> None:
    sources = sorted((run_by_snakemake.folder / "src").rglob("*.py")) + sorted(
        (run_by_snakemake.folder / "src").rglob("*.jinja")
    )
    before = {path: path.read_bytes() for path in sources}
    for path, content in before.items():
        path.write_bytes(content.replace(b"\n", b"\r\n"))
    try:
        assert run_by_snakemake.snakemake_plan() == set()
        assert run_by_snakemake.dvc_plan() == set()
    finally:
        for path, content in before.items():
            path.write_bytes(content)


def test_a_new_score_module_re_runs_nothing(run_by_snakemake: Project) -> None:
    module = Path(run_by_snakemake.folder / "src/lesion/compress/scores/newest.py")
    module.write_text('"""A score."""\n')
    try:
        assert run_by_snakemake.snakemake_plan() == set()
        assert run_by_snakemake.dvc_plan() == set()
    finally:
        module.unlink()


def test_changes_taken_back_leave_nothing_to_do(run_by_snakemake: Project) -> None:
    params = run_by_snakemake.params()
    set_alpha(params)
    with run_by_snakemake.with_params(params):
        assert run_by_snakemake.dvc_plan()
    assert run_by_snakemake.snakemake_plan() == set()
    assert run_by_snakemake.dvc_plan() == set()


def test_alpha_run_for_real_trains_nothing(scratch: Project) -> None:
    """What is planned is what runs: both engines make the same new tables, from the predictions that stand."""
    before = scratch.results()
    params = scratch.params()
    set_alpha(params)
    scratch.write_params(params)
    scratch.run("snakemake", "--cores", "2")
    by_snakemake = scratch.results()
    changed = {name for name in before if before[name] != by_snakemake[name]}
    assert not any("checkpoints" in name or "predictions" in name or "robustness" in name for name in changed)
    other = scratch.duplicate(scratch.folder.parent / "other")
    for name, content in before.items():
        (other.folder / name).write_bytes(content)
    ran = other.run("dvc", "repro").stdout
    assert "Running stage 'impact@digits-gmp-50'" in ran
    assert "Running stage 'train" not in ran
    assert other.results() == by_snakemake
