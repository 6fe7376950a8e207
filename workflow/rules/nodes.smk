"""A rule for each step. Two are called otherwise: a keyword of Python, and the name of a target."""

NAMES = {"import": "take", "comparison": "compare"}

for step in STEPS:

    rule:
        name:
            NAMES.get(step, step).replace("-", "_")
        input:
            **reads(step),
        output:
            **writes(step),
        log:
            f"logs/{step}/{'-'.join(f'{{{axis}}}' for axis in STEPS[step].per)}.log",
        wildcard_constraints:
            **variants(step),
        conda:
            ENVIRONMENT
        threads: cores(step)
        resources:
            **({"gpu": gpus(step)} if STEPS[step].gpu or step == "compress" else {}),
        params:
            code=lambda wildcards, step=step: code(GRAPH, node(step)(wildcards)),
            settings=lambda wildcards, step=step: settings(GRAPH, node(step)(wildcards)),
            command=lambda wildcards, step=step: GRAPH.command(node(step)(wildcards)),
        shell:
            "{params.command} 2> {log}"
