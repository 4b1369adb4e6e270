package dev.sandboxed.core.agent;

import dev.sandboxed.Connection;
import dev.sandboxed.Exec;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.FileChange;
import dev.sandboxed.Image.SnapshotImage;
import dev.sandboxed.MemorySnapshot;
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
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A sandbox that has ended, of which only its record is left. */
public final class EndedSandbox implements Sandbox {
  private final SandboxSpec spec;
  private final Ending ending;
  private final LogFiles logs;

  private EndedSandbox(SandboxSpec spec, Ending ending, LogFiles logs) {
    this.spec = spec;
    this.ending = ending;
    this.logs = logs;
  }

  /**
   * Reads how a sandbox ended.
   *
   * @param spec what the record tells of its spec
   * @param exit the record of its end
   * @param logs where what its entrypoint printed is kept
   * @throws ProtocolException if the record is broken
   */
  public static Sandbox of(SandboxSpec spec, JsonObject exit, LogFiles logs)
      throws ProtocolException {
    var ending =
        new Ending(
            logs.id(),
            spec,
            ExitReports.status(exit),
            exit.string("message").orElse(""),
            exit.string("output").orElse(""));
    return new EndedSandbox(spec, ending, logs);
  }

  @Override
  public String id() {
    return ending.id();
  }

  @Override
  public SandboxSpec spec() {
    return spec;
  }

  @Override
  public Map<String, String> tags() {
    return spec.labels().tags();
  }

  @Override
  public void replaceTags(Map<String, String> tags) {
    throw ended();
  }

  @Override
  public StartupTimings startup() {
    return new StartupTimings(Duration.ZERO, Duration.ZERO, Duration.ZERO, Optional.empty());
  }

  @Override
  public StartupTimings waitUntilReady(Duration limit) {
    throw RemoteReadiness.explained(
        ended(), RemoteReadiness.output(new EndedLog(logs), SecretMask.of(spec.secrets())));
  }

  @Override
  public CompletableFuture<StartupTimings> onReady() {
    return CompletableFuture.supplyAsync(() -> waitUntilReady(), Runnable::run);
  }

  @Override
  public Exec exec(List<String> command) {
    throw ended();
  }

  @Override
  public Optional<SandboxProcess> entrypoint() {
    return Optional.empty();
  }

  @Override
  public SandboxLog logs() {
    return KeptLog.of(new EndedLog(logs));
  }

  @Override
  public SandboxFiles files() {
    throw ended();
  }

  @Override
  public PortTunnel tunnel(int port) {
    throw ended();
  }

  @Override
  public NetworkPolicy network() {
    throw ended();
  }

  @Override
  public int changeNetwork(NetworkPolicy policy) {
    throw ended();
  }

  @Override
  public List<Connection> connections() {
    return List.of();
  }

  @Override
  public List<FileChange> changes() {
    throw ended();
  }

  @Override
  public SnapshotImage snapshotFilesystem() {
    throw ended();
  }

  @Override
  public SnapshotImage snapshotFilesystem(Duration timeToLive) {
    throw ended();
  }

  @Override
  public CompletableFuture<SnapshotImage> snapshotFilesystemAsync() {
    throw ended();
  }

  @Override
  public CompletableFuture<SnapshotImage> snapshotFilesystemAsync(Duration timeToLive) {
    throw ended();
  }

  @Override
  public MemorySnapshot snapshot() {
    throw ended();
  }

  @Override
  public CompletableFuture<MemorySnapshot> snapshotAsync() {
    throw ended();
  }

  @Override
  public Optional<ExitStatus> poll() {
    return Optional.of(ending.status());
  }

  @Override
  public ExitStatus waitFor() {
    return ending.orThrow();
  }

  @Override
  public Optional<ExitStatus> waitFor(Duration limit) {
    return Optional.of(ending.orThrow());
  }

  @Override
  public CompletableFuture<ExitStatus> onExit() {
    return CompletableFuture.completedFuture(ending.status());
  }

  @Override
  public CompletableFuture<ExitStatus> terminate() {
    return onExit();
  }

  @Override
  public void detach() {
    throw ended();
  }

  @Override
  public void close() {
    // Nothing is held.
  }

  @Override
  public String toString() {
    return "sandbox " + id() + " (ended: " + ending.status() + ")";
  }

  private SandboxException ended() {
    return ending.notRunning();
  }
}
