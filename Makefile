# clickkit: `make` alone prints the targets.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo live report test bench pictures lab notebooks lambda-zip aws lint lock clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with the locked packages, hashes checked

demo: $(READY) ## simulate a week, export it, open the tracker on this machine
	@$(BIN)/clickkit demo

live: $(READY) ## open the live dashboard, what happens in the store while it happens
	@cd dashboards && JUPYTER_PATH="$(CURDIR)/dashboards" ../$(BIN)/voila live.ipynb

report: $(READY) ## open the report, what the lake answers for a range of days
	@cd dashboards && JUPYTER_PATH="$(CURDIR)/dashboards" ../$(BIN)/voila report.ipynb

test: $(READY) ## run every test, and every notebook under nbval
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

bench: $(READY) ## measure against other ways of doing the same work
	@$(BIN)/python -m bench.collector
	@$(BIN)/python -m bench.export
	@$(BIN)/python -m bench.lake
	@$(BIN)/python -m bench.questions
	@$(BIN)/python -m bench.engines
	@$(BIN)/python -m bench.places
	@$(BIN)/python -m bench.cost
	@$(BIN)/python -m bench.devices
	@$(BIN)/python -m bench.show
	@$(BIN)/python -m bench.cold_import

pictures: $(READY) ## rehearse a show and keep its pictures in docs
	@$(BIN)/clickkit demo --check
	@cp data/rehearsal/pictures/*.png docs/

lab: export CLICKKIT_STORE = sqlite:///$(CURDIR)/data/shop/clicks.db
lab: export CLICKKIT_LAKE = $(CURDIR)/data/shop/lake
lab: $(READY) ## open JupyterLab on the notebooks, with four simulated weeks of a shop to ask
	@$(BIN)/clickkit simulate --scene shop --since 2026-10-26 --until 2026-11-22
	@$(BIN)/clickkit export --since 2026-10-26 --until 2026-11-22
	@$(BIN)/jupyter lab notebooks $(if $(filter 0,$(shell id -u)),--allow-root)

notebooks: $(READY) ## run the notebooks on the sample and keep their outputs
	@$(BIN)/python tests/sample.py

lambda-zip: $(READY) ## build data/lambda.zip, the nightly export for AWS Lambda, and print its size
	@$(BIN)/python -m deploy.lambda_zip

aws: $(READY) ## run an emulator of AWS on this machine, to rehearse a deployment
	@$(BIN)/python -m deploy.emulator

lint: $(READY) ## check style and types
	@$(BIN)/ruff check && $(BIN)/ruff format --check && $(BIN)/mypy

lock: $(READY) ## compile the locks: ours, the image's, the AWS emulator's and Spark's
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --extra dev pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --no-header --universal --generate-hashes -c requirements.lock deploy/collector.in -o deploy/collector.lock
	@$(BIN)/uv pip compile --quiet --no-header --universal --generate-hashes deploy/emulator.in -o deploy/emulator.lock
	@$(BIN)/uv pip compile --quiet --no-header --universal --generate-hashes bench/spark.in -o bench/spark.lock

clean: ## remove .venv and caches; data stays
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis deploy/node/node_modules bench/express/node_modules

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "clickkit needs Python 3.11 or newer: install one, then make PYTHON=python3.12"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || \
		{ echo "cannot make .venv: on Debian and Ubuntu, apt install python3-venv"; exit 1; }
	@echo "setting up .venv (once) …"
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock
	@VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	@VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "ready: source .venv/bin/activate puts clickkit on your path"
