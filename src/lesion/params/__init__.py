"""The typed view of params.yaml, a module for each part that a step reads on its own.

May import: nothing of Lesion but errors and plugins. Makes: validated, frozen settings.
A step imports the module of its own part only, so that a new setting elsewhere re-runs nothing.
"""
