"""What desktops and editors leave in any folder that they show."""

NAMES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir"})


def is_leftover(name: str) -> bool:
    """Whether a file or folder of this name says nothing of what the folder holds: hidden ones, and known names."""
    return name.startswith(".") or name.lower() in NAMES
