package dev.sandboxed.assertj;

import dev.sandboxed.Connection;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.OutputTail;
import dev.sandboxed.ReadinessTimeoutException;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.SecretMask;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.assertj.core.api.AbstractStringAssert;
import org.jspecify.annotations.Nullable;

/**
 * Assertions on a sandbox: whether it runs or how it ended, its log, its files and what it tried to
 * reach.
 *
 * <pre>{@code
 * assertThat(sandbox).isRunning().hasNoRefusedConnections();
 * assertThat(sandbox).log().contains("listening on port 8080");
 * assertThat(sandbox).file("/srv/report.json").isRegularFile().hasMode(0640);
 * }</pre>
 *
 * <p>What a sandbox ran may go on while it is asserted on: an assertion is true of the moment.
 */
public class SandboxAssert extends AbstractRunAssert<SandboxAssert, Sandbox> {
  private static final int SHOWN_CONNECTIONS = 20;

  private final SecretMask mask;

  /**
   * Begins assertions; {@link SandboxAssertions#assertThat(Sandbox)} does that.
   *
   * @param actual the sandbox
   */
  public SandboxAssert(@Nullable Sandbox actual) {
    super(actual, SandboxAssert.class, SafeRepresentation.maskOf(actual));
    mask = SafeRepresentation.maskOf(actual);
  }

  /**
   * Verifies that the sandbox's readiness probe has succeeded; it does not wait.
   *
   * @return these assertions
   * @throws dev.sandboxed.InvalidSpecException if the sandbox has no probe
   */
  public SandboxAssert isReady() {
    isNotNull();
    try {
      actual.waitUntilReady(Duration.ZERO);
    } catch (ReadinessTimeoutException | SandboxNotRunningException e) {
      failWithMessage(
          "%nExpecting the sandbox to be ready, but it is not: %s%n%s",
          representation.text(String.valueOf(e.getMessage())), everything());
    }
    return this;
  }

  /**
   * Verifies that no program inside tried to reach a destination outside that was not allowed.
   *
   * @return these assertions
   */
  public SandboxAssert hasNoRefusedConnections() {
    isNotNull();
    var refused =
        actual.connections().stream()
            .filter(c -> c.verdict() == Connection.Verdict.REFUSED)
            .toList();
    if (!refused.isEmpty()) {
      failWithMessage(
          "%nExpecting the sandbox to have no refused connections, but there are %s:%n%s%n%s",
          refused.size(), shown(refused), everything());
    }
    return this;
  }

  /**
   * Verifies that a program inside tried to reach a destination outside, and was refused.
   *
   * @param host the name or address that it was tried by
   * @return these assertions
   */
  public SandboxAssert hasRefusedConnectionTo(String host) {
    isNotNull();
    var tried = actual.connections();
    if (tried.stream()
        .noneMatch(
            c ->
                c.verdict() == Connection.Verdict.REFUSED
                    && (c.host().filter(host::equalsIgnoreCase).isPresent()
                        || c.address().filter(host::equals).isPresent()))) {
      failWithMessage(
          "%nExpecting the sandbox to have a refused connection to %s, but what it tried"
              + " is:%n%s%n%s",
          representation.text(host), tried.isEmpty() ? "  (nothing)" : shown(tried), everything());
    }
    return this;
  }

  private String shown(List<Connection> connections) {
    return connections.stream()
            .limit(SHOWN_CONNECTIONS)
            .map(c -> "  " + representation.text(c.toString()))
            .collect(Collectors.joining("\n"))
        + (connections.size() > SHOWN_CONNECTIONS
            ? "\n  … and %,d more".formatted(connections.size() - SHOWN_CONNECTIONS)
            : "");
  }

  /**
   * Goes on with what the sandbox's command has printed so far, stdout and stderr together.
   *
   * @return assertions on the text
   */
  public AbstractStringAssert<?> log() {
    isNotNull();
    return text(
        actual.logs().text(),
        () -> "log of the sandbox %s, %s".formatted(actual.id(), state(actual.poll())));
  }

  /**
   * Goes on with a file of the sandbox, whether it exists or not.
   *
   * @param path its path inside; a relative one starts at the sandbox's working directory
   * @return assertions on the file
   */
  public SandboxFileAssert file(String path) {
    isNotNull();
    var described = descriptionText();
    var assertions = navigation.file(new SandboxPath(actual, path));
    return described.isEmpty() ? assertions : assertions.as(() -> described);
  }

  @Override
  Optional<ExitStatus> status() {
    return actual.poll();
  }

  @Override
  CompletableFuture<ExitStatus> onExit() {
    return actual.onExit();
  }

  @Override
  String noun() {
    return "sandbox";
  }

  @Override
  String everything() {
    return "sandbox %s, %s\n%s"
        .formatted(
            actual.id(),
            state(actual.poll()),
            OutputTail.section("log", actual.logs().text().getBytes(StandardCharsets.UTF_8), mask));
  }
}
