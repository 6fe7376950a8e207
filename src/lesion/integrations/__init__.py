"""What takes an audit to other people's tools, a module each. None of these tools is needed by anything else.

May import: views and audit. Makes: what the tool keeps.
"""
