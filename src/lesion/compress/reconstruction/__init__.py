"""Reconstruction: fewer inputs of a layer, and weights that make up for those that are gone.

May import: torch, and from compress: units, measurements. Makes: regression problems and their solutions.
"""
