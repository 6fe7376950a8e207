"""A block of a column, of any type, as integers or as text in one spelling."""

from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lesion.audit.comparison.files.spelling import NUMBER, SHORT, WHOLE, spelled

Places = npt.NDArray[np.integer]

BYTES = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_binary_view)
NUMBERS = (pa.types.is_floating, pa.types.is_integer, pa.types.is_decimal, pa.types.is_boolean)
DECIMAL_COMMA = r"^([-+]?[0-9]*),([0-9]+)$"  # as spreadsheets write numbers beside semicolons
EXACT = 1e16  # Python writes whole floats below this without an exponent


def has_text(kind: pa.DataType, *, bytes_too: bool = True) -> bool:
    """Whether values of this type can be written as text: not lists, maps and the like; bytes, where they are UTF-8."""
    empty = _unwrapped(pa.nulls(0, kind))
    if not bytes_too and any(is_bytes(empty.type) for is_bytes in BYTES):
        return False
    try:
        empty.cast(pa.string())
    except pa.ArrowNotImplementedError:
        return False
    return True


def _unwrapped(values: pa.Array) -> pa.Array:
    """The values without an extension type, run lengths or a dictionary around them."""
    if isinstance(values.type, pa.BaseExtensionType):
        values = values.storage
    if pa.types.is_run_end_encoded(values.type):
        values = pc.run_end_decode(values)
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def _text(values: pa.Array) -> pa.StringArray:
    """The text that a CSV file would hold; decimals without the zeros that end their fraction."""
    text = values.cast(pa.string())
    if pa.types.is_decimal(values.type):
        return pc.replace_substring_regex(text, r"(\.[0-9]*[1-9])0+$", r"\1")
    return text


class Cells:
    """A block of a column: its distinct values, and which of them is in each row.

    Attributes
    ----------
    raw : the values as the file has them (rows,)
    """

    def __init__(self, raw: pa.Array) -> None:
        self.raw = raw

    def __len__(self) -> int:
        return len(self.raw)

    @property
    def values(self) -> pa.Array:
        """Integers of 64 bits where all are whole numbers, else text as `spelled`; null for a missing value."""
        return self._encoded[0]

    @property
    def places(self) -> Places | None:
        """Place of each row in `values` (rows,); None where `values` are the rows."""
        return self._encoded[1]

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Whether each row is null, empty, blank or NaN: bool (rows,)."""
        if not self.values.null_count:
            return np.zeros(len(self), dtype=bool)
        null = np.asarray(pc.is_null(self.values).to_numpy(zero_copy_only=False))
        return null if self.places is None else null[self.places]

    def __getitem__(self, row: int) -> str:
        return str(self.values[row if self.places is None else int(self.places[row])])

    @cached_property
    def _encoded(self) -> tuple[pa.Array, Places | None]:
        values = _unwrapped(self.raw)
        if pa.types.is_integer(values.type):
            try:
                return values.cast(pa.int64()), None
            except pa.ArrowInvalid:  # unsigned ones past 2^63 are names made of digits, as in a CSV file
                pass
        if pa.types.is_floating(values.type):
            return _of_floats(values)
        return _of_text(_text(values))


def _of_floats(values: pa.Array) -> tuple[pa.Array, Places | None]:
    numbers = values.to_numpy(zero_copy_only=False)
    missing, size = np.isnan(numbers), np.abs(numbers.astype(np.float64))
    whole = missing | ((size < EXACT) & (np.floor(size) == size))
    if whole.all():
        return pa.array(np.where(missing, 0, numbers).astype(np.int64), mask=missing), None
    distinct, places = np.unique(numbers, return_inverse=True)
    return spelled(pa.array([str(number) for number in distinct])), places  # as pandas writes them


def _of_text(text: pa.StringArray) -> tuple[pa.Array, Places]:
    encoded = text.fill_null("").dictionary_encode()
    distinct, places = encoded.dictionary, encoded.indices.to_numpy()
    if _all_match(distinct, SHORT):
        return distinct.cast(pa.int64()), places
    distinct = spelled(distinct)
    if _all_match(distinct, WHOLE):
        try:
            return distinct.cast(pa.int64()), places
        except pa.ArrowInvalid:  # more than 64 bits: names made of digits
            pass
    return distinct, places


def _all_match(text: pa.StringArray, pattern: str) -> bool:
    """Whether all that is not null matches."""
    return bool(pc.all(pc.match_substring_regex(text, pattern), min_count=0).as_py())


def numbers(values: pa.Array) -> npt.NDArray[np.float32]:
    """The values as numbers (rows,), text with a decimal point or comma; NaN for none, or text that is no number."""
    values = _unwrapped(values)
    if not any(is_number(values.type) for is_number in NUMBERS):
        values = values.cast(pa.string())
        try:
            return np.asarray(values.cast(pa.float32()).to_numpy(zero_copy_only=False))
        except pa.ArrowInvalid:
            values = pc.replace_substring_regex(pc.utf8_trim_whitespace(values), DECIMAL_COMMA, r"\1.\2")
            values = pc.if_else(pc.match_substring_regex(values, NUMBER), values, None)
    return np.asarray(values.cast(pa.float32(), safe=False).to_numpy(zero_copy_only=False))
