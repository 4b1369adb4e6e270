package dev.sandboxed.core.registry;

import dev.sandboxed.core.registry.RegistryException.Kind;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.regex.Pattern;

/** Answers the challenges of registries, by password or by a token. Thread-safe. */
final class Authorization {
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/=-]+");

  private final RegistryHttp http;
  private final DockerCredentials credentials;
  private final int maxAnswer;
  private final ConcurrentMap<Scope, String> headers = new ConcurrentHashMap<>();

  Authorization(RegistryHttp http, DockerCredentials credentials, int maxAnswer) {
    this.http = http;
    this.credentials = credentials;
    this.maxAnswer = maxAnswer;
  }

  /** What an authorization is for. */
  record Scope(String host, String repository, String actions) {
    static Scope toPull(String host, String repository) {
      return new Scope(host, repository, "pull");
    }

    static Scope toPush(String host, String repository) {
      return new Scope(host, repository, "pull,push");
    }

    String text() {
      return "repository:" + repository + ":" + actions;
    }
  }

  /** Returns the header that was good before. */
  Optional<String> known(Scope scope) {
    return Optional.ofNullable(headers.get(scope));
  }

  /**
   * Returns the header that answers a challenge.
   *
   * @param from the address that made it
   * @throws RegistryException if there are no credentials that could
   */
  String answer(Scope scope, URI from, Optional<Challenge> challenge) throws IOException {
    var found = credentials.find(scope.host());
    if (challenge.isEmpty()) {
      throw refused(scope.host(), scope.repository(), 401, "");
    }
    String header;
    if (challenge.get().scheme().equals("bearer")) {
      header = "Bearer " + token(scope, from, challenge.get(), found);
    } else if (found.isPresent() && found.get() instanceof Credentials.Password password) {
      header = password.header();
    } else {
      throw refused(scope.host(), scope.repository(), 401, "");
    }
    headers.put(scope, header);
    return header;
  }

  private String token(Scope scope, URI from, Challenge challenge, Optional<Credentials> found)
      throws IOException {
    var realm = realm(from, challenge);
    var query =
        "service=%s&scope=%s"
            .formatted(
                encoded(challenge.parameters().getOrDefault("service", "")), encoded(scope.text()));
    RegistryHttp.Answer answer;
    if (found.isPresent() && found.get() instanceof Credentials.IdentityToken identity) {
      answer =
          http.send(
              "POST",
              realm,
              Map.of("Content-Type", "application/x-www-form-urlencoded"),
              "grant_type=refresh_token&client_id=sandboxed&refresh_token=%s&%s"
                  .formatted(encoded(identity.token()), query));
    } else {
      var join = realm.getRawQuery() == null ? "?" : "&";
      Map<String, String> headers =
          found.isPresent() && found.get() instanceof Credentials.Password password
              ? Map.of("Authorization", password.header())
              : Map.of();
      answer = http.send("GET", URI.create(realm + join + query), headers, "");
    }
    try (answer) {
      if (answer.status() == 429 || answer.status() >= 500) {
        throw RegistryException.busy(
            "The server %s, which gives tokens for %s, failed (%d)"
                .formatted(realm.getAuthority(), scope.host(), answer.status()),
            Optional.empty());
      }
      if (answer.status() != 200) {
        throw refused(scope.host(), scope.repository(), answer.status(), "");
      }
      var node = Json.object(answer.bytes(maxAnswer, "The token"), "The token");
      return Json.text(node, "token")
          .or(() -> Json.text(node, "access_token"))
          .filter(t -> TOKEN.matcher(t).matches())
          .orElseThrow(
              () ->
                  RegistryException.invalid(
                      "The server %s gave no token for %s"
                          .formatted(realm.getAuthority(), scope.host())));
    }
  }

  private URI realm(URI from, Challenge challenge) throws RegistryException {
    var text = challenge.parameters().getOrDefault("realm", "");
    try {
      var realm = URI.create(text);
      if (realm.getHost() != null && realm.getRawFragment() == null) {
        http.requireSafe(from, realm);
        return realm;
      }
    } catch (IllegalArgumentException e) {
      // Said below.
    }
    throw RegistryException.invalid(
        "The registry %s names no address to get a token from: \"%s\""
            .formatted(from.getAuthority(), RegistryHttp.shown(text)));
  }

  /** Returns the failure of a registry that wants other credentials, or any. */
  RegistryException refused(String host, String repository, int status, String said) {
    var have = "";
    try {
      have =
          credentials.find(host).isPresent()
              ? "the credentials for it are refused"
              : "there are no credentials for it";
    } catch (IOException e) {
      have = "the credentials for it cannot be read";
    }
    return new RegistryException(
        Kind.REFUSED,
        "The registry %s gives no access to %s (%d%s), and %s; check the name, and run: docker login %s"
            .formatted(host, repository, status, said, have, host));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
