"""One module a regulariser: what is added to the loss so that weights become small, or are shut off.

May import: params, torch, and of compress probe, masks, learned and units. Makes: a penalty, and masks where it learns
what to prune.

A module has `Options`, `LEARNS_MASKS` and a class `Regulariser(options, probe, *, steps, examples)`, of all steps and
of the number of training examples, with

- `learned`: parameters that it adds, each with the factor on the learning rate: `Learned(parameter, rate=…)`; they
  and all else that it keeps between steps are in the model's state, where snapshots find them;
- `penalty(step)`: what is added to the mean loss of a batch, in nats, or None;
- `masks()`: where it learns them, bool by name of the weight; and `remove()`, which leaves the model without additions.
"""
