"""Libraries that run model files, a module each with `open_model(path, options)`.

May import: errors and the contract beside. Each imports its library inside functions: most are not installed.
"""
