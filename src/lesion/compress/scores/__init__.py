"""One module a score: how much each weight matters. What matters least is pruned first.

May import: params, torch, and of compress probe, statistics, activations and units. Makes: saliencies of the shape of
the weight.

A module has `Options` and the formula, `score(weight, **measured)`. What the formula needs beside the weight,
`measure(probe, options)` gives by name and then by name of the weight; a weight that it leaves out is not pruned.
Two more functions are for scores that know what to do about what is pruned: `compensate(weights, masks, options,
**measured)` changes the weights that are left, and `constants(**measured)` says what pruned units give instead of zero.
"""
