"""One module a score (`contracts.Score`): how much each weight matters. The least salient weights are pruned first.

May import: params, torch, and from compress: probe, measurements, activations, units. Makes: saliencies in the shape of
the weight.

`score(weight, **measured)` is the formula. `measure(probe, options)`, if there is one, returns the formula's other
arguments. Two more optional functions act after pruning: `compensate` adjusts the kept weights, `constants` gives
pruned units a constant output.
"""
