"""Trains the members of a population, dense or pruned while training, and fine-tunes those of derived variants.

May import: params to compress. Makes: `checkpoints/<variant>/<shard>.safetensors`.
"""
