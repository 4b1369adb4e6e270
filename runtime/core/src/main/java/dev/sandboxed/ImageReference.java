package dev.sandboxed;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Names an image in a registry, as {@code docker pull} takes it: {@code python:3.12-slim}, {@code
 * localhost:5000/team/app@sha256:…}. An immutable value.
 *
 * @param registry the registry's host, with its port if it has one; empty for the default registry
 * @param repository the path within the registry
 * @param tag the tag; empty only if there is a digest
 * @param digest the digest of a manifest or an index, which goes before the tag; {@code sha256:<64
 *     hexadecimal digits>} or {@code sha512:<128>}
 */
public record ImageReference(
    Optional<String> registry, String repository, Optional<String> tag, Optional<String> digest) {
  private static final int MAX_NAME = 255;
  private static final int MAX_TEXT = 512;
  private static final int MAX_PORT = 65535;

  private static final Pattern HOST =
      Pattern.compile(
          "(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
              + "|\\[[0-9A-Fa-f:]{2,39}\\])(?::(?<port>[0-9]{1,5}))?");
  private static final Pattern COMPONENT = Pattern.compile("[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*");
  private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");
  private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}");

  /**
   * Checks each part.
   *
   * @throws InvalidSpecException if one is malformed, or both tag and digest are missing
   */
  public ImageReference {
    registry.ifPresent(host -> checkHost(host, host));
    checkRepository(repository, repository);
    tag.ifPresent(t -> check(TAG, t, t, "the tag", TAG_RULE));
    digest.ifPresent(d -> check(DIGEST, d, d, "the digest", DIGEST_RULE));
    if (tag.isEmpty() && digest.isEmpty()) {
      throw new InvalidSpecException(
          "The image reference to %s has neither a tag nor a digest; add a tag, such as latest"
              .formatted(repository));
    }
  }

  private static final String TAG_RULE =
      "it has letters, digits, '_', '.' and '-', at most 128, and begins with none of the last two";
  private static final String DIGEST_RULE =
      "it is sha256: and 64, or sha512: and 128 hexadecimal digits in lower case";
  private static final String NAME_RULE =
      "names have lower-case letters and digits, in parts joined by '.', '_', '__' or '-'";

  /**
   * Parses a reference.
   *
   * @param text {@code [registry/]repository[:tag][@digest]}; what stands before the first slash is
   *     a registry if it has a dot, a colon or a capital letter, or is {@code localhost}. The tag
   *     is {@code latest} if there is neither a tag nor a digest
   * @return the reference
   * @throws InvalidSpecException if it is malformed; the message says where
   */
  public static ImageReference parse(String text) {
    if (text.isEmpty() || text.length() > MAX_TEXT) {
      throw new InvalidSpecException(
          text.isEmpty()
              ? "The image reference is empty; write one such as python:3.12-slim"
              : "The image reference has %d characters, more than the %d possible"
                  .formatted(text.length(), MAX_TEXT));
    }
    var at = text.indexOf('@');
    Optional<String> digest = at < 0 ? Optional.empty() : Optional.of(text.substring(at + 1));
    digest.ifPresent(d -> check(DIGEST, d, text, "the digest", DIGEST_RULE));
    var rest = at < 0 ? text : text.substring(0, at);
    var slash = rest.indexOf('/');
    Optional<String> registry = Optional.empty();
    if (slash > 0 && isHost(rest.substring(0, slash))) {
      registry = Optional.of(rest.substring(0, slash));
      checkHost(registry.get(), text);
      rest = rest.substring(slash + 1);
    }
    var colon = rest.indexOf(':');
    Optional<String> tag = colon < 0 ? Optional.empty() : Optional.of(rest.substring(colon + 1));
    tag.ifPresent(t -> check(TAG, t, text, "the tag", TAG_RULE));
    var repository = colon < 0 ? rest : rest.substring(0, colon);
    checkRepository(repository, text);
    if (tag.isEmpty() && digest.isEmpty()) {
      tag = Optional.of("latest");
    }
    return new ImageReference(registry, repository, tag, digest);
  }

  private static boolean isHost(String first) {
    return first.indexOf('.') >= 0
        || first.indexOf(':') >= 0
        || first.equals("localhost")
        || first.chars().anyMatch(c -> c >= 'A' && c <= 'Z');
  }

  private static void checkHost(String host, String text) {
    var matcher = HOST.matcher(host);
    if (!matcher.matches()
        || (matcher.group("port") != null && Integer.parseInt(matcher.group("port")) > MAX_PORT)) {
      throw refused(text, "the registry", host, "it is a host name or an address, perhaps a port");
    }
  }

  private static void checkRepository(String repository, String text) {
    if (repository.length() > MAX_NAME) {
      throw refused(text, "the name", repository, "it has at most " + MAX_NAME + " characters");
    }
    for (var component : repository.split("/", -1)) {
      check(COMPONENT, component, text, "the name", NAME_RULE);
    }
  }

  private static void check(Pattern pattern, String part, String text, String what, String rule) {
    if (!pattern.matcher(part).matches()) {
      throw refused(text, what, part, rule);
    }
  }

  private static InvalidSpecException refused(String text, String what, String part, String rule) {
    return new InvalidSpecException(
        "\"%s\" is not an image reference: %s \"%s\" is malformed; %s"
            .formatted(OutputTail.printable(text), what, OutputTail.printable(part), rule));
  }

  /** Returns the reference in the form that {@link #parse} takes. */
  @Override
  public String toString() {
    return registry.map(r -> r + "/").orElse("")
        + repository
        + tag.map(t -> ":" + t).orElse("")
        + digest.map(d -> "@" + d).orElse("");
  }
}
