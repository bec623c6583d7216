"""JSON Schema: its drafts, references and graph, what can be said of it without an answer, and the last word on one."""
