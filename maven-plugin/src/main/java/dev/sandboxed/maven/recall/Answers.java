package dev.sandboxed.maven.recall;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The answers to questions, by the digests of these.
 *
 * @param byDigest whether what was asked for is there
 */
record Answers(Map<String, Boolean> byDigest) {
  static final Answers NONE = new Answers(Map.of());

  /** More than any plan needs. */
  static final int MAX = 256;

  private static final Pattern LINE = Pattern.compile("([0-9a-f]{64}) (true|false)");

  Answers {
    byDigest = Map.copyOf(byDigest);
  }

  Optional<Boolean> to(Question question) {
    return Optional.ofNullable(byDigest.get(question.digest()));
  }

  /** Returns these and others, which go before them. */
  Answers with(Map<Question, Boolean> others) {
    var all = new LinkedHashMap<>(byDigest);
    others.forEach((question, answer) -> all.put(question.digest(), answer));
    return new Answers(all);
  }

  /** Reads what {@link #toBytes} wrote; anything else has no answers. */
  static Answers parse(byte[] bytes) {
    var answers = new LinkedHashMap<String, Boolean>();
    for (var line : new String(bytes, StandardCharsets.US_ASCII).lines().limit(MAX).toList()) {
      var parts = LINE.matcher(line);
      if (!parts.matches()) {
        return NONE;
      }
      answers.put(parts.group(1), Boolean.valueOf(parts.group(2)));
    }
    return new Answers(answers);
  }

  byte[] toBytes() {
    return byDigest.entrySet().stream()
        .map(answer -> answer.getKey() + " " + answer.getValue() + "\n")
        .sorted()
        .collect(Collectors.joining())
        .getBytes(StandardCharsets.US_ASCII);
  }
}
