"""The steps of the pipeline, each declared once.

The command line, the rules of Snakemake, the stages of DVC, the paths and the code versions are made from this list. A
module in `audit/statistics` or `views/figures` is a step by lying there.
"""

from lesion.pipeline import artifacts
from lesion.pipeline.declared import Declared, figures, readers, statistics
from lesion.pipeline.step import Input, Step

SHARD = ("study", "variant", "shard")
VARIANT = ("study", "variant")
STUDY = ("study",)

MODEL = {"model": "studies.{study}.model"}
RECIPE = {"recipe": "studies.{study}.recipe"}
EVALUATION = {"evaluation": "studies.{study}.evaluation"}
COMPRESSION = {"compression": "variants.{variant}"}
SEED = {"root_seed": "root_seed"}
BUDGET = {"budget": "studies.{study}.budget"}
LAYERS = {"layers": "studies.{study}.layers"}
VARIANTS = "variants.*"
"""The key of all variants that a node reads populations of."""
LATENCY = {"settings": "studies.{study}.latency"}
CALIBRATION = {"parent_compression": "variants.{parent}", "calibration": "studies.{study}.calibration"}
DESIGN = {"design": "audit.design", "cluster": "studies.{study}.cluster"}

EXAMPLES = {"examples": Input("examples")}
DATA = EXAMPLES | {"images": Input("images")}
STORED = DATA | {"checkpoint": Input("checkpoint")}
COMPARED = {
    "dense": Input("predictions", of="dense", over="shards"),
    "compressed": Input("predictions", over="shards"),
}
POPULATIONS = {"predictions": Input("predictions", over="populations")}
COMPRESSED = ("trained", "derived", "external")


def _statistic(found: Declared) -> Step:
    artifacts.PLACES[found.name] = artifacts.statistic(found.name, found.constants["SUFFIX"])
    return Step(
        found.summary,
        "lesion.audit.node:write_statistic",
        VARIANT,
        EXAMPLES | COMPARED,
        {"table": found.name},
        SEED | DESIGN | found.constants.get("SETTINGS", {}),
        kinds=COMPRESSED,
        fixed={"statistic": found.module.rpartition(".")[2]},
        modules=(found.module,),
    )


def _figure(found: Declared) -> Step:
    over = {"predictions": "populations", "robustness": "populations"} | dict.fromkeys(STATISTICS, "compressed")
    over["computation"] = "compressed"
    over |= dict.fromkeys(("layers", "layers-path", "layers-check"), "named")
    for suffix in ("svg", "pdf", "csv"):
        artifacts.PLACES[f"figure-{found.name}-{suffix}"] = artifacts.figure(found.name, suffix)
    return Step(
        found.summary,
        f"{found.module}:draw",
        STUDY,
        {name.replace("-", "_"): Input(name, over=over.get(name, "one")) for name in found.constants["INPUTS"]},  # type: ignore[arg-type]
        {"svg": f"figure-{found.name}-svg", "pdf": f"figure-{found.name}-pdf", "numbers": f"figure-{found.name}-csv"},
        {"figure": f"figures.{found.name}"} | found.constants.get("SETTINGS", {}),
        command="figure",
        fixed={"figure": found.name},
        comparison=found.constants.get("OF_COMPARISON", False),
        active=not found.constants.get("OF_COMPARISON", False),
        only_with=found.constants.get("ONLY_WITH", ""),
        only_made=found.constants.get("ONLY_MADE", ""),
    )


STATISTICS: dict[str, Step] = {found.name: _statistic(found) for found in statistics()}

