"""Triton, as the sidecar sees it: tensors in, text out."""
