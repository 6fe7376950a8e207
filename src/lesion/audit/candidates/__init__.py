"""Several candidates side by side: each against dense, and against one another.

May import: the rest of the audit but the gate. Makes: tables over candidates.
"""
