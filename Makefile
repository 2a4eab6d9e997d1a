# Needs python3 (3.11 or newer) and make; everything else is installed into .venv.
.DEFAULT_GOAL := help
.PHONY: help install install-all demo serve test test-full check bench clean

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)
RUN := .venv/bin/python
SYSTEM_PG = $(shell ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
INSTALL = $(if $(PYTHON),$(PYTHON) scripts/install.py,@echo "No Python 3.11 or newer found: install one, or make PYTHON=/path/to/python3" >&2; exit 1;)

help: ## these lines
	@sed -n 's/^\([a-z-]*\):.*## /  make \1 — /p' Makefile

install: ## .venv with what the program needs
	@$(INSTALL)

install-all:
	@$(INSTALL) lint realdata test

demo: install ## the program with demo data, on servers of its own
	$(RUN) -m app demo

serve: install ## the program without demo data
	$(RUN) -m app serve

test: install-all ## the tests
	$(RUN) -m pytest -n 2 --dist loadgroup -q

test-full: install-all ## the tests, and the long ones: faults, fuzz, load; then on the system's PostgreSQL if there is one
	$(RUN) -m pytest -n 2 --dist loadgroup -q -m "full or not full"
	$(if $(SYSTEM_PG),TEST_PG_BINDIR=$(SYSTEM_PG) $(RUN) -m pytest -n 2 --dist loadgroup -q,@echo "No system PostgreSQL here.")

check: install-all ## style, types, import order, migrations
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy --strict app graphql_schema
	.venv/bin/lint-imports --no-logo
	$(RUN) -m scripts.check_migrations

bench: install-all ## speed of shop pages and orders, beside their limits
	$(RUN) -m scripts.bench

clean: ## remove .venv and all that tools left; .data stays
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
