"""The pipeline as each engine describes it: {outputs: (command, inputs)}."""

import re

from lesion.steps import keys

from lesion.artifacts.paths import code as code_path
from tests.pipeline.project import Project

Described = dict[frozenset[str], tuple[str, frozenset[str]]]


def by_snakemake(project: Project) -> Described:
    """The jobs of the default target."""
    text = project.run("snakemake", "--dry-run", "--forceall", "--printshellcmds").stdout
    jobs = {}
    for job in re.split(r"\n(?=(?:local)?rule )", text):
        outputs = re.search(r"^    output: (.+)$", job, flags=re.MULTILINE)
        command = re.search(r"^(?:Shell command: )?(lesion .+?) 2> ", job, flags=re.MULTILINE)
        if outputs is None or command is None:
            continue
        inputs = re.search(r"^    input: (.+)$", job, flags=re.MULTILINE)
        read = frozenset(inputs[1].split(", ")) if inputs else frozenset()
        jobs[frozenset(outputs[1].split(", "))] = (command[1], read)
    return jobs


def by_dvc(project: Project) -> Described:
    """The stages but `code`, a folder taken for its files; each has its code version and the keys of its step."""
    stages, index = {}, project.dvc().index
    every = {out.def_path for stage in index.stages for out in stage.outs}
    for stage in index.stages:
        if stage.name == "code":
            continue
        paths = {dep.def_path for dep in stage.deps if dep.def_path != "params.yaml"}
        step, names = _node(stage.cmd)
        code = {name for name in paths if name.startswith("results/code/")}
        assert code == {str(code_path(step, **{key: name for key, name in names.items() if key != "shard"}))}, (
            stage.name
        )
        wanted = paths - code
        files = {out for name in wanted for out in every if out == name or out.startswith(name + "/")}
        stages[frozenset(out.def_path for out in stage.outs)] = (stage.cmd, frozenset(files))
        declared = {key for dep in stage.deps if dep.def_path == "params.yaml" for key in dep.params}
        assert declared == set(keys(step, names).values()), stage.name
    return stages


def _node(command: str) -> tuple[str, dict[str, str]]:
    """The step and the names of the node that a command makes."""
    _, step, *options = command.split()
    return step, {option.removeprefix("--"): value for option, value in zip(options[::2], options[1::2], strict=True)}
