"""What all rules share: what is active, and the parts of params.yaml and of the code that a node depends on."""

from lesion.code_version import code_version
from lesion.params.file import validate
from lesion.plugins import load
from lesion.steps import COMPARISON_FIGURE, modules, settings

validate(config)

ENVIRONMENT = (
    "../../environment.yml"  # used with --software-deployment-method conda alone
)
ACTIVE = config["active"]
COMPRESSED = ACTIVE["trained"] + ACTIVE["derived"]
FIGURES = [figure for figure in config["figures"] if figure != COMPARISON_FIGURE]
EXAMPLES = "results/{study}/data/examples.parquet"
IMAGES = "results/{study}/data/images.safetensors"
ADVERSARIAL = "results/{study}/data/adversarial.safetensors"
CHECKPOINT = "results/{study}/checkpoints/{variant}/{shard}.safetensors"
PREDICTIONS = "results/{study}/predictions/{variant}/{shard}.parquet"
ROBUSTNESS = "results/{study}/robustness/{variant}/{shard}.parquet"
IMPACT = "results/{study}/impact/{variant}.csv"
PIE = "results/{study}/pie/{variant}.parquet"
SUBGROUPS = "results/{study}/subgroups/{variant}.csv"
EFFECTS = "results/{study}/effects/{variant}.csv"
NULL = "results/{study}/null/{variant}.csv"
SUMMARY = "results/{study}/summary.csv"
COMPARISON = "results/{study}/comparison/comparison.csv"
RANKING = "results/{study}/comparison/ranking.csv"
FIGURE = "results/{study}/figures/{figure}.svg"


wildcard_constraints:
    study="|".join(config["studies"]),
    variant="|".join(config["variants"]),
    shard=r"\d+-\d+",


def part(step, **names):
    """The part of params.yaml that a node of `step` sees."""
    return lambda wildcards: settings(step, dict(wildcards) | names, config)


def code(step, **names):
    """The version of the code that a node of `step` runs."""
    return lambda wildcards: code_version(
        modules(step, dict(wildcards) | names, config)
    )


def threads(part_of_study):
    """Cores of a job: the threads that compute and the processes that read ahead, as the study says of this part."""

    def cores(wildcards):
        settings = config["studies"][wildcards.study][part_of_study]
        return settings["threads"] + settings["workers"]

    return cores


def of_kind(kind):
    """The variants of the catalogue that train from scratch, or that derive from dense members."""
    return "|".join(
        name
        for name, variant in config["variants"].items()
        if load("method", variant["method"]).KIND == kind
    )


def population(pattern, variant=None):
    """All shards of one population: of `variant`, or of the rule's own."""
    return lambda wildcards: [
        pattern.format(
            study=wildcards.study, variant=variant or wildcards.variant, shard=shard
        )
        for shard in ACTIVE["shards"]
    ]


def compressed(pattern):
    """The files of every active compressed variant, all shards where the pattern has them."""
    return lambda wildcards: expand(
        pattern, study=wildcards.study, variant=COMPRESSED, shard=ACTIVE["shards"]
    )


def everything(pattern):
    """The files of dense and of every active compressed variant, all shards."""
    return lambda wildcards: expand(
        pattern,
        study=wildcards.study,
        variant=["dense", *COMPRESSED],
        shard=ACTIVE["shards"],
    )


def compared(pattern):
    """The files of dense and of every compared variant, all shards."""
    return lambda wildcards: expand(
        pattern,
        study=wildcards.study,
        variant=[
            "dense",
            *config["comparison"]["trained"],
            *config["comparison"]["derived"],
        ],
        shard=config["comparison"]["shards"],
    )


def comparison_of(studies):
    """What there is to see of the comparison in these studies."""
    return expand(
        [COMPARISON, RANKING, FIGURE], study=studies, figure=COMPARISON_FIGURE
    )


def drawn(figure):
    """The three files of a figure; the SVG is what the report shows."""
    pattern = f"results/{{study}}/figures/{figure}"
    labels = {"study": "{study}", "figure": figure}
    return {
        "svg": report(
            f"{pattern}.svg",
            caption=f"../report/{figure}.rst",
            category="Figures",
            labels=labels,
        ),
        "pdf": f"{pattern}.pdf",
        "numbers": f"{pattern}.csv",
    }
