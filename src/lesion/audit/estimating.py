"""What estimators have in common: their options told and set, what is known after `fit` alone, and how they show."""

import inspect
from collections.abc import Mapping
from difflib import get_close_matches
from html import escape
from typing import Any, ClassVar, Self

from lesion.errors import InputError, NotFittedError


class Estimator:
    """Options are attributes of the same names; what `fit` finds has a name that ends in an underscore."""

    NEEDS_FIT: ClassVar[tuple[str, ...]] = ()
    """What else than names with an underscore at their end is known after `fit`."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """The options by their names, as scikit-learn's `clone` and `GridSearchCV` read them.

        Parameters
        ----------
        deep : of no effect; there are no estimators within
        """
        return {name: getattr(self, name) for name in self.defaults()}

    def set_params(self, **params: Any) -> Self:
        """Set options by their names; they count from the next `fit`.

        Raises
        ------
        InputError
            Where there is no such option.
        """
        known = self.defaults()
        for name in params:
            if name not in known:
                near = get_close_matches(name, known, 1)
                raise InputError(
                    f"{type(self).__name__}: no option is called {name}{f'; {near[0]} is' if near else ''}"
                )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    @classmethod
    def defaults(cls) -> Mapping[str, Any]:
        """Name of each option → its default."""
        parameters = inspect.signature(cls.__init__).parameters.values()
        return {one.name: one.default for one in parameters if one.kind is one.KEYWORD_ONLY}

    def results(self) -> list[str]:
        """What was found, a line each; none before `fit`."""
        return []

    def __getattr__(self, name: str) -> Any:
        """Reached for attributes that are not there: those that `fit` makes are told apart."""
        if not name.startswith("_") and (name.endswith("_") or name in self.NEEDS_FIT):
            raise NotFittedError(f"{type(self).__name__}: call fit first; {name} is known after it")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        """The options that are not as by default, and below them what was found."""
        defaults = self.defaults()
        said = [f"{name}={value!r}" for name, value in self.get_params().items() if value != defaults[name]]
        return "\n".join([f"{type(self).__name__}({', '.join(said)})", *self.results()])

    def _repr_html_(self) -> str:
        """The same for notebooks, all text from data escaped."""
        first, *found = repr(self).split("\n")
        lines = "".join(f"<br>{escape(line)}" for line in found)
        return f"<div><code>{escape(first)}</code>{lines}</div>"
