"""Trains the members of a population, dense or pruned while training.

May import: params to compress. Makes: `checkpoints/<variant>/<shard>.safetensors`.
"""
