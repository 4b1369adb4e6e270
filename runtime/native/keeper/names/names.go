// Package names checks the names that a sandbox asks for, and gives each an address of its own that means nothing outside.
package names

import (
	"fmt"
	"strings"
)

const (
	maxName  = 253
	maxLabel = 63
)

// Normal is the name in lower case and without a dot at its end. What is no host name is an error: a name is compared with
// the rules of a policy and looked up on the host, and both must read it in the same way.
func Normal(name string) (string, error) {
	short := strings.TrimSuffix(name, ".")
	if short == "" || len(short) > maxName {
		return "", wrong(name, fmt.Sprintf("it needs 1 to %d characters", maxName))
	}
	last := ""
	for label := range strings.SplitSeq(short, ".") {
		if label == "" || len(label) > maxLabel {
			return "", wrong(name, fmt.Sprintf("what is between two dots needs 1 to %d characters", maxLabel))
		}
		if label[0] == '-' || label[len(label)-1] == '-' {
			return "", wrong(name, `what is between two dots neither starts nor ends with "-"`)
		}
		if strings.ContainsFunc(label, unfit) {
			return "", wrong(name, `it consists of ASCII letters, digits, "-", "_" and "."; write other names in punycode`)
		}
		last = label
	}
	if isNumber(last) {
		return "", wrong(name, "it ends in a number, as addresses do")
	}
	return strings.ToLower(short), nil
}

func wrong(name, why string) error { return fmt.Errorf("%.300q is no host name: %s", name, why) }

func unfit(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
}

// isNumber finds what some programs read as the end of an IPv4 address: 127.1, 0x7f.0x1 or 2130706433.
func isNumber(label string) bool {
	digits := func(s, of string) bool { return strings.Trim(s, of) == "" }
	lower := strings.ToLower(label)
	return digits(lower, "0123456789") || strings.HasPrefix(lower, "0x") && digits(lower[2:], "0123456789abcdef")
}
