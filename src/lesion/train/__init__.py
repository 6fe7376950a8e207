"""Trains the members of a population, dense or pruned while training.

May import: params to compress. Makes: `checkpoints/<variant>/<shard>.safetensors` and the natural adversarial set.
"""
