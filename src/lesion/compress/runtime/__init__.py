"""What networks share that choose for each image what they compute: layers in place of those of a plain network.

May import what `compress` may, and the core of `compress`; no module that is loaded by name.
"""
