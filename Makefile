# make        install, run the default study, write the report
# make test   the tests; make check  the linters; make bench  the measurements of docs/PERFORMANCE.md
# make bench-statistics  whether tests, intervals and the null keep what they promise, by simulation
# make bench-architectures  networks of timm and torchvision through every operation
# make figures  redraw the figures of a published study, from its predictions; installs no torch
# make docs   the site, in site/; make lock  resolve the pins anew
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed-pipeline
INSTALLED_WITH_TORCH := .venv/installed-train,dev
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: all figures install test check bench bench-statistics bench-architectures docs lock clean

all: install
	snakemake --cores all 2>&1 | python -m lesion.pipeline.steps_left
	snakemake --report report.html --report-stylesheet workflow/report/report.css --quiet all
	@echo "The report is in report.html, the gallery in results/digits/gallery/index.html."

# The reviewer's path: what was published of a study is pulled, the figures are drawn anew, nothing is trained.
figures: $(INSTALLED)
	dvc pull $$(lesion dvc --published)
	lesion adopt snakemake
	snakemake --cores all figures

install: $(INSTALLED_WITH_TORCH)

# What follows `installed-` are extras of pyproject.toml.
.venv/installed-%: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint requirements.lock --editable ".[$*]"
# The photographs of frost. The package's own dependencies would put a second OpenCV beside the headless one.
	$(BIN)/pip install --quiet --no-deps imagecorruptions==1.1.2
	@touch $@

test: install
	pytest --numprocesses 2 --dist loadgroup

check: install
	ruff check
	ruff format --check
	mypy
	lint-imports
	snakefmt --check Snakefile workflow
	snakemake --lint

bench: install
	python -m bench

# Whether the statistics keep what they promise, on populations of which the truth is known.
bench-statistics: install
	python -m bench.statistics

# Architectures of timm and torchvision through every operation: the table of docs/ARCHITECTURES.md.
bench-architectures: install
	python -W ignore -m bench.architectures

docs: .venv/installed-docs
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict --quiet

# Resolve what pyproject.toml asks for (pins that still fit stay), and write for conda those that the pipeline needs.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --no-annotate
lock:
	$(COMPILE) --all-extras --custom-compile-command "make lock" pyproject.toml --output-file requirements.lock
	$(COMPILE) --extra train --no-header --constraint requirements.lock pyproject.toml | $(PYTHON) workflow/conda_pins.py > environment.yml

clean:
	rm -rf results logs report.html .snakemake site
