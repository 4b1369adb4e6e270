package dev.sandboxed.junit;

import dev.sandboxed.Connection;
import dev.sandboxed.Exec;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.PortTunnel;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFiles;
import dev.sandboxed.SandboxLog;
import dev.sandboxed.SandboxProcess;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.SecretMask;
import dev.sandboxed.StartupTimings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A sandbox that keeps in mind which commands ran last. */
final class RecordingSandbox implements Sandbox {
  private final Sandbox sandbox;
  private final String subject;
  private final ExecLog log = new ExecLog();
  private final SecretMask mask;
  private final Optional<SandboxProcess> entrypoint;

  RecordingSandbox(Sandbox sandbox, String subject) {
    this.sandbox = sandbox;
    this.subject = subject;
    this.mask = SecretMask.of(sandbox.spec().secrets());
    this.entrypoint =
        sandbox.entrypoint().map(p -> new RecordingProcess(p, log.add(p.command(), mask)));
  }

  /** Describes what ran and what was tried to reach; empty if nothing was and all is well. */
  Optional<String> activity() {
    var status = sandbox.poll();
    var commands = log.describe();
    var connections = TriedConnections.describe(tried());
    return commands.isEmpty() && status.isEmpty() && connections.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "Sandbox %s of %s, %s%s%s"
                .formatted(
                    id(),
                    subject,
                    status.map(s -> "ended: " + s).orElse("running"),
                    commands.isEmpty() ? "" : "; " + commands,
                    connections.isEmpty() ? "" : "\n" + connections));
  }

  private List<Connection> tried() {
    try {
      return sandbox.connections();
    } catch (SandboxException e) {
      // The report is about another failure, which this must not hide.
      return List.of();
    }
  }

  @Override
  public String id() {
    return sandbox.id();
  }

  @Override
  public SandboxSpec spec() {
    return sandbox.spec();
  }

  @Override
  public Map<String, String> tags() {
    return sandbox.tags();
  }

  @Override
  public void replaceTags(Map<String, String> tags) {
    sandbox.replaceTags(tags);
  }

  @Override
  public StartupTimings startup() {
    return sandbox.startup();
  }

  @Override
  public Exec exec(List<String> command) {
    return new RecordingExec(sandbox.exec(command), log, mask);
  }

  @Override
  public Optional<SandboxProcess> entrypoint() {
    return entrypoint;
  }

  @Override
  public SandboxLog logs() {
    return sandbox.logs();
  }

  @Override
  public SandboxFiles files() {
    return sandbox.files();
  }

  @Override
  public PortTunnel tunnel(int port) {
    return sandbox.tunnel(port);
  }

  @Override
  public NetworkPolicy network() {
    return sandbox.network();
  }

  @Override
  public int changeNetwork(NetworkPolicy policy) {
    return sandbox.changeNetwork(policy);
  }

  @Override
  public List<Connection> connections() {
    return sandbox.connections();
  }

  @Override
  public Optional<ExitStatus> poll() {
    return sandbox.poll();
  }

  @Override
  public ExitStatus waitFor() {
    return sandbox.waitFor();
  }

  @Override
  public Optional<ExitStatus> waitFor(Duration limit) {
    return sandbox.waitFor(limit);
  }

  @Override
  public CompletableFuture<ExitStatus> onExit() {
    return sandbox.onExit();
  }

  @Override
  public CompletableFuture<ExitStatus> terminate() {
    return sandbox.terminate();
  }

  @Override
  public void detach() {
    sandbox.detach();
  }

  @Override
  public void close() {
    sandbox.close();
  }

  @Override
  public String toString() {
    return sandbox.toString();
  }
}
