"""The exception for bad input."""


class InputError(Exception):
    """Bad input. The message is one line with the file, the key and what was expected.

    The command line prints it and exits with code 2, before anything is written.
    """
