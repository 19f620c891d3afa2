PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
export HOST PORT
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Compiled once and kept: else each of the servers that the tests start compiles the product again.
unexport PYTHONDONTWRITEBYTECODE

# A stamp carries what it stands for in its name: another Python or another requirements file means another stamp.
VENV := .venv/.stamp-python-$(shell $(PYTHON) -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null)
RUN := .venv/.stamp-run-$(shell cksum < requirements.txt | tr -d ' ')
DEV := .venv/.stamp-dev-$(shell cksum < requirements-dev.txt | tr -d ' ')
# The lock names every package, so pip has nothing to resolve: an older pip would look for newer releases behind an extra.
INSTALL := .venv/bin/python -m pip install --quiet --require-hashes --no-deps
LOCK := .venv/bin/uv pip compile --quiet --universal --python-version 3.11.2 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
PYBABEL := .venv/bin/pybabel --quiet
CATALOGUE := deust/translations

.PHONY: help serve test test-fast check bench format lock catalog vendor clean
.NOTPARALLEL:
.DEFAULT_GOAL := help

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

serve: $(RUN) ## start DEUST on http://127.0.0.1:8000 with its demo accounts (HOST, PORT)
	@exec .venv/bin/python -m deust

test: $(DEV) ## run every test, browser and PostgreSQL included (ARGS="-k word")
	.venv/bin/python -m pytest -n 4 $(ARGS)

test-fast: $(DEV) ## run what is under the pages: rules, courses, tables, queries, acts, on SQLite
	.venv/bin/python -m pytest -m "not slow and not browser and not postgres" -n 2 -q --hypothesis-profile=fast \
		$(addprefix tests/,domain content exchange models queries services test_architecture.py) $(ARGS)

check: $(DEV) ## lint, formatting, types, import contracts, templates, courses
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/djlint --lint --quiet templates
	.venv/bin/flask --app wsgi courses check

bench: $(DEV) ## measure DEUST beside its floors
	.venv/bin/python -m bench $(ARGS)

format: $(DEV) ## format the Python code and apply the safe corrections
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

lock: $(DEV) ## pin requirements*.in into requirements*.txt (ARGS=--upgrade)
	$(LOCK) $(ARGS) requirements.in -o requirements.txt
	$(LOCK) $(ARGS) requirements-dev.in -o requirements-dev.txt

catalog: $(DEV) ## collect the French sentences, update and compile the English catalogue
	mkdir -p $(CATALOGUE)
	$(PYBABEL) extract -F pyproject.toml --project=DEUST --header-comment="# English catalogue of DEUST" \
		--sort-by-file --no-wrap -o $(CATALOGUE)/messages.pot deust templates
	test -f $(CATALOGUE)/en/LC_MESSAGES/messages.po \
		|| $(PYBABEL) init -i $(CATALOGUE)/messages.pot -d $(CATALOGUE) -l en --no-wrap
	$(PYBABEL) update -i $(CATALOGUE)/messages.pot -d $(CATALOGUE) --no-wrap --no-fuzzy-matching \
		--ignore-obsolete --ignore-pot-creation-date
	$(PYBABEL) compile -d $(CATALOGUE) --statistics
	rm $(CATALOGUE)/messages.pot

vendor: $(DEV) ## refresh fonts, icons and axe-core from npm
	.venv/bin/python tools/vendor.py install
	.venv/bin/python tools/fonts.py
	.venv/bin/python tools/vendor.py

clean: ## remove what make made; the data under instance/ stays
	rm -rf .venv node_modules htmlcov .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 2))' 2>/dev/null || { \
		echo "DEUST demande Python 3.11.2 ou plus récent : sudo apt-get install python3"; \
		echo "DEUST needs Python 3.11.2 or later: sudo apt-get install python3"; exit 1; } >&2
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Paquet python3-venv manquant : sudo apt-get install python3-venv"; \
		echo "The python3-venv package is missing: sudo apt-get install python3-venv"; exit 1; } >&2
	@echo "Création de .venv"
	@$(PYTHON) -m venv --clear .venv
	@touch $@

$(RUN): | $(VENV)
	@echo "Installation des paquets de requirements.txt"
	@$(INSTALL) -r requirements.txt
	@rm -f .venv/.stamp-run-* && touch $@

$(DEV): | $(RUN)
	@echo "Installation des paquets de requirements-dev.txt"
	@$(INSTALL) -r requirements-dev.txt
	@rm -f .venv/.stamp-dev-* && touch $@
