"""One module a regrowth: how weights come back that were pruned.

May import: params, compress.masks, compress.periodic. Makes: new masks as sparse as those before.

A module has `Options`, `STRAIGHT_THROUGH` (whether masked weights go on learning meanwhile), `asks_pruned(options)`
(whether it goes by what pruned groups would do if they were there) and a class `Regrowth(options, *, steps)` with
`updates(step)` and `regrow(kept, step, scored)`: from the groups that are kept, bool (rows, groups) by name, to those
kept from now on and those of them that start at zero. `scored(axis)` gives the groups' saliencies by a score, of the
variant's own for None.
"""
