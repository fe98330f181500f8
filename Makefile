# `make up` and `make test` are all that a newcomer needs: Python ≥ 3.11, git and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

# Everyday tests need nothing but the above; each of these has a target of its own.
EVERYDAY := not lab and not kubectl and not kube_apiserver and not phalanx and not browser

.PHONY: up down test contracts story browser full lint format bench clean help

help:        ## List the targets
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

up: $(VENV)/.lab        ## Bring the service up on this machine
	@$(BIN)/prompt-kafka lab up

down: $(VENV)/.lab        ## Stop it; the data stays
	@$(BIN)/prompt-kafka lab down

test: $(VENV)/.dev        ## The everyday tests, against real Kafka and the lab's Kubernetes API
	$(BIN)/python -m pytest -m "$(EVERYDAY)"

contracts: $(VENV)/.dev        ## The Kubernetes contract, with kubectl and against a real kube-apiserver (needs Go, once)
	assets=$$(tests/contracts/kube/build.sh | tail -n 1) && KUBEBUILDER_ASSETS="$$assets" \
	  $(BIN)/python -m pytest tests -m "kubectl or kube_apiserver"

story: $(VENV)/.dev        ## Whole stories on six real Kafka nodes, with faults
	$(BIN)/python -m pytest -m "lab and not slow and not kube_apiserver"

browser: $(VENV)/.dev        ## The console in a real browser, without Kafka (needs Debian's chromium)
	$(BIN)/python -m pytest tests/browser -m "browser and not lab"

full: $(VENV)/.dev        ## Everything on real Kafka, the slow ones too
	$(BIN)/python -m pytest -m "lab and not kube_apiserver"

lint: $(VENV)/.dev        ## Style, types, import contracts
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

format: $(VENV)/.dev        ## Put the code into shape
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: $(VENV)/.dev        ## Benchmarks, each against a peer in the same run
	$(BIN)/python -m bench

clean:        ## Remove the virtual environment and caches (labs and their data stay)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist

$(VENV)/.lab: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@$(BIN)/python -m pip install --quiet -e '.[lab]'
	@touch $@

$(VENV)/.dev: $(VENV)/.lab
	@$(BIN)/python -m pip install --quiet -e '.[lab,decoders]' --group dev
	@touch $@
