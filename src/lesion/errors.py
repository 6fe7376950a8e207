"""The exceptions that the command line ends with."""


class InputError(Exception):
    """Bad input. The message is one line with the file, the key and what was expected.

    The command line prints it and exits with code 2, before anything is written.
    """


class NotFittedError(InputError, AttributeError):
    """What `fit` finds was asked for before it. An AttributeError, too: `hasattr` is False until then."""


class GateError(Exception):
    """A gate that did not pass. The message is a line for each candidate and limit that says why.

    The command line prints it and exits with `code`.

    Parameters
    ----------
    code : 1 where a limit failed, 3 where none did and the examples cannot tell
    """

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code
