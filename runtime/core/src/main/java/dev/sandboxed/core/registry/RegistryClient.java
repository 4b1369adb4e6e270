package dev.sandboxed.core.registry;

import dev.sandboxed.ImageReference;
import dev.sandboxed.core.registry.RegistryException.Kind;
import dev.sandboxed.core.registry.RegistryHttp.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import tools.jackson.databind.JsonNode;

/**
 * What is asked of registries and their mirrors: which image a reference means, and the contents it
 * is made of. Thread-safe.
 */
public final class RegistryClient {
  private static final int ATTEMPTS = 5;
  private static final long FIRST_WAIT_MILLIS = 200;
  private static final int MAX_ERROR = 64 << 10;
  private static final int MAX_INDEXES = 3;

  private final RegistrySettings settings;
  private final Limits limits;
  private final String architecture;
  private final RegistryHttp http;
  private final Authorization authorization;

  /**
   * Makes a client.
   *
   * @param architecture the one to choose images for, as registries call it: {@code amd64}
   */
  public RegistryClient(RegistrySettings settings, Limits limits, String architecture)
      throws IOException {
    this.settings = settings;
    this.limits = limits;
    this.architecture = architecture;
    http = new RegistryHttp(settings);
    authorization =
        new Authorization(http, new DockerCredentials(settings.dockerConfig()), limits.document());
  }

  /**
   * An image as its registry describes it.
   *
   * @param answered the digest of what the reference leads to, which may be an index
   * @param manifest the digest of the manifest for this machine
   * @param config what applies to programs in it
   * @param layers what it is made of, the lowest first
   */
  public record RemoteImage(
      Digest answered, Digest manifest, ImageConfig config, List<RemoteLayer> layers) {}

  /** A layer as it is in the registry, and the digest of what it unpacks to. */
  public record RemoteLayer(Descriptor packed, Digest unpacked) {
    /** Returns the digest in the registry. */
    public Digest digest() {
      return packed.digest();
    }
  }

  private record Document(Manifest manifest, long size, Digest digest) {}

  /** Work that may be tried again. */
  @FunctionalInterface
  interface Attempt<T> {
    T run() throws IOException;
  }

  /** Returns the digest that a tag leads to now, if the registry tells it without the document. */
  public Optional<Digest> lookUp(ImageReference reference) throws IOException {
    return retriedAnyOf(
        reference,
        host -> {
          try (var answer = ask("HEAD", host, reference, manifests(reference))) {
            return answer
                .headers()
                .firstValue("Docker-Content-Digest")
                .filter(Digest::isDigest)
                .map(Digest::new);
          }
        });
  }

  /** Returns what a reference means on this machine. */
  public RemoteImage resolve(ImageReference reference) throws IOException {
    var first = document(reference, reference.digest().map(Digest::new));
    var document = first;
    var manifest = first.manifest();
    for (int i = 0; manifest instanceof Manifest.Index index; i++) {
      if (i == MAX_INDEXES) {
        throw RegistryException.invalid("The image is an index of indexes of indexes: refused");
      }
      var descriptor =
          index
              .linux(architecture)
              .orElseThrow(
                  () ->
                      RegistryException.invalid(
                          "There is no image for linux/%s, only for %s; choose another image or tag"
                              .formatted(architecture, String.join(", ", index.platforms()))));
      document = document(reference, Optional.of(descriptor.digest()));
      if (document.size() != descriptor.size()) {
        throw RegistryException.invalid(
            "The manifest %s has another size than its index says".formatted(descriptor.digest()));
      }
      manifest = document.manifest();
    }
    var single = (Manifest.Single) manifest;
    var described = ImageConfig.parse(config(reference, single.config()), architecture);
    if (described.layers().size() != single.layers().size()) {
      throw RegistryException.invalid(
          "The manifest has %d layers and the configuration %d: refused"
              .formatted(single.layers().size(), described.layers().size()));
    }
    var layers = new ArrayList<RemoteLayer>();
    for (int i = 0; i < single.layers().size(); i++) {
      layers.add(new RemoteLayer(single.layers().get(i), described.layers().get(i)));
    }
    return new RemoteImage(
        first.digest(), document.digest(), described.config(), List.copyOf(layers));
  }

