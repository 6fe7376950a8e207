"""One module a family of networks, loaded by the name that params.yaml gives.

May import: params and torch. Makes: networks, by `Options` and
`build(options, *, channels, side, classes) -> nn.Module`. Like all modules that are loaded by name, it imports torch
inside its functions: params.yaml is validated by `Options`, and reading it must not take the seconds that torch does.
"""
