package dev.sandboxed.core.registry;

import dev.sandboxed.ImageReference;
import dev.sandboxed.core.registry.RegistryException.Kind;
import dev.sandboxed.core.registry.RegistryHttp.Answer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/** Authorized requests to registries, and what their failures mean. Thread-safe. */
final class RegistryRequests {
  private static final int ATTEMPTS = 5;
  private static final long FIRST_WAIT_MILLIS = 200;
  private static final int MAX_ERROR = 64 << 10;

  private final RegistrySettings settings;
  private final RegistryHttp http;
  private final Authorization authorization;

  RegistryRequests(RegistrySettings settings, Limits limits) throws IOException {
    this.settings = settings;
    http = new RegistryHttp(settings);
    authorization =
        new Authorization(http, new DockerCredentials(settings.dockerConfig()), limits.document());
  }

  /** Work that may be tried again. */
  @FunctionalInterface
  interface Attempt<T> {
    T run() throws IOException;
  }

  /** Sends a request with certain headers. */
  @FunctionalInterface
  private interface Sender {
    Answer send(Map<String, String> headers) throws IOException;
  }

  /** Returns the address of a path in a registry. */
  URI address(String host, String path) {
    return URI.create(http.base(host) + path);
  }

  /** Asks for something of an image; every answer but 200 is a failure. */
  Answer pulled(String method, String host, ImageReference reference, String path)
      throws IOException {
    var scope = Authorization.Scope.toPull(host, reference.repository());
    var uri = address(host, path);
    var answer =
        authorized(
            scope,
            uri,
            Map.of("Accept", Manifest.ACCEPTED + ", */*;q=0.1"),
            headers -> http.send(method, uri, headers, ""));
    if (answer.status() == 200) {
      return answer;
    }
    try (answer) {
      throw failure(answer, host, reference);
    }
  }

  /**
   * Asks, as one who may also push.
   *
   * @return an answer of whatever status
   */
  Answer pushed(String method, ImageReference reference, URI uri) throws IOException {
    return authorized(
        toPush(reference), uri, Map.of(), headers -> http.send(method, uri, headers, ""));
  }

  /**
   * Sends a content.
   *
   * @param uri the registry's, or another that it has named, which is told no credentials
   * @return an answer of whatever status
   */
  Answer sent(ImageReference reference, URI uri, String type, RegistryHttp.Upload content)
      throws IOException {
    var host = reference.registry().orElseThrow();
    var headers = Map.of("Content-Type", type);
    http.requireSafe(http.base(host), uri);
    if (!RegistryHttp.sameOrigin(http.base(host), uri)) {
      return http.upload(uri, headers, content);
    }
    return authorized(toPush(reference), uri, headers, all -> http.upload(uri, all, content));
  }

  private static Authorization.Scope toPush(ImageReference reference) {
    return Authorization.Scope.toPush(reference.registry().orElseThrow(), reference.repository());
  }

  private Answer authorized(
      Authorization.Scope scope, URI uri, Map<String, String> headers, Sender sender)
      throws IOException {
    var first = sender.send(with(headers, authorization.known(scope)));
    if (first.status() != 401) {
      return first;
    }
    var challenge = Challenge.best(first.headers().allValues("WWW-Authenticate"));
    first.close();
    var header = authorization.answer(scope, uri, challenge);
    return sender.send(with(headers, Optional.of(header)));
  }

  private static Map<String, String> with(
      Map<String, String> headers, Optional<String> authorization) {
    var all = new LinkedHashMap<>(headers);
    authorization.ifPresent(value -> all.put("Authorization", value));
    return all;
  }

  /** Returns what an answer that is no success means. */
  RegistryException failure(Answer answer, String host, ImageReference reference) {
    return failure(answer, host, reference, said(answer));
  }

  /** Returns what an answer means, whose body was read. */
  RegistryException failure(Answer answer, String host, ImageReference reference, String said) {
    return switch (answer.status()) {
      case 401, 403 -> authorization.refused(host, reference.repository(), answer.status(), said);
      case 404 ->
          new RegistryException(
              Kind.NOT_FOUND,
              "The registry %s has no %s%s; check the name and the tag"
                  .formatted(host, reference, said));
      case 429 ->
          RegistryException.busy(
              "The registry %s takes no more requests now (429%s); wait, or log in: docker login %s"
                  .formatted(host, said, host),
              after(answer));
      default ->
          answer.status() >= 500
              ? RegistryException.busy(
                  "The registry %s failed (%d%s)".formatted(host, answer.status(), said),
                  after(answer))
              : RegistryException.invalid(
                  "The registry %s answered %d%s".formatted(host, answer.status(), said));
    };
  }

  /** Returns what the registry gives as the reason, to go behind the status. */
  static String said(Answer answer) {
    try {
      var errors = Json.object(answer.bytes(MAX_ERROR, "The error"), "The error").path("errors");
      for (JsonNode error : errors) {
        var code = Json.text(error, "code").orElse("");
        var message = Json.text(error, "message").orElse("");
        return ": " + RegistryHttp.shown(code + " " + message);
      }
    } catch (IOException e) {
      // Not said in the form that registries have for it.
    }
    return "";
  }

  private static Optional<Duration> after(Answer answer) {
    return answer
        .headers()
        .firstValue("Retry-After")
        .flatMap(
            text -> {
              try {
                return Optional.of(
                    text.matches("[0-9]{1,9}")
                        ? Duration.ofSeconds(Long.parseLong(text))
                        : Duration.between(
                            Instant.now(),
                            ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)));
              } catch (DateTimeException e) {
                return Optional.empty();
              }
            })
        .filter(wait -> !wait.isNegative());
  }

  /** Does a work again when its failure may pass. */
  <T> T retried(Attempt<T> work) throws IOException {
    for (int i = 1; ; i++) {
      try {
        return work.run();
      } catch (RegistryException e) {
        var wait = e.after().orElse(Duration.ofMillis(FIRST_WAIT_MILLIS << (i - 1)));
        if (!e.isPassing() || i == ATTEMPTS || wait.compareTo(settings.patience()) > 0) {
          throw e;
        }
        pause(wait);
      }
    }
  }

  private static void pause(Duration wait) throws InterruptedIOException {
    try {
      TimeUnit.NANOSECONDS.sleep(wait.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for a registry");
    }
  }
}
