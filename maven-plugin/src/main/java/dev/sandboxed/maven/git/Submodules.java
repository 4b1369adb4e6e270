package dev.sandboxed.maven.git;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What becomes of the submodules of a repository. */
public enum Submodules {
  /** Their directories stay empty. */
  NONE,

  /**
   * They are fetched over HTTPS as anybody can: a repository may name others that only its reader
   * can read, and show them to its own code.
   */
  ANONYMOUS,

  /** They are fetched with the user's git as it is set up: its credentials, and its filters. */
  CREDENTIALS;

  /**
   * Reads a parameter.
   *
   * @throws GitException if there is no such value
   */
  public static Submodules of(String text) throws GitException {
    for (var value : values()) {
      if (value.text().equals(text)) {
        return value;
      }
    }
    throw new GitException(
        "sandbox.submodules is \"%s\"; it can be %s"
            .formatted(
                text,
                Arrays.stream(values()).map(Submodules::text).collect(Collectors.joining(", "))));
  }

  private String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
