# The demonstration: a cluster of one node that is yours to play with.
.PHONY: demo demo-down
demo: $(READY) ## a cluster, the images, the chart, a model, and a validated structured answer
	@$(BIN)/python -m e2e.demo up

demo-down: $(READY) ## remove what `make demo` made
	@$(BIN)/python -m e2e.demo down
