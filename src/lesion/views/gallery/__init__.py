"""The page that shows the PIE themselves. Never torch.

May import: params to figures. Makes: `gallery/index.html`.
"""
