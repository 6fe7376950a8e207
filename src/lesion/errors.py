"""The exceptions for bad input."""


class InputError(Exception):
    """Bad input. The message is one line with the file, the key and what was expected.

    The command line prints it and exits with code 2, before anything is written.
    """


class NotFittedError(InputError, AttributeError):
    """What `fit` finds was asked for before it. An AttributeError, too: `hasattr` is False until then."""
