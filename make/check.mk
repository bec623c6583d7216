# Everything that must hold. `make test` is the whole of it.
PYTEST := $(BIN)/pytest

.PHONY: lint types layers fresh unit component controlplane chart e2e suites test
lint: $(READY) ## ruff: rules and format
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)

types: $(READY) ## mypy --strict on everything
	@$(BIN)/mypy $(SOURCES)

layers: $(READY) ## who may import whom
	@$(BIN)/lint-imports

fresh: $(READY) ## generated files are what the sources say
	@$(BIN)/pytest -q tests/unit/generated

unit: $(READY) ## pure functions, golden files, hypothesis
	@$(PYTEST) tests/unit

component: $(READY) ## real tritonserver, model and sidecar over sockets
	@$(PYTEST) tests/component

controlplane: $(READY) ## the operator against a real API server and etcd
	@$(PYTEST) tests/controlplane

chart: $(READY) ## the Helm chart
	@$(PYTEST) tests/chart

e2e: $(READY) ## a whole cluster, through the real chart
	@$(PYTEST) e2e

FUZZ_SECONDS := 120
.PHONY: fuzz
fuzz: $(READY) ## coverage-guided fuzzing of the contracts; what it finds belongs into tests/unit/contract
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint $(CONSTRAINTS) --editable '.[fuzz]'
	@mkdir -p build/fuzz/schema build/fuzz/answer
	@for target in schema answer; do \
	  $(BIN)/python -m tests.fuzz $$target -max_total_time=$(FUZZ_SECONDS) -timeout=20 -artifact_prefix=build/fuzz/ \
	    build/fuzz/$$target; done

# End-to-end tests wait for a cluster most of the time, so the others run beside them. Each shows its output when it ends.
test: lint types layers ## everything
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target suites e2e

suites: $(READY)
	@$(PYTEST) tests
