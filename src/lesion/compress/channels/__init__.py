"""The channels of a network: which of them can leave, and the network without them.

May import: torch, and from compress: masks. Makes: sets of tied channels, and networks with fewer channels.
"""
