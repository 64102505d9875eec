"""Prometheus metrics: of maps and their store, of requests, and of the bridge."""
