"""What compression changed, class by class and image by image. Never torch.

May import: params and artifacts. Makes: `impact/`, `pie/`, `subgroups/`, `effects/`, `null/`, `summary.csv`,
`comparison/`.
"""
