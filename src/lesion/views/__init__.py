"""What people look at: figures, the gallery, the page of an audit, from the audit's tables alone.

May import: params, artifacts and audit. Makes: `figures/`, `gallery/`, and the folder of `lesion audit`.
"""
