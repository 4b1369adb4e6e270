"""Counts words."""

import re
from collections import Counter

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words(text):
    """Return the words of a text in lower case, in their order."""
    return [match.group().lower() for match in _WORD.finditer(text)]


def count(text):
    """Return how often each word occurs."""
    return Counter(words(text))


def most_common(text, limit):
    """Return the most frequent words, ties in alphabetical order."""
    if limit < 0:
        raise ValueError(f"limit is {limit}; it must not be negative")
    ranked = sorted(count(text).items(), key=lambda item: (-item[1], item[0]))
    return ranked[:limit]
