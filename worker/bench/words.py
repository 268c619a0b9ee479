"""How much of what was said an engine wrote down."""

import re


def word_error_rate(said: str, heard: str) -> float:
    """Words that are wrong, missing or too many, as a share of those that were said.

    Case and punctuation do not count. 0 is perfect; more than 1 is possible.
    """
    expected, found = _words(said), _words(heard)
    row = list(range(len(found) + 1))
    for number, word in enumerate(expected, 1):
        diagonal, row[0] = row[0], number
        for at, other in enumerate(found, 1):
            change = diagonal + (word != other)
            diagonal = row[at]
            row[at] = min(change, row[at] + 1, row[at - 1] + 1)
    return row[-1] / max(len(expected), 1)


def _words(text: str) -> list[str]:
    return re.findall(
        r"[^\W_]+(?:'[^\W_]+)?", text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    )
