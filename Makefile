# Everything a person types. Works with GNU make 3.81 (macOS) and later.
# Another Python: make lab PYTHON=python3.12     (to change it later, remove .venv first)

SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
ifndef PYTHON
PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11; do \
  $$python -c '$(SUPPORTED)' 2>/dev/null && echo $$python && break; done)
endif
VENV := .venv
PY := $(VENV)/bin/python
INSTALLED := $(VENV)/installed.stamp
LOCK := requirements-lock.txt

# A user's own settings must not reach into .venv, and compiled modules are kept: the second start is the fast one.
export PYTHONNOUSERSITE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_USER := 0
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE VIRTUAL_ENV

.PHONY: help lab test test-all music bench tournament vocoder networks stylist editions book colab-check lock
.DEFAULT_GOAL := help

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

lab: $(INSTALLED) ## Set up once, then open JupyterLab at chapter 00
	$(PY) -m jupyterlab notebooks/00_hear_a_picture.ipynb $(if $(filter 0,$(shell id -u)),--allow-root) $(OPTIONS)

test: $(INSTALLED) ## Set up once, then every check that takes no minutes by itself: ruff, mypy, pytest
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m pytest -n $(or $(JOBS),2) --dist loadfile --no-loadscope-reorder $(OPTIONS)

test-all: ## The same, and the slow checks too
	$(MAKE) test OPTIONS="-m 'slow or not slow' $(OPTIONS)"

music: $(INSTALLED) ## One picture to music: make music PICTURE=photo.jpg OPTIONS="-o photo.wav --seconds 30"
	@test -n "$(PICTURE)" || { echo 'Name a picture: make music PICTURE=photo.jpg' >&2; exit 2; }
	$(PY) -m imgmusic_edu "$(PICTURE)" $(OPTIONS)

bench: $(INSTALLED) ## Time, memory and faithfulness, beside what one would use instead
	$(PY) -m benchmarks $(OPTIONS)

tournament: $(INSTALLED) ## All roads on the same pictures, by every measure: make tournament OPTIONS="--road mine.py:my_road"
	$(PY) -m benchmarks tournament $(OPTIONS)

vocoder: $(INSTALLED) ## Train the vocoder again (an hour of one core; Ctrl-C keeps it, again goes on), card and weights to data/
	$(PY) -m imgmusic_edu.networks.vocoder train --export data/models/vocoder.npz $(OPTIONS)

networks: $(INSTALLED) ## Train codec and mappings again (an hour of one core; Ctrl-C keeps it, again goes on), weights to data/
	$(PY) -m imgmusic_edu.networks.pairs
	$(PY) -m imgmusic_edu.networks.codec_training --export data/models/codec.npz $(OPTIONS)
	$(PY) -m imgmusic_edu.networks.mapping_training all --export data/models $(OPTIONS)
	$(PY) -m imgmusic_edu.networks.finish --export data/models/mapping_finish.npz

stylist: $(INSTALLED) ## Train the stylist again (an hour of one core; Ctrl-C keeps it, again goes on), weights to data/
	$(PY) -m imgmusic_edu.networks.stylist_training --export data/models/stylist.npz $(OPTIONS)

editions: $(INSTALLED) ## Make the notebooks again from notebooks/source
	$(PY) -m imgmusic_edu.editions $(OPTIONS)

book: $(INSTALLED) ## Run the chapters that changed and make the book in build/book/html (OPTIONS=--minutes writes MINUTES.md too)
	$(PY) -m imgmusic_edu.book $(OPTIONS)

colab-check: ## All chapters beside Colab's versions, half an hour; writes notebooks/VERIFIED.md (OPTIONS="--keep 04 10")
	@$(check-python)
	$(PYTHON) tests/colab_check.py $(OPTIONS)

lock: | $(INSTALLED) ## Write the tested set again (OPTIONS=--upgrade takes the newest of everything)
	$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --extra course --extra book --extra test --output-file $(LOCK) pyproject.toml $(OPTIONS)

# --- setting up -------------------------------------------------------------------------------------------------------

check-python = \
  test -n "$(PYTHON)" \
  || { echo 'No Python 3.11, 3.12 or 3.13 was found: install one, or name it: make lab PYTHON=path/to/python' >&2; exit 1; }; \
  command -v "$(PYTHON)" >/dev/null \
  || { echo 'PYTHON=$(PYTHON) was not found: name a Python 3.11, 3.12 or 3.13.' >&2; exit 1; }; \
  "$(PYTHON)" -c '$(SUPPORTED)' 2>/dev/null \
  || { echo 'PYTHON=$(PYTHON) is not a Python 3.11, 3.12 or 3.13: name one, make lab PYTHON=python3.12' >&2; exit 1; }; \
  "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null \
  || { echo '$(PYTHON) lacks its venv module: on Debian and Ubuntu, sudo apt install python3-venv, then again.' >&2; exit 1; }

# uv (pinned by hash like all else) installs four times as fast as pip; where it cannot, pip does the same work.
# uv does not read pip's settings, so a mirror that was set for pip is handed on.
$(INSTALLED): $(LOCK) pyproject.toml
	@"$(PY)" -c 'import pip' 2>/dev/null || { $(check-python); "$(PYTHON)" -m venv --clear $(VENV); }
	@echo "Setting up in $(VENV): some hundred megabytes to fetch the first time; later this takes no time."
	@awk '/^[^ ]/ { uv = 0 } /^uv==/ { uv = 1 } uv' $(LOCK) > $(VENV)/uv.txt
	@index=$$($(PY) -m pip config list | sed -n "s/.*\.index-url='\(.*\)'/\1/p" | tail -n 1); \
	if $(PY) -m pip install --quiet --require-hashes -r $(VENV)/uv.txt \
	  && $(PY) -m uv pip install --python $(PY) $${index:+--default-index "$$index"} --require-hashes -r $(LOCK); then :; \
	else echo 'Trying again with pip, which is slower ...'; $(PY) -m pip install --require-hashes -r $(LOCK); fi
	@$(PY) -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
