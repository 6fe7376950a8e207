# The pipeline, declared in src/lesion/pipeline; the rules are made from there. Without a target: the active studies.
#   snakemake --cores all [--resources gpu=4]   everything; or a target by name: figures, tables, verdicts,
#   comparison
from snakemake.utils import min_version

min_version("9.27")


configfile: "params.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/nodes.smk"


localrules:
    all,
    comparison,
    figures,
    tables,
    verdicts,


rule all:
    default_target: True
    input:
        outputs(ACTIVE),


rule figures:
    input:
        outputs(node for node in ACTIVE if node.declared.command == "figure"),


rule tables:
    input:
        outputs(node for node in ACTIVE if node.step in TABLES),


rule verdicts:
    input:
        outputs(node for node in ACTIVE if node.step == "verdict"),


rule comparison:
    input:
        outputs(nodes_of_comparison()),


onsuccess:
    shell(
        "lesion versions"
    )  # so that `dvc commit` finds the versions that its stages depend on
