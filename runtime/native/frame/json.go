package frame

import (
	"encoding/json"
	"unicode/utf8"
)

// CheckJSON refuses a payload that is not one UTF-8 JSON object of bounded depth.
func CheckJSON(payload []byte) error {
	if len(payload) > MaxPayload {
		return refuse(TooLarge, "%d bytes of JSON, where %d is the limit", len(payload), MaxPayload)
	}
	if err := checkDepth(payload); err != nil {
		return err
	}
	if !utf8.Valid(payload) || !json.Valid(payload) || !isObject(payload) {
		return refuse(BadJSON, "a payload of %d bytes that is not a JSON object: %.80q", len(payload), payload)
	}
	return nil
}

// checkDepth runs before the parser does, which has a far higher limit of its own.
func checkDepth(payload []byte) error {
	depth := 0
	inString := false
	for i := 0; i < len(payload); i++ {
		switch c := payload[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return refuse(TooDeep, "JSON nested deeper than %d", MaxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

func isObject(payload []byte) bool {
	for _, c := range payload {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c == '{'
		}
	}
	return false
}
