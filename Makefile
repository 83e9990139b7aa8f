# The two commands of a fresh machine are `make demo` and `make test`; everything else here is one step of them.
.DEFAULT_GOAL := help
.PHONY: help demo ui stack bench soak docs test test-sqlserver test-distributed lint browser distributed lock clean

BIN := .venv/bin
READY := .venv/.ready
UV ?= uv
PYTEST_ARGS ?=

help: ## What there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(READY) browser ## Fill synthetic sources, run the four systems once, print what each run did
	$(BIN)/etl_assets demo

ui: $(READY) ## Dagster's UI on 127.0.0.1:3000, with daemon and demo data
	$(BIN)/etl_assets ui

stack: ## All of it in containers behind a proxy that asks who you are (docs/deploy.md); needs Docker
	scripts/stack.sh

bench: $(READY) ## Print the measurements
	$(BIN)/python -m etl_assets.demo.bench

soak: $(READY) ## Kill the job 200 times under eight writers, then compare every row; SOAK_ARGS="--kills 20 --seed 2"
	$(BIN)/python -m etl_assets.demo.soak $(SOAK_ARGS)

docs: $(READY) ## Build docs/ into site/index.html, to be read without a network
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

test: lint browser distributed ## Lint, types, layers, every test
	$(BIN)/pytest -m "not browser" -n 3 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)
	$(BIN)/pytest -m "browser and not distributed" -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

test-sqlserver: $(READY) ## The SQL Server tests, against ECOMMERCE_OLTP_URL and ECOMMERCE_DW_URL
	$(BIN)/pytest -m sqlserver $(PYTEST_ARGS)

test-distributed: browser ## The stack's services behind the proxy, and workers of two hosts, as processes with accounts of their own; as root
	scripts/distributed.sh system
	$(BIN)/pytest -m distributed $(PYTEST_ARGS)

lint: $(READY) ## Style, format, types, who may import whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

browser: $(READY)
	scripts/browser.sh

distributed: $(READY)
	scripts/distributed.sh

# The stamp holds the path it was made for: the scripts in an environment name it, so a moved or copied checkout makes anew.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif
$(READY): requirements.lock pyproject.toml scripts/bootstrap.sh
	scripts/bootstrap.sh

lock: ## Resolve requirements.lock anew from pyproject.toml; needs uv
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: install it (pip install uv), or name it with UV=path" >&2; exit 1; }
	$(UV) pip compile pyproject.toml --group dev --output-file requirements.lock --universal --python-version 3.11 \
		--generate-hashes --no-strip-extras --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(LOCK_ARGS)
	$(UV) pip compile pyproject.toml --extra distributed --constraint requirements.lock --output-file requirements.distributed.lock \
		--universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-emit-find-links \
		$$(sed -n 's/^\([A-Za-z0-9_.-]*\)\(\[[a-z,]*\]\)\{0,1\}==.*/--no-emit-package \1/p' requirements.lock) \
		--custom-compile-command "make lock" $(LOCK_ARGS)

clean: ## Remove the environment, the embedded PostgreSQL with its data, and caches
	@if [ -x $(BIN)/python ]; then $(BIN)/python -c 'from etl_assets.demo import embedded; embedded.remove()'; fi
	rm -rf .venv .data .dagster .dagster_home build site *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
