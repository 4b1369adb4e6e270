package dev.sandboxed.core.registry;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How a registry wants to be told who asks: one challenge of a {@code WWW-Authenticate} header.
 *
 * @param scheme in lower case
 * @param parameters by name in lower case
 */
record Challenge(String scheme, Map<String, String> parameters) {
  private static final int MAX_HEADER = 8 << 10;
  private static final Pattern SCHEME = Pattern.compile("\\s*([A-Za-z]+)(?:\\s+|$)");
  private static final Pattern PARAMETER =
      Pattern.compile("\\s*([A-Za-z_]+)=(?:\"((?:[^\"\\\\]|\\\\.)*+)\"|([^\\s,\"]*+))\\s*(?:,|$)");

  /** Returns the one to follow among the headers of an answer: a token's before a password's. */
  static Optional<Challenge> best(List<String> headers) {
    Optional<Challenge> basic = Optional.empty();
    for (var header : headers) {
      var challenge = parse(header);
      if (challenge.isPresent() && challenge.get().scheme.equals("bearer")) {
        return challenge;
      }
      if (challenge.isPresent() && challenge.get().scheme.equals("basic")) {
        basic = challenge;
      }
    }
    return basic;
  }

  static Optional<Challenge> parse(String header) {
    var scheme = SCHEME.matcher(header);
    if (header.length() > MAX_HEADER || !scheme.lookingAt()) {
      return Optional.empty();
    }
    var parameters = new LinkedHashMap<String, String>();
    var parameter = PARAMETER.matcher(header).region(scheme.end(), header.length());
    while (parameter.lookingAt()) {
      var quoted = parameter.group(2);
      parameters.put(
          parameter.group(1).toLowerCase(Locale.ROOT),
          quoted == null ? parameter.group(3) : quoted.replaceAll("\\\\(.)", "$1"));
      parameter.region(parameter.end(), header.length());
    }
    return Optional.of(new Challenge(scheme.group(1).toLowerCase(Locale.ROOT), parameters));
  }
}