  private byte[] config(ImageReference reference, Descriptor descriptor) throws IOException {
    if (descriptor.size() > limits.document()) {
      throw RegistryException.invalid(
          "The image's configuration has more than %,d bytes: refused"
              .formatted(limits.document()));
    }
    return retried(
        () -> {
          try (var blob = blob(reference, descriptor, bytes -> {})) {
            return blob.readAllBytes();
          }
        });
  }

  private Document document(ImageReference reference, Optional<Digest> digest) throws IOException {
    var path = digest.map(d -> manifests(reference, d.text())).orElse(manifests(reference));
    return retriedAnyOf(
        reference,
        host -> {
          try (var answer = ask("GET", host, reference, path)) {
            var bytes = answer.bytes(limits.document(), "The manifest");
            var told = answer.headers().firstValue("Docker-Content-Digest");
            var expected = digest.or(() -> told.filter(Digest::isDigest).map(Digest::new));
            if (expected.isPresent() && !expected.get().sameOf(bytes).equals(expected.get())) {
              throw RegistryException.invalid(
                  "%s sent a manifest with the digest %s instead of %s: damaged or false"
                      .formatted(host, expected.get().sameOf(bytes), expected.get()));
            }
            var type = answer.headers().firstValue("Content-Type").orElse("");
            return new Document(
                Manifest.parse(bytes, type, limits),
                bytes.length,
                expected.orElseGet(() -> Digest.sha256(bytes)));
          }
        });
  }

  /**
   * Opens a content, which is verified as it is read.
   *
   * @param progress told of bytes as they come
   */
  VerifiedStream blob(ImageReference reference, Descriptor blob, LongConsumer progress)
      throws IOException {
    var path = "/v2/" + reference.repository() + "/blobs/" + blob.digest();
    InputStream body = anyOf(reference, host -> ask("GET", host, reference, path)).body();
    return new VerifiedStream(body, blob, progress);
  }

  private static String manifests(ImageReference reference) {
    return manifests(reference, reference.digest().orElse(reference.tag().orElse("latest")));
  }

  private static String manifests(ImageReference reference, String name) {
    return "/v2/" + reference.repository() + "/manifests/" + name;
  }

  @FunctionalInterface
  private interface Question<T> {
    T ask(String host) throws IOException;
  }

  /** Asks the mirrors in turn, and the registry itself if none of them answers. */
  private <T> T anyOf(ImageReference reference, Question<T> question) throws IOException {
    var host = reference.registry().orElseThrow();
    for (var mirror : settings.mirrors().getOrDefault(host, List.of())) {
      try {
        return question.ask(mirror);
      } catch (RegistryException e) {
        System.getLogger(RegistryClient.class.getName())
            .log(System.Logger.Level.DEBUG, "the mirror " + mirror + " is passed over", e);
      }
    }
    return question.ask(host);
  }

  private <T> T retriedAnyOf(ImageReference reference, Question<T> question) throws IOException {
    return retried(() -> anyOf(reference, question));
  }

  private Answer ask(String method, String host, ImageReference reference, String path)
      throws IOException {
    var uri = URI.create(http.base(host) + path);
    var scope = new Authorization.Scope(host, reference.repository());
    var first = http.send(method, uri, headers(authorization.known(scope)), "");
    if (first.status() != 401) {
      return successful(first, host, reference);
    }
    var challenge = Challenge.best(first.headers().allValues("WWW-Authenticate"));
    first.close();
    var header = authorization.answer(scope, uri, challenge);
    return successful(http.send(method, uri, headers(Optional.of(header)), ""), host, reference);
  }

  private Answer successful(Answer answer, String host, ImageReference reference)
      throws IOException {
    if (answer.status() == 200) {
      return answer;
    }
    try (answer) {
      throw failure(answer, host, reference);
    }
  }

  private static Map<String, String> headers(Optional<String> authorization) {
    return authorization
        .map(a -> Map.of("Accept", Manifest.ACCEPTED + ", */*;q=0.1", "Authorization", a))
        .orElse(Map.of("Accept", Manifest.ACCEPTED + ", */*;q=0.1"));
  }

  private RegistryException failure(Answer answer, String host, ImageReference reference) {
    var said = said(answer);
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
  private static String said(Answer answer) {
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
