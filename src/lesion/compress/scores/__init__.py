"""One function a module: how much each weight matters.

May import: torch. Makes: saliencies of the shape of the weight.
"""
