# Images, generated files.
.PHONY: images
images: $(READY) ## build the container images that changed, and save them under build/images
	@$(BIN)/python -m images.builder

.PHONY: crds
crds: $(READY) ## write the CRD and its reference page anew from the models
	@$(BIN)/python -m casava_operator.crd
