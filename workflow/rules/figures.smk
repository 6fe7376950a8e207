"""The figures, each with its numbers beside, and the gallery of PIE."""

FIGURE_INPUTS = {
    "impact": {"impact": compressed(IMPACT)},
    "subgroups": {"subgroups": compressed(SUBGROUPS)},
    "counts": {"summary": SUMMARY},
    "pie-accuracy": {"predictions": everything(PREDICTIONS), "pie": compressed(PIE)},
    "robustness": {"robustness": everything(ROBUSTNESS)},
    "size": {"summary": SUMMARY},
    "pie-sheet": {"examples": EXAMPLES, "images": IMAGES, "pie": compressed(PIE)},
    COMPARISON_FIGURE: {"comparison": COMPARISON},
}

for figure in config["figures"]:

    rule:
        name:
            f"figure_{figure}".replace("-", "_")
        input:
            **FIGURE_INPUTS[figure],
        output:
            **drawn(figure),
        log:
            f"logs/figure/{{study}}-{figure}.log",
        conda:
            ENVIRONMENT
        params:
            code=code("figure", figure=figure),
            settings=part("figure", figure=figure),
            figure=figure,
        shell:
            "lesion figure --study {wildcards.study} --figure {params.figure} 2> {log}"


rule gallery:
    input:
        examples=EXAMPLES,
        images=IMAGES,
        pie=compressed(PIE),
    output:
        report(
            "results/{study}/gallery/index.html",
            caption="../report/gallery.rst",
            category="Gallery",
            labels={"study": "{study}", "figure": "gallery"},
        ),
    log:
        "logs/gallery/{study}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("gallery"),
        settings=part("gallery"),
    shell:
        "lesion gallery --study {wildcards.study} 2> {log}"


rule figures:
    input:
        expand(FIGURE, study=ACTIVE["studies"], figure=FIGURES),
        expand(FIGURE, study=ACTIVE["comparisons"], figure=COMPARISON_FIGURE),
