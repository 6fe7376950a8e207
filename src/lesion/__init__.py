"""Lesion finds what a compressed neural network forgets.

The folders are the steps of the pipeline, and imports run one way along it:
params, artifacts <- data <- models <- compress <- train <- predict <- audit <- figures <- gallery <- steps <- cli.
"""

__version__ = "0.1.0"
