"""Prints the ten most frequent words of stdin."""

import sys

from wordcount import most_common

for word, times in most_common(sys.stdin.read(), 10):
    print(f"{times:6} {word}")
