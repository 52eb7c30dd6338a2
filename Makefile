# make demo            a desk with sample mails, to look at (ONCE=1: check the samples and stop)
# make test            everything: lint, types, every Python of this machine, the wheel, all tests with real servers
# make check           lint, types and unit tests only
# make fuzz            mutated mails for a while, for every night (SECONDS=300); finds go to tests/fuzz/finds
# make nightly         the parts of what takes too long for every change; PART=tokens runs one of them, at most an hour (SEED=, SECONDS=, FROM=)
# make language-model  mailbridge/message/languages.model again, after an upgrade of py3langid
# make catalogues      the words of mails: brings the .po files up to the templates and compiles them to .mo files
# make docs            the documentation site, in build/site
# make deb             the Debian package, in dist
# make release         wheel, source distribution, Debian package, bill of materials and checksums of a version, in dist (UNRELEASED=1: a trial)
# make lock            the pinned packages again, after a change of pyproject.toml

SHELL := /bin/bash
VENV ?= .venv
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && { echo $$p; break; }; done)
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-input
WORKERS ?= 2
PYTEST_FLAGS ?=

.PHONY: demo test check lint servers pythons test-pythons wheel-test conformance fuzz nightly language-model lock catalogues docs deb release wheel clean
.DELETE_ON_ERROR:

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 to 3.14 found; name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "make: on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

# Runtime packages and those of the pages are enough for the demo; every file is checked against the hash in the lock.
$(VENV)/runtime.stamp: requirements/web.lock | $(BIN)/python
	@echo "installing mailbridge's packages into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements/web.lock
	@touch $@

# An environment from before the package was called mailbridge-desk still has it under its old name.
$(VENV)/dev.stamp: requirements/dev.lock pyproject.toml | $(BIN)/python
	@echo "installing mailbridge's packages and tools into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements/dev.lock
	@$(BIN)/python -m pip uninstall --quiet --yes mailbridge 2>/dev/null || true
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/runtime.stamp

demo: $(VENV)/runtime.stamp
	@$(BIN)/python -m mailbridge demo $(if $(ONCE),--once)

# One run tells everything that is wrong.  What uses one core goes side by side: lint and the wheel, then the other Pythons beside the tests,
# which leave cores idle while they wait for servers; what the other Pythons said comes after pytest's summary.
test: servers $(VENV)/dev.stamp
	@status=0; $(MAKE) --no-print-directory --keep-going --jobs=2 --output-sync lint wheel-test || status=1; \
	said=$$(mktemp); set -m; $(MAKE) --no-print-directory test-pythons WORKERS=0 >"$$said" 2>&1 & pythons=$$!; set +m; \
	trap 'kill -- -$$pythons 2>/dev/null; rm -f "$$said"' EXIT; \
	$(BIN)/pytest -n $(WORKERS) $(PYTEST_FLAGS) || status=1; \
	wait $$pythons || status=1; cat "$$said"; exit $$status

check: lint
	$(BIN)/pytest -n $(WORKERS) tests/unit $(PYTEST_FLAGS)

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/mypy

servers:
	@tests/install-servers.sh

pythons: $(VENV)/dev.stamp
	@tests/on-every-python.sh $(BIN)/python install

test-pythons: pythons
	@tests/on-every-python.sh $(BIN)/python $(WORKERS)

wheel: $(VENV)/dev.stamp
	$(BIN)/python -m build --wheel --no-isolation

wheel-test: $(VENV)/dev.stamp
	@tests/wheel.sh $(BIN)/python

conformance: $(VENV)/dev.stamp
	$(BIN)/python -m tests.conformance

fuzz: $(VENV)/dev.stamp
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),300)

nightly: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.nightly $(PART) $(if $(SEED),--seed $(SEED)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(FROM),--from $(FROM))

language-model: $(VENV)/dev.stamp
	$(BIN)/python -m tools.language_model

catalogues: $(VENV)/dev.stamp
	@$(BIN)/python -m tools.catalogues

docs: $(VENV)/dev.stamp
	@$(BIN)/python -m tools.site

deb: $(VENV)/dev.stamp
	@$(BIN)/python -m tools.deb

release: $(VENV)/dev.stamp
	@$(BIN)/python -m tools.release $(if $(UNRELEASED),--unreleased)

# Each of them has a wheel of every pin, or pyproject.toml may not offer it.
PYTHONS := 3.11 3.12 3.13 3.14
LOCK := uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock"
lock: | $(BIN)/python
	$(PIP) uv
	$(BIN)/$(LOCK) pyproject.toml -o requirements/runtime.lock
	$(BIN)/$(LOCK) pyproject.toml --extra web -c requirements/runtime.lock -o requirements/web.lock
	$(BIN)/$(LOCK) pyproject.toml requirements/dev.in --extra dev --extra web --extra otel -c requirements/web.lock -o requirements/dev.lock
	for version in $(PYTHONS); do $(BIN)/uv pip install --quiet --dry-run --no-deps --require-hashes --only-binary :all: --no-binary dkimpy --no-binary pyspf --python-version $$version \
		--python-platform x86_64-manylinux_2_28 --target build/$$version -r requirements/web.lock || exit 1; done

clean:
	rm -rf build dist demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find mailbridge tests -name __pycache__ -type d -prune -exec rm -rf {} +
