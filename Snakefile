"""Lesion's pipeline for Snakemake; dvc.yaml holds the same for DVC."""

from snakemake.utils import min_version

min_version("9.0")


configfile: "params.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/populations.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/comparison.smk"


localrules:
    all,
    comparison,
    figures,
    tables,


rule all:
    default_target: True
    input:
        rules.figures.input,
        rules.tables.input,
        expand("results/{study}/gallery/index.html", study=ACTIVE["studies"]),
        comparison_of(ACTIVE["comparisons"]),


onsuccess:
    shell(
        "lesion code"
    )  # so that `dvc commit` finds the code versions that its stages depend on
