"""Runs unittest's discovery and writes the results as JUnit XML: REPORT [START [TOP]]."""

import os
import re
import sys
import time
import unittest
from xml.sax.saxutils import escape, quoteattr

ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(text):
    return ILLEGAL.sub("\ufffd", text)


class Result(unittest.TextTestResult):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.cases = []
        self.began = time.monotonic()

    def startTest(self, test):
        self.began = time.monotonic()
        super().startTest(test)

    def note(self, test, kind="", message="", detail=""):
        class_name, _, name = test.id().rpartition(".")
        if isinstance(test, unittest.TestCase):
            name = test.id()[len(unittest.util.strclass(type(test))) + 1 :] or name
            class_name = unittest.util.strclass(type(test))
        seconds = time.monotonic() - self.began
        self.cases.append((class_name, name, seconds, kind, message, detail))

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "failure", str(err[1]), self._exc_info_to_string(err, test))

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, "error", str(err[1]), self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skipped", reason)

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.note(test, "skipped", "expected failure")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note(test, "failure", "unexpected success")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            kind = "failure" if issubclass(err[0], test.failureException) else "error"
            text = self._exc_info_to_string(err, test)
            self.cases.append(
                (
                    unittest.util.strclass(type(test)),
                    test._testMethodName + " " + subtest._subDescription(),
                    time.monotonic() - self.began,
                    kind,
                    str(err[1]),
                    text,
                )
            )


def write(path, cases):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="replace") as out:
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="unittest">\n')
        for class_name, name, seconds, kind, message, detail in cases:
            out.write(
                "<testcase classname=%s name=%s time=%s>"
                % (
                    quoteattr(legal(class_name)),
                    quoteattr(legal(name)),
                    quoteattr("%.3f" % seconds),
                )
            )
            if kind:
                text = escape(legal(detail))
                out.write(
                    "<%s message=%s>%s</%s>" % (kind, quoteattr(legal(message)), text, kind)
                )
            out.write("</testcase>\n")
        out.write("</testsuite>\n")


def main():
    report = sys.argv[1]
    start = sys.argv[2] if len(sys.argv) > 2 else "."
    top = sys.argv[3] if len(sys.argv) > 3 else None
    sys.path[0] = os.getcwd()
    suite = unittest.defaultTestLoader.discover(start, top_level_dir=top)
    result = unittest.TextTestRunner(resultclass=Result, verbosity=2).run(suite)
    write(report, result.cases)
    sys.exit(0 if result.wasSuccessful() else 1)


main()
