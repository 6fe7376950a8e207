"""One module a mask shape: which weights go together.

May import: compress.layout. Makes: a layout of each weight tensor, or None where it does not divide the tensor.
`SPARES` names the layers that a shape never touches, "first" and "last" of those that can be pruned; `WHOLE_UNITS` says
that a pruned group takes the bias and the batch norm of its output channels along.
"""
