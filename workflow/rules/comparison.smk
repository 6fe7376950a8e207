"""The comparison of methods, in studies of its own: the same nodes up to the predictions, then one table for all."""


rule compare:
    input:
        examples=EXAMPLES,
        predictions=compared(PREDICTIONS),
    output:
        comparison=report(
            COMPARISON,
            caption="../report/comparison_table.rst",
            category="Comparison",
            labels={"study": "{study}", "table": "comparison"},
        ),
        ranking=report(
            RANKING,
            caption="../report/ranking.rst",
            category="Comparison",
            labels={"study": "{study}", "table": "ranking"},
        ),
    log:
        "logs/comparison/{study}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("comparison"),
        settings=part("comparison"),
    shell:
        "lesion comparison --study {wildcards.study} 2> {log}"


rule comparison:
    input:
        comparison_of(config["comparison"]["studies"]),
