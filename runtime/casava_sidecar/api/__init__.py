"""The public API as values: requests in, bodies and frames out. Nothing here talks to anybody."""
