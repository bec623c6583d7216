"""The incremental validator of JSON: an answer held against a schema while it comes, byte by byte."""
