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
        if len(response) != 2 or str(response[1]).lower() not in SPELT:
            return None
        response = response[0]
    if isinstance(response, bool) or not isinstance(response, str | int | float):
        return None
    try:
        return float(response)
    except ValueError:
        return None


def answer_text(filtered: Any) -> str:
    """The text that a model wrote; of several the first ones, a line each."""
    while isinstance(filtered, list) and len(filtered) == 1:
        filtered = filtered[0]
    if isinstance(filtered, list):
        return "\n".join(answer_text(each) for each in filtered)
    return "" if filtered is None else str(filtered)
