import subprocess
import sys
import unittest

from wordcount import count, most_common, words


class WordsTest(unittest.TestCase):
    def test_splits_at_everything_that_is_no_letter_or_digit(self):
        self.assertEqual(words("One, two;three_four"), ["one", "two", "three", "four"])

    def test_keeps_apostrophes_within_words(self):
        self.assertEqual(words("Don't 'quote'"), ["don't", "quote"])

    def test_knows_other_alphabets(self):
        self.assertEqual(words("Füße ΑΒΓ"), ["füße", "αβγ"])


class CountTest(unittest.TestCase):
    def test_counts_without_regard_to_case(self):
        self.assertEqual(count("a A b"), {"a": 2, "b": 1})

    def test_counts_nothing_in_nothing(self):
        self.assertEqual(count(""), {})


class MostCommonTest(unittest.TestCase):
    def test_breaks_ties_by_the_alphabet(self):
        self.assertEqual(most_common("b a c a b", 2), [("a", 2), ("b", 2)])

    def test_refuses_negative_limits(self):
        with self.assertRaisesRegex(ValueError, "limit is -1"):
            most_common("a", -1)


class CommandLineTest(unittest.TestCase):
    def test_reads_stdin(self):
        result = subprocess.run(
            [sys.executable, "-m", "wordcount"],
            input="to be or not to be",
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual(
            result.stdout, "     2 be\n     2 to\n     1 not\n     1 or\n"
        )
