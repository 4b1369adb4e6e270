package dev.sandboxed.core.registry;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** The credentials that {@code docker login} keeps, in its configuration or by its helpers. */
final class DockerCredentials {
  private static final long MAX_FILE = 4 << 20;

  private final Path file;

  /** Takes the directory of Docker's configuration. */
  DockerCredentials(Path directory) {
    file = directory.resolve("config.json");
  }

  /**
   * Returns the credentials for a registry's host.
   *
   * @throws RegistryException if the configuration is malformed, or its helper fails
   */
  Optional<Credentials> find(String host) throws IOException {
    byte[] bytes;
    try {
      if (Files.exists(file) && Files.size(file) > MAX_FILE) {
        throw RegistryException.invalid("Docker's configuration " + file + " is over 4 MiB");
      }
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (RegistryException e) {
      throw e;
    } catch (IOException e) {
      throw new RegistryException(
          RegistryException.Kind.INVALID,
          "Docker's configuration %s, which may have credentials for %s, cannot be read; make it readable, or name another directory in DOCKER_CONFIG"
              .formatted(file, host),
          e);
    }
    var config = parse(bytes);
    var helper = Json.text(config.path("credHelpers"), host);
    if (helper.isPresent()) {
      return CredentialHelper.of(helper.get(), file).get(host);
    }
    var names = names(config.path("auths"), host);
    var store = Json.text(config, "credsStore");
    if (store.isPresent()) {
      var all = new LinkedHashSet<>(names);
      all.add(host);
      for (var name : all) {
        var found = CredentialHelper.of(store.get(), file).get(name);
        if (found.isPresent()) {
          return found;
        }
      }
    }
    for (var name : names) {
      var found = of(config.path("auths").path(name), name);
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  /** The file holds passwords, so nothing of it goes into a message. */
  private JsonNode parse(byte[] bytes) throws RegistryException {
    try {
      return Json.object(bytes, "it");
    } catch (RegistryException e) {
      throw RegistryException.invalid(
          "Docker's configuration %s is not a JSON object; mend it, or name another directory in DOCKER_CONFIG"
              .formatted(file));
    }
  }

  /** Returns the names that entries for a host have: the host itself, or a URL of it. */
  private static Set<String> names(JsonNode auths, String host) {
    var names = new LinkedHashSet<String>();
    if (auths.has(host)) {
      names.add(host);
    }
    for (var name : auths.propertyNames()) {
      var start = name.indexOf("://");
      var rest = start < 0 ? name : name.substring(start + 3);
      var slash = rest.indexOf('/');
      if ((slash < 0 ? rest : rest.substring(0, slash)).equals(host)) {
        names.add(name);
      }
    }
    return names;
  }

  private Optional<Credentials> of(JsonNode entry, String name) throws RegistryException {
    var identity = Json.text(entry, "identitytoken");
    if (identity.isPresent()) {
      return Optional.of(new Credentials.IdentityToken(identity.get()));
    }
    var auth = Json.text(entry, "auth");
    if (auth.isPresent()) {
      String text;
      try {
        text = new String(Base64.getDecoder().decode(auth.get()), StandardCharsets.UTF_8);
      } catch (IllegalArgumentException e) {
        throw malformed(name);
      }
      var colon = text.indexOf(':');
      if (colon < 1) {
        throw malformed(name);
      }
      return Optional.of(
          new Credentials.Password(
              text.substring(0, colon), text.substring(colon + 1).replaceAll("\0+$", "")));
    }
    var user = Json.text(entry, "username");
    var password = Json.text(entry, "password");
    return user.isPresent() && password.isPresent()
        ? Optional.of(new Credentials.Password(user.get(), password.get()))
        : Optional.empty();
  }

  private RegistryException malformed(String name) {
    return RegistryException.invalid(
        "Docker's configuration %s has a malformed entry for %s; run: docker login %s"
            .formatted(file, RegistryHttp.shown(name), RegistryHttp.shown(name)));
  }
}
