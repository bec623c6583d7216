# A cluster for work by hand; tests bring up their own.
CLUSTER ?= casava-e2e
NODES ?= 2

.PHONY: cluster-up cluster-down cluster-status
cluster-up: $(READY) ## a real cluster on this machine (CLUSTER=name NODES=2)
	@$(BIN)/python -m e2e.cluster up --name $(CLUSTER) --nodes $(NODES)

cluster-down: $(READY) ## remove it and everything of it
	@$(BIN)/python -m e2e.cluster down --name $(CLUSTER)

cluster-status: $(READY) ## what runs on it
	@$(BIN)/python -m e2e.cluster status --name $(CLUSTER)