STEPS: dict[str, Step] = {
    "data": Step(
        "Write the study's examples and images.",
        "lesion.data.prepare:prepare", STUDY, {}, {"examples": "examples", "images": "images"},
        {"data": "studies.{study}.data"}, loads=("data",), comparison=True,
    ),
    "adversarial": Step(
        "Make the natural adversarial set with a reference model.",
        "lesion.predict.adversarial:adversarial", STUDY, DATA, {"adversarial": "adversarial"},
        SEED | MODEL | RECIPE | EVALUATION | {"source": "studies.{study}.adversarial"}, loads=("model", "source"),
        cores="recipe", gpu=True,
    ),
    "train": Step(
        "Train the members of a shard, dense or pruned while training.",
        "lesion.train.population:train", SHARD, DATA, {"checkpoint": "checkpoint"}, SEED | MODEL | RECIPE | COMPRESSION,
        kinds=("trained",), loads=("model", "compression"), comparison=True, cores="recipe", gpu=True, resumable=True,
        local=True, reads_members=True,
    ),
    "compress": Step(
        "Derive a compressed variant from the members of another.",
        "lesion.train.derive:compress", SHARD, DATA | {"parent": Input("checkpoint", of="{parent}")},
        {"checkpoint": "checkpoint"},
        SEED | MODEL | COMPRESSION | CALIBRATION,
        kinds=("derived",), loads=("model", "compression", "parent"), comparison=True, local=True,
    ),
    "predict": Step(
        "Write what each member says of each test example.",
        "lesion.predict.predictions:predict", SHARD, STORED, {"predictions": "predictions"},
        MODEL | EVALUATION | COMPRESSION, kinds=("trained", "derived"), loads=("model", "method"), comparison=True,
        cores="evaluation", gpu=True,
    ),
    "import": Step(
        "Take the predictions of an external variant from its file.",
        "lesion.audit.comparison.external:take", SHARD, EXAMPLES, {"predictions": "predictions"}, COMPRESSION,
        kinds=("external",), methods=("external",), loads=("method",), reads_file="variants.{variant}.predictions",
        comparison=True, modules=tuple(found.module for found in readers()),
    ),
    "run-onnx": Step(
        "Write what the ONNX files of an external variant say of each test example.",
        "lesion.deploy.node:run_onnx", SHARD, DATA, {"predictions": "predictions"}, MODEL | EVALUATION | COMPRESSION,
        kinds=("external",), methods=("onnx",), loads=("model", "method"), reads_file="variants.{variant}.file",
        comparison=True, cores="evaluation",
    ),
    "robustness": Step(
        "Count correct answers on corrupted and natural adversarial images.",
        "lesion.predict.robustness:robustness", SHARD, STORED | {"adversarial": Input("adversarial")},
        {"counts": "robustness"},
        MODEL | EVALUATION | COMPRESSION | {"robustness": "studies.{study}.robustness"},
        kinds=("trained", "derived"), loads=("model", "method"), cores="evaluation", gpu=True,
    ),
    "layers": Step(
        "Find which layers of a derived variant are to blame, and suggest which to leave alone.",
        "lesion.predict.layers.node:layers", VARIANT,
        DATA | {
            "parent": Input("checkpoint", of="{parent}", over="shards"),
            "checkpoint": Input("checkpoint", over="shards"),
        },
        {"table": "layers", "steps": "layers-path", "checked": "layers-check", "keep": "layers-keep"},
        SEED | MODEL | EVALUATION | COMPRESSION | CALIBRATION | LAYERS,
        kinds=("derived",), loads=("model", "compression", "parent"), only_with=LAYERS["layers"], comparison=True,
        cores="evaluation", gpu=True,
    ),
    "computation": Step(
        "Count the multiply-adds of each test image, by variants that choose what they compute.",
        "lesion.predict.computation:computation", VARIANT, DATA | {"checkpoints": Input("checkpoint", over="shards")},
        {"table": "computation"}, MODEL | EVALUATION | COMPRESSION, kinds=("trained",),
        methods=("fbs", "rnp", "switch"), loads=("model", "method"), cores="evaluation", gpu=True,
    ),
    "latency": Step(
        "Measure how long each variant takes on this machine, by every runtime that is installed.",
        "lesion.deploy.latency:latency", STUDY,
        DATA | {
            "checkpoints": Input("checkpoint", over="named-populations"),
            "predictions": Input("predictions", over="named-populations"),
        },
        {"table": "latency"}, MODEL | LATENCY | {"variants": VARIANTS}, loads=("model", "variants"),
        only_with=LATENCY["settings"], comparison=True,
    ),
    "risk": Step(
        "Rank examples, classes and groups by risk from the dense members alone.",
        "lesion.audit.foresight.node:write_risk", STUDY,
        EXAMPLES | {"dense": Input("predictions", of="dense", over="shards")},
        {"risk": "risk", "parts": "risk-parts", "expected": "risk-expected"}, {"groups": "studies.{study}.subgroups"},
    ),
    **STATISTICS,
    "summary": Step(
        "Write the headline table.",
        "lesion.audit.summary:write_summary", STUDY,
        POPULATIONS | {name.replace("-", "_"): Input(name, over="compressed") for name in STATISTICS},
        {"summary": "summary", "metrics": "metrics"}, {"alpha": "audit.impact.alpha"},
        modules=tuple(step.modules[0] for step in STATISTICS.values()),
    ),
    "comparison": Step(
        "Compare methods at all their levels, and rank them by what they forget.",
        "lesion.audit.methods.table:write_comparison", STUDY, EXAMPLES | POPULATIONS,
        {"comparison": "comparison", "ranking": "ranking"},
        SEED | DESIGN | {
            "settings": "audit.impact", "ties": "audit.ties", "halves": "audit.halves",
            "resamples": "comparison.resamples", "ranks": "comparison.ranking",
        },
        comparison=True, active=False,
    ),
    "front": Step(
        "Find which variants of the comparison are on the Pareto front of cost and loss.",
        "lesion.audit.methods.front:write_front", STUDY, POPULATIONS | {"latency": Input("latency")},
        {"front": "front"},
        {"ties": "audit.ties", "alpha": "audit.impact.alpha", "settings": "comparison.front"},
        only_with=LATENCY["settings"], comparison=True, active=False,
    ),
    **{f"figure-{found.name}": _figure(found) for found in figures()},
    "verdict": Step(
        "Judge the study's variants by its budget.",
        "lesion.audit.gate.node:write_verdict", STUDY,
        EXAMPLES | {"predictions": Input("predictions", over="named-populations")},
        {"verdict": "verdict", "markdown": "verdict-markdown"}, SEED | DESIGN | BUDGET,
        only_with=BUDGET["budget"], comparison=True,
    ),
    "gate": Step(
        "Pass, or fail the run, by the study's verdict.",
        "lesion.audit.gate.node:gate", STUDY, {"verdict": Input("verdict")}, {"passed": "passed"},
        only_with=BUDGET["budget"], comparison=True,
    ),
    "gallery": Step(
        "Write the page that shows the PIE.",
        "lesion.views.gallery.page:gallery", STUDY, DATA | {"pie": Input("pie", over="compressed")},
        {"page": "gallery"},
    ),
}  # fmt: skip
