"""Contracts as served: those of the model, reloaded when they change, and those that come with a request."""
