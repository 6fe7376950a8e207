"""The default study from nothing to report, what it costs to do nothing, and what a change costs."""

import sys
from pathlib import Path

import yaml

from bench.measure import change_params, cost, project, row

NODES = {
    "data": ("data",),
    "adversarial": ("adversarial",),
    "train dense, 30 members": ("train", "--variant", "dense", "--shard", "0-29"),
    "train gmp-90, 30 members": ("train", "--variant", "gmp-90", "--shard", "0-29"),
    "compress int8-static, 30 members": ("compress", "--variant", "int8-static", "--shard", "0-29"),
    "predict dense, 30 members": ("predict", "--variant", "dense", "--shard", "0-29"),
    "robustness dense, 30 members": ("robustness", "--variant", "dense", "--shard", "0-29"),
    "robustness int8-dynamic, 30 members": ("robustness", "--variant", "int8-dynamic", "--shard", "0-29"),
    "impact gmp-90": ("impact", "--variant", "gmp-90"),
    "summary": ("summary",),
    "figure impact": ("figure", "--figure", "impact"),
}


def from_nothing_to_report(folder: Path) -> None:
    """The whole study, then the report, then nothing to do, then another significance level."""
    floor = cost(sys.executable, "-c", "import torch", cwd=folder).seconds
    row("floor: `import torch`, one process", f"{floor:.1f} s")
    study = cost("snakemake", "--cores", "all", cwd=folder).seconds
    report = cost("snakemake", "--report", "report.html", cwd=folder).seconds
    row(
        "default study, from nothing to report",
        f"{study + report:.0f} s ({(study + report) / floor:.0f} × floor)",
        "180 s",
    )
    row("nothing to do: `snakemake`", f"{cost('snakemake', '--cores', 'all', cwd=folder).seconds:.1f} s", "5 s")
    cost("dvc", "commit", "--force", cwd=folder)
    row("nothing to do: `dvc status`", f"{cost('dvc', 'status', cwd=folder).seconds:.1f} s", "5 s")
    audit = yaml.safe_load((folder / "params.yaml").read_text())["audit"]
    audit["impact"]["alpha"] = 0.01
    change_params(folder, audit=audit)
    row("another `alpha`: `snakemake`", f"{cost('snakemake', '--cores', 'all', cwd=folder).seconds:.1f} s", "15 s")


def nodes(folder: Path) -> None:
    """Each kind of node by itself."""
    for name, (step, *options) in NODES.items():
        spent = cost("lesion", step, "--study", "digits", *options, cwd=folder)
        row(f"node: {name}", f"{spent.seconds:.1f} s, {spent.peak_mib:.0f} MiB", "1,500 MiB")


def plan_of_the_paper(folder: Path) -> None:
    """Three studies, 30 members, nine variants, 19 × 5 corruptions: how long Snakemake plans."""
    data = yaml.safe_load((folder / "params.yaml").read_text())
    three = dict.fromkeys(("one", "two", "three"), data["studies"]["digits"])
    variants = data["variants"] | {"gmp-10": data["variants"]["gmp-30"] | {"sparsity": 0.1}}
    active = data["active"] | {
        "studies": list(three),
        "trained": ["gmp-10", *data["active"]["trained"]],
        "shards": ["0-9", "10-19", "20-29"],
    }
    change_params(folder, studies=data["studies"] | three, variants=variants, active=active)
    row(
        "plan of the whole paper: `snakemake -n`", f"{cost('snakemake', '--dry-run', cwd=folder).seconds:.1f} s", "10 s"
    )


def main() -> None:
    """Print the rows."""
    with project() as folder:
        from_nothing_to_report(folder)
        nodes(folder)
        plan_of_the_paper(folder)


if __name__ == "__main__":
    main()
