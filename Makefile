# `make demo` shows the product, `make test` runs everything CI runs. Both set themselves up and are safe to repeat.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; raise SystemExit(not (3,11) <= sys.version_info[:2] < (3,14))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt

.PHONY: help demo test check lint types imports browser unit docs bench audit sbom install dev clean

help:  ## this text
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Ascertain needs Python 3.11, 3.12 or 3.13 on the PATH (or: make $(MAKECMDGOALS) PYTHON=/path/to/python)"; exit 2; }
	@echo "creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --upgrade pip

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing Ascertain and its packages (a few minutes the first time)"
	@$(PIP) install -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	@echo "installing the development tools"
	@$(PIP) install --group dev
	@touch $@

install: $(VENV)/.installed  ## set up .venv

dev: $(VENV)/.dev  ## set up .venv with the development tools

demo: $(VENV)/.installed  ## the demonstration, end to end, offline
	@$(BIN)/ascertain demo

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

# The pages are proved in a real browser; Debian's own, where we may install it.
browser:  ## Debian's chromium for the tests of the pages (as root; else it says what is missing)
	@for p in chromium chromium-browser google-chrome google-chrome-stable; do command -v $$p >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing chromium, in which the pages are tested"; \
		{ apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium >/dev/null; } \
			|| echo "chromium could not be installed: the tests of the pages will be skipped"; \
	else echo "no chromium on the PATH: the tests of the pages will be skipped (as root: apt-get install chromium)"; fi

# Real workers, servers and browsers can be late where three tests share two cores. What failed is tried once more,
# alone; both tries are printed, and what fails again fails.
unit: $(VENV)/.dev
	@$(BIN)/python -m pytest -n 3 --dist worksteal || { [ $$? -eq 1 ] && echo "once more, alone:" && \
		$(BIN)/python -m pytest --last-failed --last-failed-no-failures none --maxfail 5; }

test: lint types imports browser unit  ## everything CI runs

docs: $(VENV)/.dev  ## the site of the documents, into build/site; needs no network
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet

bench: $(VENV)/.dev  ## the benchmarks (ratios within one run)
	$(BIN)/python -m benchmarks

audit:  ## every pinned package against the published advisories (needs the network)
	@$(PYTHON) -m venv .supply && .supply/bin/python -m pip --disable-pip-version-check -q install --group supply
	.supply/bin/pip-audit --strict --disable-pip --no-deps --requirement constraints.txt

sbom:  ## build/sbom.json: what an installation is made of, as CycloneDX
	@$(PYTHON) -m venv .supply && .supply/bin/python -m pip --disable-pip-version-check -q install --group supply
	@rm -rf .bare && $(PYTHON) -m venv .bare && .bare/bin/python -m pip --disable-pip-version-check -q install '.[postgres,traces]'
	@mkdir -p build
	.supply/bin/cyclonedx-py environment .bare --pyproject pyproject.toml --output-reproducible --of JSON --outfile build/sbom.json
	@rm -rf .bare

clean:  ## remove the virtual environment and local state
	rm -rf $(VENV) .supply .bare build .ascertain .mypy_cache .ruff_cache .pytest_cache
