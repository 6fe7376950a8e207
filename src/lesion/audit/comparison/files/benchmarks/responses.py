"""Responses in a log: log probabilities of choices, or text; numbers as text or as numbers, nested or not."""

from typing import Any

SPELT = {"true", "false", "0", "1", "0.0", "1.0"}  # whether a choice is the greedy one


def choice_texts(arguments: Any) -> tuple[str, ...]:
    """The continuations whose log probabilities were asked for: `{"gen_args_0": {"arg_0": …, "arg_1": …}}` or lists."""
    if isinstance(arguments, dict):
        arguments = [list(each.values()) if isinstance(each, dict) else each for each in arguments.values()]
    if not isinstance(arguments, list):
        return ()
    pairs = [each for each in arguments if isinstance(each, list) and len(each) > 1 and isinstance(each[1], str)]
    return tuple(each[1].strip() for each in pairs) if len(pairs) == len(arguments) else ()


def choice_scores(filtered: Any, texts: tuple[str, ...]) -> tuple[float, ...] | None:
    """The log probability of each choice; None where these are no choices.

    A response is the pair of a log probability and whether it is greedy, or the former alone, as numbers or as text;
    lists of one around it count for nothing. Where every choice is there a second time without its question, as for
    mutual information, the first half is meant.

    Parameters
    ----------
    filtered : the responses, one a request
    texts : the continuations of the requests, as far as they are known

    Raises
    ------
    ValueError
        Where some responses are log probabilities and others are not, or one is NaN.
    """
    if not isinstance(filtered, list) or len(filtered) < 2:
        return None
    scores = [_log_probability(response) for response in filtered]
    found = [score for score in scores if score is not None]
    if not found:
        return None
    if len(found) < len(scores):
        raise ValueError(f"{len(found)} of {len(scores)} are log probabilities; all or none expected")
    if any(score != score for score in found):
        raise ValueError("a log probability is NaN; numbers expected")
    half = len(found) // 2
    if len(found) == len(texts) == 2 * half and half > 1 and texts[:half] == texts[half:]:
        found = found[:half]
    return tuple(found)


def _log_probability(response: Any) -> float | None:
    while isinstance(response, list) and len(response) == 1:
        response = response[0]
    if isinstance(response, list):
        return _number(response[0]) if _is_pair(response) else None
    alone = _number(response)
    return None if alone is None or alone > 0 else alone  # a number above 0 is text that a model wrote


def _is_pair(response: list[Any]) -> bool:
    return len(response) == 2 and str(response[1]).lower() in SPELT


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def answer_text(filtered: Any) -> str | None:
    """The text that a model wrote; of several all, a line each. None where it wrote none: for the log probability of a
    single continuation.
    """
    while isinstance(filtered, list) and len(filtered) == 1:
        filtered = filtered[0]
    if isinstance(filtered, list):
        if _is_pair(filtered) and _number(filtered[0]) is not None:
            return None
        return "\n".join(answer_text(each) or "" for each in filtered)
    return "" if filtered is None else str(filtered)
