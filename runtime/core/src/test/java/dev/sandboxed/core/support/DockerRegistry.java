package dev.sandboxed.core.support;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** A registry of Debian's package {@code docker-registry}, on a port of the loopback device. */
public final class DockerRegistry implements AutoCloseable {
  private static final Pattern LISTENING = Pattern.compile("listening on 127\\.0\\.0\\.1:(\\d+)");

  private final Process process;
  private final Path log;
  private final Path authority;
  private final String host;

  private DockerRegistry(Path directory, String security) throws IOException {
    authority = directory.resolve("tls.crt");
    log = directory.resolve("registry.log");
    var config =
        Files.writeString(
            directory.resolve("config.yml"),
            """
            version: 0.1
            log: {level: info}
            storage: {filesystem: {rootdirectory: %s}}
            http:
              addr: 127.0.0.1:0
            """
                    .formatted(directory.resolve("storage"))
                + security);
    process =
        new ProcessBuilder(
                DebianPackages.require("docker-registry", "docker-registry").toString(),
                "serve",
                config.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    host =
        "127.0.0.1:"
            + await().atMost(Duration.ofMinutes(2)).until(this::port, Optional::isPresent).get();
  }

  /** Starts one without TLS and password. */
  public static DockerRegistry plain(Path directory) throws IOException {
    return new DockerRegistry(directory, "");
  }

  /** Starts one with TLS, whose certificate is its own authority, and a password. */
  public static DockerRegistry secured(Path directory, String user, String password)
      throws IOException {
    DebianPackages.require("openssl", "openssl");
    DebianPackages.require("htpasswd", "apache2-utils");
    var key = directory.resolve("tls.key");
    var certificate = directory.resolve("tls.crt");
    DebianPackages.run(
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=registry",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        key.toString(),
        "-out",
        certificate.toString());
    var passwords = directory.resolve("htpasswd");
    DebianPackages.run("htpasswd", "-Bbc", passwords.toString(), user, password);
    return new DockerRegistry(
        directory,
        """
          tls: {certificate: %s, key: %s}
        auth:
          htpasswd: {realm: tests, path: %s}
        """
            .formatted(certificate, key, passwords));
  }

  /** Returns its address, host and port. */
  public String host() {
    return host;
  }

  /** Returns the PEM file of the authority of its certificate. */
  public Path authority() {
    return authority;
  }

  private Optional<String> port() throws IOException {
    var text = Files.readString(log);
    if (!process.isAlive()) {
      throw new AssertionError("docker-registry has ended: " + text);
    }
    var matcher = LISTENING.matcher(text);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
