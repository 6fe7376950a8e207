"""What is compared: two populations, their labels and groups; from nodes of the pipeline, from files or from arrays.

May import: params and artifacts. Makes: nothing; the statistics read it.
"""
