"""Data, populations of models, and what they say of images."""


rule data:
    output:
        examples=EXAMPLES,
        images=IMAGES,
    log:
        "logs/data/{study}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("data"),
        settings=part("data"),
    shell:
        "lesion data --study {wildcards.study} 2> {log}"


rule adversarial:
    input:
        examples=EXAMPLES,
        images=IMAGES,
    output:
        ADVERSARIAL,
    log:
        "logs/adversarial/{study}.log",
    conda:
        ENVIRONMENT
    threads: threads("recipe")
    resources:
        gpu=1,
    params:
        code=code("adversarial"),
        settings=part("adversarial"),
    shell:
        "lesion adversarial --study {wildcards.study} 2> {log}"


rule train:
    input:
        examples=EXAMPLES,
        images=IMAGES,
    output:
        CHECKPOINT,
    log:
        "logs/train/{study}-{variant}-{shard}.log",
    wildcard_constraints:
        variant=of_kind("trained"),
    conda:
        ENVIRONMENT
    threads: threads("recipe")
    resources:
        gpu=1,
    params:
        code=code("train"),
        settings=part("train"),
    shell:
        "lesion train --study {wildcards.study} --variant {wildcards.variant} --shard {wildcards.shard} 2> {log}"


rule compress:
    input:
        examples=EXAMPLES,
        images=IMAGES,
        dense=CHECKPOINT.replace("{variant}", "dense"),
    output:
        CHECKPOINT,
    log:
        "logs/compress/{study}-{variant}-{shard}.log",
    wildcard_constraints:
        variant=of_kind("derived"),
    conda:
        ENVIRONMENT
    params:
        code=code("compress"),
        settings=part("compress"),
    shell:
        "lesion compress --study {wildcards.study} --variant {wildcards.variant} --shard {wildcards.shard} 2> {log}"


rule predict:
    input:
        examples=EXAMPLES,
        images=IMAGES,
        checkpoint=CHECKPOINT,
    output:
        PREDICTIONS,
    log:
        "logs/predict/{study}-{variant}-{shard}.log",
    conda:
        ENVIRONMENT
    threads: threads("evaluation")
    resources:
        gpu=1,
    params:
        code=code("predict"),
        settings=part("predict"),
    shell:
        "lesion predict --study {wildcards.study} --variant {wildcards.variant} --shard {wildcards.shard} 2> {log}"


rule robustness:
    input:
        examples=EXAMPLES,
        images=IMAGES,
        adversarial=ADVERSARIAL,
        checkpoint=CHECKPOINT,
    output:
        ROBUSTNESS,
    log:
        "logs/robustness/{study}-{variant}-{shard}.log",
    conda:
        ENVIRONMENT
    threads: threads("evaluation")
    resources:
        gpu=1,
    params:
        code=code("robustness"),
        settings=part("robustness"),
    shell:
        "lesion robustness --study {wildcards.study} --variant {wildcards.variant} --shard {wildcards.shard} 2> {log}"
