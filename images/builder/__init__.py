"""Build Casava's images with Docker or buildah, hold them to their size, and save them to files for clusters."""
