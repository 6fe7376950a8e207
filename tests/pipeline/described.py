"""The pipeline as each engine describes it: {outputs: (command, inputs)}."""

import re
from pathlib import Path

from lesion.pipeline.artifacts import version
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
    """The stages but `versions`; each depends on the version of its step and variant, and on files alone."""
    stages, index = {}, project.dvc().index
    for stage in index.stages:
        if stage.name == "versions":
            continue
        read = {dep.def_path for dep in stage.deps}
        step, names = _node(stage.cmd)
        own = str(version(names["study"], step, names.get("variant", "")))
        assert own in read, stage.name
        assert all(Path(name).suffix or name == own for name in read), stage.name
        stages[frozenset(out.def_path for out in stage.outs)] = (stage.cmd, frozenset(read - {own}))
    return stages


def _node(command: str) -> tuple[str, dict[str, str]]:
    """The step and the names of the node that a command makes."""
    _, step, *options = command.split()
    names = {option.removeprefix("--"): value for option, value in zip(options[::2], options[1::2], strict=True)}
    return (f"figure-{names['figure']}" if step == "figure" else step), names
