# All that `make` needs is Python 3.11 or later with venv. HOST, PORT and DATABASE_URL are read from the environment or from .env.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
RUNTIME := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
ASSETS := registry_site/static/licences.txt
SOURCES := $(wildcard registry_site/ui/*.py registry_site/ui/theme/* registry_site/ui/scripts/* registry_site/locale/*/*/messages.po)
FAST := not slow and not browser and not postgres

.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help run test check lint bench assets packages browser verifiers lock clean

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(MAKEFILE_LIST)

run: $(RUNTIME) $(ASSETS) ## serve the register with its demonstration
	@$(VENV)/bin/registry migrate
	@$(VENV)/bin/registry demo --if-empty
	@exec $(VENV)/bin/registry serve --welcome

test: $(DEV) packages $(ASSETS) browser verifiers ## run every test
	$(PY) -m pytest -n 2 --dist loadfile

check: lint $(ASSETS) ## lint, types, imports and the fast tests
	$(PY) -m pytest -m "$(FAST)" -q -n auto --dist loadfile

lint: $(DEV)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-logo

bench: $(DEV) $(ASSETS) ## measure, and print a table with ratios
	$(PY) -m bench

assets: $(ASSETS) ## build style sheet, scripts, fonts and the texts of other languages

# -- The environment, exactly as locked ------------------------------------------

$(PY):
	@for python in $(PYTHON) python3.11 python3.12 python3.13 python3 python; do \
		if "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Environment: $$("$$python" --version) in $(VENV)"; \
			exec "$$python" -m venv $(VENV); \
		fi; \
	done; \
	echo "This needs Python 3.11 or later with its venv module (Debian: apt install python3-venv). Name another one with PYTHON=..." >&2; \
	exit 1

$(RUNTIME): requirements.lock pyproject.toml | $(PY)
	@echo "Environment: installing what requirements.lock names"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	@echo "Environment: installing what requirements-dev.lock names"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

# Other people's styles and scripts come by npm; where the machine has none, by the wheel that brings it.
$(ASSETS): package.json package-lock.json $(SOURCES) | $(RUNTIME)
	@{ node --version && npm --version; } >/dev/null 2>&1 || $(PIP) install --require-hashes -r requirements-node.lock
	@$(PY) -m registry_site.ui.build
	@touch $@

# What only tests need: the rules of axe, the checker of HTML, the provider of sign-in.
packages: | $(RUNTIME)
	@{ node --version && npm --version; } >/dev/null 2>&1 || $(PIP) install --require-hashes -r requirements-node.lock
	@$(PY) -m registry_site.ui.packages >/dev/null

browser:
	@if { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Browser: installing Chromium and fonts by apt-get"; \
		{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends chromium fonts-liberation; } \
			>/dev/null 2>&1 || echo "Browser: apt-get could not install Chromium, so the browser tests are skipped"; \
	else echo "Browser: no Chromium here and no right to install it, so the browser tests are skipped"; fi

# Go's note and tlog packages verify our log: code that nobody here wrote.
verifiers:
	@if command -v go >/dev/null && [ -d /usr/share/gocode/src/golang.org/x/mod ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Verifiers: installing Go and its module x/mod by apt-get"; \
		{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends golang-go golang-golang-x-mod-dev; } \
			>/dev/null 2>&1 || echo "Verifiers: apt-get could not install Go, so its tests are skipped"; \
	else echo "Verifiers: no Go with x/mod here and no right to install it, so its tests are skipped"; fi

# The locks serve every platform and name no address.
LOCK = $(VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate
lock: | $(PY) ## take newer versions into the lock files
	@$(PIP) install uv
	$(LOCK) pyproject.toml --group build --group dev --output-file requirements-dev.lock >/dev/null
	$(LOCK) pyproject.toml --group build --constraint requirements-dev.lock --output-file requirements.lock >/dev/null
	$(LOCK) --group node --output-file requirements-node.lock >/dev/null

clean: ## remove what was built and what tools left; stores under var/ stay
	rm -rf $(VENV) node_modules registry_site/static build dist *.egg-info
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find registry_site/locale -name "*.mo" -delete
