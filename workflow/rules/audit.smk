"""What compression changed: class by class, example by example, and beside it what seed noise alone changes."""


rule impact:
    input:
        examples=EXAMPLES,
        dense=population(PREDICTIONS, "dense"),
        compressed=population(PREDICTIONS),
    output:
        report(
            IMPACT,
            caption="../report/impact_table.rst",
            category="Tables",
            labels={"table": "impact", "variant": "{variant}"},
        ),
    log:
        "logs/impact/{study}-{variant}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("impact"),
        settings=part("impact"),
    shell:
        "lesion impact --study {wildcards.study} --variant {wildcards.variant} 2> {log}"


rule pie:
    input:
        examples=EXAMPLES,
        dense=population(PREDICTIONS, "dense"),
        compressed=population(PREDICTIONS),
    output:
        PIE,
    log:
        "logs/pie/{study}-{variant}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("pie"),
        settings=part("pie"),
    shell:
        "lesion pie --study {wildcards.study} --variant {wildcards.variant} 2> {log}"


rule subgroups:
    input:
        examples=EXAMPLES,
        dense=population(PREDICTIONS, "dense"),
        compressed=population(PREDICTIONS),
    output:
        report(
            SUBGROUPS,
            caption="../report/subgroups_table.rst",
            category="Tables",
            labels={"table": "subgroups", "variant": "{variant}"},
        ),
    log:
        "logs/subgroups/{study}-{variant}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("subgroups"),
        settings=part("subgroups"),
    shell:
        "lesion subgroups --study {wildcards.study} --variant {wildcards.variant} 2> {log}"


rule effects:
    input:
        examples=EXAMPLES,
        dense=population(PREDICTIONS, "dense"),
        compressed=population(PREDICTIONS),
    output:
        report(
            EFFECTS,
            caption="../report/effects_table.rst",
            category="Tables",
            labels={"table": "effects", "variant": "{variant}"},
        ),
    log:
        "logs/effects/{study}-{variant}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("effects"),
        settings=part("effects"),
    shell:
        "lesion effects --study {wildcards.study} --variant {wildcards.variant} 2> {log}"


rule null:
    input:
        examples=EXAMPLES,
        dense=population(PREDICTIONS, "dense"),
        compressed=population(PREDICTIONS),
    output:
        report(
            NULL,
            caption="../report/null_table.rst",
            category="Tables",
            labels={"table": "null", "variant": "{variant}"},
        ),
    log:
        "logs/null/{study}-{variant}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("null"),
        settings=part("null"),
    shell:
        "lesion null --study {wildcards.study} --variant {wildcards.variant} 2> {log}"


rule summary:
    input:
        predictions=everything(PREDICTIONS),
        impact=compressed(IMPACT),
        pie=compressed(PIE),
        effects=compressed(EFFECTS),
        null=compressed(NULL),
    output:
        report(
            SUMMARY,
            caption="../report/summary.rst",
            category="Summary",
            labels={"table": "summary", "variant": "all"},
        ),
        "results/{study}/summary.json",
    log:
        "logs/summary/{study}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("summary"),
        settings=part("summary"),
    shell:
        "lesion summary --study {wildcards.study} 2> {log}"


rule tables:
    input:
        expand(SUMMARY, study=ACTIVE["studies"]),
        expand([IMPACT, PIE, SUBGROUPS], study=ACTIVE["studies"], variant=COMPRESSED),
        expand(
            ROBUSTNESS,
            study=ACTIVE["studies"],
            variant=["dense", *COMPRESSED],
            shard=ACTIVE["shards"],
        ),
