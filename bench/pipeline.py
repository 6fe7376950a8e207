"""The default study from nothing to report, what it costs to do nothing, and what a change costs."""

import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import yaml

from bench.measure import ROOT, Cost, change_params, cost, project, row

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


def alone(kind: str, parts: int, folder: Path) -> Cost:
    """What the nodes of a kind (`bench/alone.py`) take in `parts` processes at once: the slowest, and their sum."""
    with ThreadPoolExecutor(parts) as pool:
        # -P: the folder of the script is not searched, where statistics.py is not Python's
        command = (sys.executable, "-P", str(ROOT / "bench" / "alone.py"), kind)
        ran = list(pool.map(lambda part: cost(*command, str(part), str(parts), cwd=folder), range(parts)))
    told = [[float(number) for number in one.output.splitlines()[-1].split()] for one in ran]
    return Cost(max(wall for wall, _ in told), sum(spent for _, spent in told), max(one.peak_mib for one in ran), "")


def floor(what: str, found: Cost) -> Cost:
    """Print a floor, and return it."""
    row(f"floor: {what}", f"{found.seconds:.1f} s, {found.processor:.1f} s of processor time")
    return found


def from_nothing_to_report(folder: Path) -> None:
    """The whole study, then the report, then nothing to do, then another significance level; each with its floor."""
    every = ("snakemake", "--cores", "all")
    study = cost(*every, cwd=folder)
    report = cost("snakemake", "--report", "report.html", cwd=folder)
    cores = os.cpu_count() or 1
    least = floor(f"training and evaluation alone, {cores} processes", alone("training", cores, folder))
    whole = Cost(study.seconds + report.seconds, study.processor + report.processor, study.peak_mib, "")
    row("default study, from nothing to report", whole.over(least), "1.5 × floor")
    # `alone` wrote the same bytes anew: newer files are looked at once more by both engines, as after any copy
    cost("snakemake", "--touch", "--forceall", "--cores", "1", cwd=folder)
    engine = floor("`import snakemake.cli`", cost(sys.executable, "-c", "import snakemake.cli", cwd=folder))
    row("nothing to do: `snakemake -n`", cost("snakemake", "--dry-run", cwd=folder).over(engine), "2 × floor")
    cost("lesion", "adopt", "dvc", cwd=folder)
    engine = floor("`import dvc.cli, dvc.repo`", cost(sys.executable, "-c", "import dvc.cli, dvc.repo", cwd=folder))
    row("nothing to do: `dvc status`", cost("dvc", "status", cwd=folder).over(engine), "2 × floor")
    row("`lesion versions`", f"{cost('lesion', 'versions', cwd=folder).processor:.2f} s of processor time", "1 s")
    least = floor("the arithmetic of the nodes that read `alpha`, in one process", alone("alpha", 1, folder))
    audit = yaml.safe_load((folder / "params.yaml").read_text())["audit"]
    audit["impact"]["alpha"] = 0.01
    change_params(folder, audit=audit)
    row("another `alpha`: `snakemake`", cost(*every, cwd=folder).over(least), "8 s")


def audit_of_a_file() -> None:
    """`lesion audit` of one model before and after, 10,000 examples and 10 classes in CSV, from start to page."""
    rng, count = np.random.default_rng(0), 10_000
    label = rng.integers(10, size=count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, error in (("dense", 0.05), ("compressed", 0.07)):
            wrong = rng.random(count) < error
            rows = np.stack([np.arange(count), label, (label + wrong) % 10], axis=1)
            header = "example_id,label,prediction"
            np.savetxt(folder / f"{file}.csv", rows, "%d", ",", header=header, comments="")
        imports = "import pandas, pyarrow, scipy.special, matplotlib.figure"
        least = floor(f"`{imports}`", cost(sys.executable, "-c", imports, cwd=folder))
        files = ("--dense", "dense.csv", "--compressed", "compressed.csv", "--out", "audit")
        row(
            "`lesion audit`, 10,000 examples, start to page",
            cost("lesion", "audit", *files, cwd=folder).over(least),
            "2 s",
        )


def nodes(folder: Path) -> None:
    """Each kind of node by itself."""
    for name, (step, *options) in NODES.items():
        spent = cost("lesion", step, "--study", "digits", *options, cwd=folder)
        told = f"{spent.seconds:.1f} s, {spent.processor:.1f} s of processor time, {spent.peak_mib:.0f} MiB"
        row(f"node: {name}", told, "1,500 MiB")


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
    row("plan of the whole paper: `snakemake -n`", f"{cost('snakemake', '--dry-run', cwd=folder).seconds:.1f} s", "5 s")


def main() -> None:
    """Print the rows."""
    audit_of_a_file()
    with project() as folder:
        from_nothing_to_report(folder)
        nodes(folder)
        plan_of_the_paper(folder)


if __name__ == "__main__":
    main()
