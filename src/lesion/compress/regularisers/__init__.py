"""One module a regulariser (`contracts.RegulariserModule`): a penalty that makes weights small, or learns masks.

May import: params, torch, and from compress: probe, masks, learned, units. Makes: a penalty, and masks if it learns
what to prune.

`LEARNS_MASKS` tells the two kinds apart. `compress/regulariser.py` says what the class `Regulariser` must offer.
"""
