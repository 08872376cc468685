# Bramble. `make help` lists the targets. Needs: Python 3.11+, Node 20+, make; for the tests on real servers see README.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
# Certificates come from the system, as pip's do; companies' proxies need that.
export UV_NATIVE_TLS ?= 1
# Bytecode is kept also where the shell says otherwise: without it every start compiles all libraries anew, and takes half as long again.
export PYTHONDONTWRITEBYTECODE :=
export BRAMBLE_PORT ?= 8080
export BRAMBLE_DATA_DIR ?= data
WEB := services/web
WEB_SOURCES := $(shell find $(WEB)/src $(WEB)/public $(WEB)/index.html $(WEB)/package.json $(WEB)/vite.config.ts -type f 2>/dev/null)

.PHONY: help setup setup-dev setup-web web run demo test check lint types unit web-check contract integration e2e chart-check chart-test triton-test \
	bench bench-consensus fit-confidence bench-segment bench-intake bench-synthesis bench-web train-drupelet proto openapi lock fmt audit clean \
	run-distributed chaos looks load

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

# --- set-up ---------------------------------------------------------------------------------------------------------------

$(VENV)/.uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Bramble needs Python 3.11 or newer; say make PYTHON=python3.11")'
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install -q uv
	touch $@

$(VENV)/.run: requirements.lock pyproject.toml $(VENV)/.uv
	$(UV) pip install -q --python $(PY) --require-hashes -r requirements.lock
	$(UV) pip install -q --python $(PY) --no-deps -e .
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(UV) pip install -q --python $(PY) --require-hashes -r requirements-dev.lock
	touch $@

$(WEB)/node_modules/.stamp: $(WEB)/package-lock.json
	cd $(WEB) && npm ci --no-audit --no-fund --silent
	touch $@

$(WEB)/dist/index.html: $(WEB)/node_modules/.stamp $(WEB_SOURCES)
	cd $(WEB) && npm run --silent build

setup: $(VENV)/.run $(WEB)/dist/index.html ## Install what running needs and build the web client
setup-dev: $(VENV)/.dev $(WEB)/node_modules/.stamp ## Install what developing needs
web: $(WEB)/dist/index.html ## Build the web client

# --- run ------------------------------------------------------------------------------------------------------------------

run: setup ## Set up and start the platform with the demo project on http://127.0.0.1:8080
	$(VENV)/bin/bramble up --demo

demo: setup ## Drive the whole loop on real MRI slices and write out/demo/report.html
	$(VENV)/bin/bramble demo

run-distributed: $(VENV)/.dev $(WEB)/dist/index.html ## Every service a process of its own, on real Kafka, PostgreSQL and MinIO
	$(PY) tools/run_distributed.py

# --- tests ----------------------------------------------------------------------------------------------------------------

check: setup-dev ## Everyday: lint, types, unit tests (under 2 minutes)
	$(MAKE) --no-print-directory lint types unit web-check

lint: $(VENV)/.dev ## ruff, import rules
	$(VENV)/bin/ruff check -q .
	$(VENV)/bin/ruff format -q --check .
	$(VENV)/bin/lint-imports --no-cache

types: $(VENV)/.dev ## mypy --strict
	$(VENV)/bin/mypy

unit: $(VENV)/.dev ## Unit and property tests
	$(PY) -m pytest -n 2 --dist loadfile tests/unit tests/property -m "not slow and not real and not e2e and not torch"

web-check: $(WEB)/node_modules/.stamp ## eslint, tsc, vitest, drift of the API's types
	cd $(WEB) && npm run --silent check

contract: $(VENV)/.dev ## Ports and contracts: embedded adapters and the real servers
	$(PY) -m pytest tests/contract

integration: $(VENV)/.dev $(WEB)/dist/index.html ## Services together, faults, security
	$(PY) -m pytest tests/integration
	$(PY) -m pytest tests/unit tests/property -m "slow or real or torch"

chaos: $(VENV)/.dev ## Fault runs of 1,000 submissions on real servers, one JSON line each (CHAOS="--runs 30 --seed 1")
	$(PY) -m tests.chaos $(CHAOS)

e2e: $(VENV)/.dev $(WEB)/dist/index.html ## The whole platform in a process of its own, and a real browser
	$(PY) -m pytest tests/e2e

looks: $(VENV)/.dev $(WEB)/dist/index.html ## Every page against its reference picture (BRAMBLE_LOOKS=renew makes them anew)
	BRAMBLE_LOOKS=$${BRAMBLE_LOOKS:-compare} $(PY) -m pytest tests/e2e/test_web.py -k looks

