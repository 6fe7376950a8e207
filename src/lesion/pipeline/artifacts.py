"""The path of each artifact, relative to the folder of params.yaml.

A path has no date, and depends on nothing but the names of its node, so that no step searches a folder for its inputs.
"""

from pathlib import Path

RESULTS = "results/{study}"

PLACES = {
    "examples": f"{RESULTS}/data/examples.parquet",
    "images": f"{RESULTS}/data/images.safetensors",
    "adversarial": f"{RESULTS}/data/adversarial.safetensors",
    "checkpoint": f"{RESULTS}/checkpoints/{{variant}}/{{shard}}.safetensors",
    "predictions": f"{RESULTS}/predictions/{{variant}}/{{shard}}.parquet",
    "robustness": f"{RESULTS}/robustness/{{variant}}/{{shard}}.parquet",
    "risk": f"{RESULTS}/risk/examples.csv",
    "risk-parts": f"{RESULTS}/risk/parts.csv",
    "risk-expected": f"{RESULTS}/risk/expected.csv",
    "summary": f"{RESULTS}/summary.csv",
    "metrics": f"{RESULTS}/summary.json",
    "comparison": f"{RESULTS}/comparison/comparison.csv",
    "ranking": f"{RESULTS}/comparison/ranking.csv",
    "front": f"{RESULTS}/comparison/front.csv",
    "layers": f"{RESULTS}/layers/{{variant}}.csv",
    "layers-path": f"{RESULTS}/layers/path/{{variant}}.csv",
    "layers-check": f"{RESULTS}/layers/check/{{variant}}.csv",
    "layers-keep": f"{RESULTS}/layers/keep/{{variant}}.yaml",
    "computation": f"{RESULTS}/computation/{{variant}}.csv",
    "latency": f"{RESULTS}/latency/latency.csv",
    "verdict": f"{RESULTS}/gate/verdict.json",
    "verdict-markdown": f"{RESULTS}/gate/verdict.md",
    "passed": f"{RESULTS}/gate/passed.txt",
    "gallery": f"{RESULTS}/gallery/index.html",
}
"""Name of an artifact -> its path; those of statistics and figures are added by `steps`."""


def statistic(name: str, suffix: str) -> str:
    """The table of a statistic, one file a compressed variant."""
    return f"{RESULTS}/{name}/{{variant}}.{suffix}"


def figure(name: str, suffix: str) -> str:
    """A figure (`svg`, `pdf`) or the numbers that it shows (`csv`)."""
    return f"{RESULTS}/figures/{name}.{suffix}"


def version(study: str, step: str, variant: str = "") -> Path:
    """The file with the version of the nodes of a step: their code and settings. All shards of a variant share it."""
    return Path("results/versions", study, step, variant or "all")
