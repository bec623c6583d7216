"""The allowed part of the Open Inference Protocol over HTTP. Triton's own port stays closed: it has controls too."""