chart-check: $(VENV)/.dev ## Helm chart and Dockerfiles: lint, render, validate
	$(PY) -m pytest -rs tests/chart

chart-test: $(VENV)/.dev ## The chart on a real Kubernetes API server, which is built once (15 minutes, 3 GB at the peak)
	$(PY) -m tests.servers.kubernetes_build
	$(PY) -m pytest -rs tests/chart/test_cluster.py tests/chart/test_pods.py

triton-test: $(VENV)/.dev ## Drupelet on a real Triton, which is installed once (414 MB, without a GPU)
	$(PY) -m tests.servers install triton
	$(PY) -m pytest -rs tests/integration/inference

test: setup-dev ## Set up and run every test
	$(MAKE) --no-print-directory check
	$(MAKE) --no-print-directory contract
	$(MAKE) --no-print-directory integration
	$(PY) -m pytest tests/chaos
	$(MAKE) --no-print-directory chart-check
	$(MAKE) --no-print-directory e2e

# --- figures --------------------------------------------------------------------------------------------------------------

bench: bench-intake bench-consensus bench-segment bench-synthesis bench-web ## All benchmarks, one JSON line a figure

bench-intake: $(VENV)/.dev ## Start-up, memory, submissions, next task
	$(PY) benchmarks/startup.py
	$(PY) benchmarks/intake.py
bench-consensus: $(VENV)/.dev ## Every consensus method and its peers on simulated and real crowds
	$(PY) benchmarks/consensus.py
	$(PY) benchmarks/consensus_real.py
	$(PY) benchmarks/consensus_instances.py
	$(PY) benchmarks/consensus_image.py
	$(PY) benchmarks/overlap.py
	$(PY) benchmarks/consensus_pictures.py
	$(PY) benchmarks/consensus_quarantine.py
fit-confidence: $(VENV)/.dev ## Constants of predicted Dice, its interval and the worth of a label, fitted on simulated crowds
	$(PY) benchmarks/confidence_fit.py
bench-segment: $(VENV)/.dev ## The segmenter on seen and unseen images
	$(PY) benchmarks/segment.py
bench-web: $(VENV)/.dev $(WEB)/dist/index.html ## The canvas in headless Chromium, and the size of the volunteer's shell
	$(PY) benchmarks/web.py
bench-synthesis: $(VENV)/.dev ## Generator: a step and a sample against a bare diffusers loop
	$(PY) benchmarks/synthesis.py

load: $(VENV)/.dev $(WEB)/dist/index.html ## Volunteers through the gateway of the distributed form, more from stage to stage (LOAD="--rates 50 100", "--target URL")
	$(PY) benchmarks/load.py $(LOAD)

# --- Drupelet -------------------------------------------------------------------------------------------------------------

DATA ?= ../shared/data
OUT ?= out/drupelet
SEED ?= 7
MINUTES ?= 60
train-drupelet: $(VENV)/.dev ## Train Drupelet on from the shipped weights (DATA=, OUT=, SEED=, MINUTES=) and export OUT/drupelet.onnx
	$(PY) -m services.inference.training.train --data $(DATA) --out $(OUT) --seed $(SEED) --minutes $(MINUTES) --lr 1.2e-3 \
	  --start services/inference/weights/drupelet-v1.onnx
	$(PY) -m services.inference.training.export $(OUT)/last.pt $(OUT)/drupelet.onnx

# --- generated things -----------------------------------------------------------------------------------------------------

proto: $(VENV)/.dev ## Regenerate shared/contracts from proto/
	$(PY) tools/generate_contracts.py >/dev/null

openapi: $(VENV)/.dev ## Regenerate docs/openapi.json and the client's types
	$(PY) tools/make_openapi.py
	cd $(WEB) && npm run --silent gen:api

lock: $(VENV)/.uv ## Resolve requirements*.lock anew
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml \
	  --extra kafka --extra postgres --extra s3 --extra triton --extra otel --extra train --extra demo -o requirements.lock
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml \
	  -c requirements.lock --all-extras -o requirements-dev.lock

fmt: $(VENV)/.dev ## Format Python and TypeScript
	$(VENV)/bin/ruff check -q --fix . ; $(VENV)/bin/ruff format -q .
	cd $(WEB) && npm run --silent lint -- --fix

audit: $(VENV)/.dev ## Known vulnerabilities of the dependencies (asks the registries)
	$(UV) tool run pip-audit -r requirements.lock --disable-pip --require-hashes
	cd $(WEB) && npm audit --omit=dev

clean: ## Remove what was built (not data/)
	rm -rf $(WEB)/dist $(WEB)/node_modules build .pytest_cache .mypy_cache .ruff_cache
