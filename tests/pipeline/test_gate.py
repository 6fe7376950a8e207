"""A study with a budget has a verdict and a gate, and its run fails where the budget is broken; others have neither."""

import json
from typing import Any

import pytest
import yaml

from lesion.errors import InputError
from lesion.params.validation import validate
from lesion.pipeline.dvc import dvc_text
from lesion.pipeline.graph import Graph, flat
from lesion.pipeline.project import project
from tests.conftest import lesion, tiny, write_params
from tests.pipeline.described import by_dvc, by_snakemake
from tests.pipeline.project import Project

GATE = "results/digits/gate"
OUTPUTS = {f"{GATE}/verdict.json", f"{GATE}/passed.txt"}
STRICT = {"version": 1, "all": {"broken": 0.1}, "variants": ["elsewhere"]}
RELAXED = {"version": 1, "all": {"broken": 90.0}, "variants": ["elsewhere"]}


def budgeted(budget: Any, **studies: Any) -> dict[str, Any]:
    params = tiny()
    params["studies"]["digits"]["budget"] = budget
    for name, own in studies.items():
        params["studies"][name] = params["studies"]["digits"] | {"budget": own}
        params["active"]["studies"].append(name)
    return params


def steps(params: dict[str, Any]) -> list[tuple[str, str]]:
    found = [(node.step, node.names["study"]) for node in project(params)[0].nodes()]
    return [one for one in found if one[0] in ("verdict", "gate")]


def test_a_study_with_a_budget_has_both_nodes_and_others_have_none() -> None:
    assert steps(budgeted(None)) == []
    assert steps(budgeted({"version": 1, "all": {"loss": 1}}, other=None)) == [
        ("verdict", "digits"),
        ("gate", "digits"),
    ]


def test_the_verdict_reads_the_variants_that_the_budget_names() -> None:
    for named, expected in (([], ["dense", "gmp-50", "int8-static"]), (["int8-static"], ["dense", "int8-static"])):
        graph = Graph(budgeted({"version": 1, "all": {"loss": 1}, "variants": named}))
        read = graph.inputs(graph.node("verdict", {"study": "digits"}))["predictions"]
        assert isinstance(read, dict)
        assert list(read) == expected
        assert len(flat(read)) == 2 * len(expected)


def test_studies_with_other_variants_are_stages_of_their_own() -> None:
    one, other = ({"version": 1, "all": {"loss": 1}, "variants": [name]} for name in ("gmp-50", "int8-static"))
    stages = yaml.safe_load(dvc_text(project(budgeted(one, other=other))[0]))["stages"]
    assert {"verdict-digits", "verdict-other", "gate-digits", "gate-other"} <= set(stages)
    assert not any("int8" in dep for dep in stages["verdict-digits"]["deps"])


@pytest.mark.parametrize(
    ("variants", "said"),
    [
        (["gmp-60"], "studies.digits.budget.variants: 'gmp-60' is not in the catalogue (the nearest is gmp-50)"),
        (["dense"], "studies.digits.budget.variants: 'dense' is not in the catalogue"),
        (["gmp-50", "gmp-50"], "studies.digits.budget.variants: an id is listed twice"),
    ],
)
def test_variants_that_are_not_there_are_refused(variants: list[str], said: str) -> None:
    with pytest.raises(InputError) as raised:
        validate(budgeted({"version": 1, "all": {"loss": 1}, "variants": variants}))
    assert said in str(raised.value)


def test_a_study_without_a_budget_has_no_gate_to_run(tmp_path: Any) -> None:
    write_params(tmp_path, budgeted(None))
    done = lesion("gate", "--study", "digits", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "lesion: gate: studies.digits.budget of params.yaml is null, so digits has no such step\n"


def test_a_missing_verdict_is_told(tmp_path: Any) -> None:
    write_params(tmp_path, budgeted({"version": 1, "all": {"loss": 1}}))
    done = lesion("gate", "--study", "digits", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, f"lesion: {GATE}/verdict.json: No such file or directory\n")


def with_budget(made: Project, budget: dict[str, Any]) -> None:
    params = made.params()
    params["studies"]["digits"]["budget"] = budget
    made.write_params(params)


def verdict(made: Project) -> Any:
    return json.loads((made.folder / GATE / "verdict.json").read_text())


@pytest.mark.pipeline
@pytest.mark.xdist_group("engines")
def test_snakemake_fails_at_the_gate_and_passes_once_the_budget_is_relaxed(scratch: Project) -> None:
    with_budget(scratch, STRICT)
    assert scratch.snakemake_plan() == OUTPUTS
    failed = scratch.run("snakemake", "--cores", "2", check=False)
    assert failed.returncode == 1
    assert "elsewhere failed: 1 of 1 limit failed." in failed.stdout + failed.stderr
    assert "elsewhere failed" in (scratch.folder / "logs/gate/digits.log").read_text()
    assert verdict(scratch)["status"] == "failed"
    assert not (scratch.folder / GATE / "passed.txt").exists()
    with_budget(scratch, RELAXED)
    assert scratch.snakemake_plan() == OUTPUTS
    scratch.run("snakemake", "--cores", "2")
    assert verdict(scratch)["status"] == "passed"
    assert (scratch.folder / GATE / "passed.txt").read_text() == "elsewhere passed: 1 limit kept.\n"
    assert scratch.snakemake_plan() == set()


@pytest.mark.pipeline
@pytest.mark.xdist_group("engines")
def test_dvc_fails_at_the_gate_and_passes_once_the_budget_is_relaxed(scratch: Project) -> None:
    with_budget(scratch, STRICT)
    failed = scratch.run("dvc", "repro", check=False)
    assert failed.returncode != 0
    assert "elsewhere failed: 1 of 1 limit failed." in failed.stdout + failed.stderr
    assert verdict(scratch)["status"] == "failed"
    assert not (scratch.folder / GATE / "passed.txt").exists()
    with_budget(scratch, RELAXED)
    ran = scratch.run("dvc", "repro").stdout
    stages = [line.split("'")[1] for line in ran.splitlines() if line.startswith("Running stage")]
    assert [name for name in stages if name != "versions"] == ["verdict-digits@digits", "gate-digits@digits"]
    assert verdict(scratch)["status"] == "passed"
    assert "up to date" in scratch.run("dvc", "status").stdout


@pytest.mark.pipeline
@pytest.mark.xdist_group("engines")
def test_both_engines_describe_and_make_the_same_gate(scratch: Project) -> None:
    with_budget(scratch, RELAXED)
    scratch.run("dvc", "repro", "--quiet", "versions")
    assert by_snakemake(scratch) == by_dvc(scratch)
    other = scratch.duplicate(scratch.folder.parent / "other")
    scratch.run("snakemake", "--cores", "2")
    other.run("dvc", "repro")
    for name in ("verdict.json", "verdict.md", "passed.txt"):
        assert (scratch.folder / GATE / name).read_bytes() == (other.folder / GATE / name).read_bytes()
