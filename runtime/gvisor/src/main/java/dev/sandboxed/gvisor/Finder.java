package dev.sandboxed.gvisor;

import dev.sandboxed.OutputTail;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxLabels;
import dev.sandboxed.SandboxNotFoundException;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.core.agent.AgentSandbox;
import dev.sandboxed.core.agent.EndedSandbox;
import dev.sandboxed.core.agent.SandboxTransport;
import dev.sandboxed.core.agent.Snapshots;
import dev.sandboxed.core.protocol.JsonObject;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.regex.Pattern;

/** Finds sandboxes of this user that other processes or handles started. Thread-safe. */
final class Finder {
  private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9-]{0,63}");
  private static final int MAX_ID = 64;

  private final StateDirectory state;
  private final RecordDirectory records;
  private final NetworkStart networks;
  private final Snapshots snapshots;
  private final Executor executor;
  private final Housekeeping housekeeping;

  Finder(
      StateDirectory state,
      RecordDirectory records,
      NetworkStart networks,
      Snapshots snapshots,
      Executor executor,
      Housekeeping housekeeping) {
    this.state = state;
    this.records = records;
    this.networks = networks;
    this.snapshots = snapshots;
    this.executor = executor;
    this.housekeeping = housekeeping;
  }

  Sandbox byId(String id) {
    if (ID.matcher(id).matches()) {
      var found = driven(id).or(() -> gone(id));
      if (found.isPresent()) {
        return found.get();
      }
    }
    throw new SandboxNotFoundException(
        "There is no sandbox with the id \"%s\" of this user: neither does one run in %s, nor is there a record of its end in %s. Sandbox.list() has those that run; records go after a week, or with a prune"
            .formatted(OutputTail.printable(id), state.path(), records.path()));
  }

  Sandbox byName(String app, String name) {
    var wanted = new SandboxLabels(app, Optional.of(name), Map.of());
    return holder(app, name)
        .filter(id -> ID.matcher(id).matches())
        .flatMap(this::driven)
        .filter(s -> isCalled(s, wanted))
        .orElseThrow(
            () ->
                new SandboxNotFoundException(
                    "No running sandbox of the app \"%s\" has the name \"%s\"; Sandbox.list(SandboxFilter.all().app(\"%s\")) has those that run"
                        .formatted(app, name, app)));
  }

  private static boolean isCalled(Sandbox sandbox, SandboxLabels wanted) {
    var labels = sandbox.spec().labels();
    if (labels.app().equals(wanted.app()) && labels.name().equals(wanted.name())) {
      return true;
    }
    sandbox.close();
    return false;
  }

  private Optional<String> holder(String app, String name) {
    try (var claim =
        Files.newInputStream(state.path().resolve("names").resolve(app + "@" + name))) {
      return Optional.of(new String(claim.readNBytes(MAX_ID), StandardCharsets.UTF_8));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Takes up a sandbox; empty if it has ended, be it under our hands. */
  private Optional<Sandbox> driven(String id) {
    try {
      return running(id);
    } catch (SandboxNotRunningException e) {
      return Optional.empty();
    } catch (SandboxException e) {
      if (gone(id).isPresent()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Finds how a sandbox ended, though its keeper may have been killed and nobody noted it yet. */
  private Optional<Sandbox> gone(String id) {
    var known = ended(id);
    if (known.isEmpty() && Files.exists(state.of(id))) {
      housekeeping.sweepNow();
      known = ended(id);
    }
    return known;
  }

  private Optional<Sandbox> running(String id) {
    SocketChannel channel;
    JsonObject description;
    try {
      description =
          JsonObject.parse(ByteBuffer.wrap(Files.readAllBytes(state.of(id).resolve("info.json"))));
      channel = SocketChannel.open(UnixDomainSocketAddress.of(state.socket(id)));
    } catch (IOException e) {
      return Optional.empty(); // it has ended, or is not to be seen yet
    }
    return Optional.of(
        AgentSandbox.attach(
            new AgentSandbox.Found(
                id,
                Descriptions.spec(description),
                records.logs(id),
                networks::policy,
                snapshots,
                executor),
            new Borrowed(channel)));
  }

  private Optional<Sandbox> ended(String id) {
    try {
      var record = records.read(id);
      if (record.isEmpty()) {
        return Optional.empty();
      }
      var exit = record.get().object("exit").orElse(JsonObject.of(Map.of()));
      return Optional.of(EndedSandbox.of(Descriptions.spec(record.get()), exit, records.logs(id)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new SandboxException(
          "The record of the sandbox %s in %s cannot be read: %s"
              .formatted(id, records.path(), e.getMessage()),
          e);
    }
  }

  /** The way to a sandbox that somebody else ends. */
  private record Borrowed(SocketChannel channel) implements SandboxTransport {
    @Override
    public void kill() {
      // Whoever started it does.
    }

    @Override
    public CompletableFuture<String> released() {
      return CompletableFuture.completedFuture("");
    }
  }
}
