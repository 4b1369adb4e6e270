package dev.sandboxed.core.registry;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** A program {@code docker-credential-<name>} of the user's, which keeps credentials. */
final class CredentialHelper {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");
  private static final int MAX_ANSWER = 1 << 20;
  private static final long SECONDS = 60;

  private final String program;
  private final Path config;

  CredentialHelper(String program, Path config) {
    this.program = program;
    this.config = config;
  }

  /**
   * Returns a helper by its name.
   *
   * @param config the file that names it
   */
  static CredentialHelper of(String name, Path config) throws RegistryException {
    if (!NAME.matcher(name).matches()) {
      throw RegistryException.invalid(
          "%s names a credential helper \"%s\", which is malformed"
              .formatted(config, RegistryHttp.shown(name)));
    }
    return new CredentialHelper("docker-credential-" + name, config);
  }

  /** Asks for a registry's credentials; nothing if the helper has none. */
  Optional<Credentials> get(String registry) throws IOException {
    // Files instead of pipes: a helper that leaves a process behind holds no reader up.
    var answer = Files.createTempFile("sandboxed-credential-", ".json");
    try {
      var exit = run(registry, answer);
      if (Files.size(answer) > MAX_ANSWER) {
        throw failed(registry, "its answer is over 1 MiB");
      }
      var bytes = Files.readAllBytes(answer);
      if (exit != 0) {
        var text = new String(bytes, StandardCharsets.UTF_8);
        if (text.contains("credentials not found")) {
          return Optional.empty();
        }
        throw failed(registry, "it ended with " + exit);
      }
      return parse(bytes, registry);
    } finally {
      Files.deleteIfExists(answer);
    }
  }

  private int run(String registry, Path answer) throws IOException {
    Process process;
    try {
      process =
          new ProcessBuilder(program, "get")
              .redirectOutput(answer.toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      throw new RegistryException(
          RegistryException.Kind.REFUSED,
          "%s names the credential helper %s for %s, which cannot be run: is it on the PATH?"
              .formatted(config, program, registry),
          e);
    }
    try (OutputStream stdin = process.getOutputStream()) {
      stdin.write(registry.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // It has ended without reading; its exit status says more.
    }
    try {
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        throw failed(registry, "it did not answer within " + SECONDS + " s");
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while asking " + program);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private Optional<Credentials> parse(byte[] bytes, String registry) throws RegistryException {
    String user;
    String secret;
    try {
      var node = Json.object(bytes, "it");
      user = Json.text(node, "Username").orElse("");
      secret = Json.text(node, "Secret").orElse("");
    } catch (RegistryException e) {
      // Without its cause: that might quote the secret.
      throw failed(registry, "its answer is not a JSON object");
    }
    if (secret.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        user.equals("<token>")
            ? new Credentials.IdentityToken(secret)
            : new Credentials.Password(user, secret));
  }

  private RegistryException failed(String registry, String why) {
    return new RegistryException(
        RegistryException.Kind.REFUSED,
        "The credential helper %s, which %s names, gave no credentials for %s: %s; try: echo %s | %s get"
            .formatted(program, config, registry, why, registry, program));
  }
}
