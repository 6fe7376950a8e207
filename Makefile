# make        install, run the default study, write the report
# make test   the tests; make check  the linters; make bench  the measurements of docs/PERFORMANCE.md
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: all install test check bench lock clean

all: install
	snakemake --cores all --quiet host progress
	snakemake --report report.html --quiet all
	@column -s, -t < results/digits/summary.csv | cut -c -100 2>/dev/null || true
	@echo "The report is in report.html, the gallery in results/digits/gallery/index.html."

install: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

test: install
	pytest --numprocesses 2

check: install
	ruff check
	ruff format --check
	mypy
	lint-imports
	snakefmt --check Snakefile workflow
	snakemake --lint

bench: install
	python -m bench

# Resolve anew what pyproject.toml asks for, and write the same pins for conda.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --extra dev --no-annotate --custom-compile-command "make lock" pyproject.toml --output-file requirements.lock
	python workflow/conda_pins.py > environment.yml

clean:
	rm -rf results logs report.html .snakemake
