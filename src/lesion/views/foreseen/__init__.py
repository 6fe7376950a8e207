"""The page of `lesion foresee`, and the folder that it stands in.

May import: audit, figures and the folder of an audit. Makes: `index.html`, `expected.csv`,
`risk_parts.csv`, `risk.csv`.
"""
