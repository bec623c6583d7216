# Images, generated files.
.PHONY: images
images: $(READY) ## build the container images that changed, and save them under build/images
	@$(BIN)/python -m images.builder
