"""Measurements of speed and memory: `make bench` prints them, docs/PERFORMANCE.md keeps them."""
