package dev.sandboxed.junit;

import dev.sandboxed.Connection;
import dev.sandboxed.Exec;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.FileChange;
import dev.sandboxed.Image.SnapshotImage;
import dev.sandboxed.MemorySnapshot;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.PortTunnel;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFiles;
import dev.sandboxed.SandboxLog;
import dev.sandboxed.SandboxProcess;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.SecretMask;
import dev.sandboxed.StartupTimings;
import dev.sandboxed.junit.diagnosis.Facts;
import dev.sandboxed.junit.diagnosis.Inquiry;
import dev.sandboxed.junit.diagnosis.KeptSnapshot;
import dev.sandboxed.junit.diagnosis.Processes;
import dev.sandboxed.junit.diagnosis.Startup;
import dev.sandboxed.junit.diagnosis.Summary;
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
  private final WantedDiagnostics wanted;

  RecordingSandbox(Sandbox sandbox, String subject, WantedDiagnostics wanted) {
    this.sandbox = sandbox;
    this.subject = subject;
    this.wanted = wanted;
    this.mask = SecretMask.of(sandbox.spec().secrets());
    log.hide(sandbox.spec().secrets());
    this.entrypoint =
        sandbox.entrypoint().map(p -> new RecordingProcess(p, log.add(p.command(), mask)));
  }

  /** Returns what is wanted of it when a test fails. */
  WantedDiagnostics wanted() {
    return wanted;
  }

  /** Asks for what is told when a test fails; the answers may take a while, or not come at all. */
  Facts facts() {
    return switch (wanted.mode()) {
      case OFF -> Facts.few(sandbox);
      case SUMMARY -> Facts.outside(sandbox);
      case DEFAULT, FULL -> Facts.all(sandbox, log.mask());
    };
  }

  /** Describes what ran and what was tried to reach; empty if nothing was and all is well. */
  Optional<String> activity(Facts facts) {
    var status = sandbox.poll();
    var commands = log.describe();
    // The report is about another failure, which the lack of an answer must not hide.
    var connections = facts.connections().get(TriedConnections::describe, why -> "");
    return commands.isEmpty() && status.isEmpty() && connections.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "%s%s%s"
                .formatted(
                    heading(),
                    commands.isEmpty() ? "" : "; " + commands,
                    connections.isEmpty() ? "" : "\n" + connections));
  }

  /** Says which sandbox it is, and whether it runs. */
  String heading() {
    return "Sandbox %s of %s, %s".formatted(id(), subject, Facts.state(sandbox.poll()));
  }

  /** Begins to take a memory snapshot for a person to look around in. */
  Inquiry<String> keep() {
    return KeptSnapshot.begin(sandbox, log.hasSecrets());
  }

  /** Tells all that is known of it. */
  String summary(Facts facts) {
    return Summary.of(facts, subject, log.describeAll(), log.mask());
  }

  /** Asks what runs in it now. */
  Processes processes() {
    return Processes.ask(sandbox, log.mask());
  }

  /** Describes how long each step of the start took. */
  String describeStartup() {
    return "Sandbox %s of %s: %s".formatted(id(), subject, Startup.describe(startup()));
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
  public StartupTimings waitUntilReady(Duration limit) {
    return sandbox.waitUntilReady(limit);
  }

  @Override
  public CompletableFuture<StartupTimings> onReady() {
    return sandbox.onReady();
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
  public List<FileChange> changes() {
    return sandbox.changes();
  }

  @Override
  public SnapshotImage snapshotFilesystem() {
    return sandbox.snapshotFilesystem();
  }

  @Override
  public SnapshotImage snapshotFilesystem(Duration timeToLive) {
    return sandbox.snapshotFilesystem(timeToLive);
  }

  @Override
  public CompletableFuture<SnapshotImage> snapshotFilesystemAsync() {
    return sandbox.snapshotFilesystemAsync();
  }

  @Override
  public CompletableFuture<SnapshotImage> snapshotFilesystemAsync(Duration timeToLive) {
    return sandbox.snapshotFilesystemAsync(timeToLive);
  }

  @Override
  public MemorySnapshot snapshot() {
    return sandbox.snapshot();
  }

  @Override
  public CompletableFuture<MemorySnapshot> snapshotAsync() {
    return sandbox.snapshotAsync();
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
