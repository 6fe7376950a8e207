"""The one exception that a user's input can cause."""


class InputError(Exception):
    """Bad input: its message is one line that names the file, the key and what was expected.

    The command line prints that line and exits with code 2; nothing has been written by then.
    """
