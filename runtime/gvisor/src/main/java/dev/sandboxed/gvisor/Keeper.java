package dev.sandboxed.gvisor;

import dev.sandboxed.BackendUnavailableException;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.NameTakenException;
import dev.sandboxed.OutputTail;
import dev.sandboxed.SandboxFailedException;
import dev.sandboxed.core.agent.SandboxTransport;
import dev.sandboxed.core.protocol.JsonObject;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The host process that runs one sandbox. Its stdin is a lifeline: when it closes, by our death at
 * the latest, the sandbox ends.
 */
final class Keeper implements SandboxTransport {
  private static final int MAX_OUTPUT = 16 << 10;
  private static final int PATIENCE_SECONDS = 5;

  /** Lets the keeper take some large frames at once. The system may allow less. */
  private static final int SOCKET_BUFFER = 1 << 20;

  private final Process process;
  private final SocketChannel channel;
  private final CompletableFuture<String> released;

  private Keeper(Process process, SocketChannel channel) {
    this.process = process;
    this.channel = channel;
    released = process.onExit().thenApply(Keeper::lastWords);
  }

  /**
   * Starts a keeper and connects to it.
   *
   * @param keeper the program
   * @param start its start message
   * @param socket where it will listen
   */
  static Keeper start(Path keeper, JsonObject start, Path socket) {
    Process process;
    try {
      var builder = new ProcessBuilder(keeper.toString()).directory(new File("/"));
      // Nothing of this environment may reach the sandbox, or change how its runtime works.
      builder.environment().clear();
      process = builder.start();
    } catch (IOException e) {
      throw new BackendUnavailableException(
          "The program %s that runs sandboxes cannot be started: %s. Its file system must allow programs to be executed (no noexec)"
              .formatted(keeper, e.getMessage()),
          e);
    }
    try {
      send(process.getOutputStream(), start.toBytes());
      var answer = firstLine(process);
      var holder = answer.string("holder");
      if (holder.isPresent()) {
        throw new NameTakenException(
            "The sandbox did not start: %s. Choose another name, or end that sandbox first"
                .formatted(answer.string("error").orElse("")));
      }
      if (answer.flag("unfit")) {
        throw new InvalidSpecException(
            "The sandbox did not start: "
                + OutputTail.printable(answer.string("error").orElse("")));
      }
      if (answer.has("error")) {
        throw new SandboxFailedException(
            "The sandbox did not start: " + answer.string("error").orElse(""));
      }
      return new Keeper(process, connect(socket));
    } catch (IOException e) {
      process.destroyForcibly();
      throw new SandboxFailedException(
          "The sandbox did not start: its keeper failed: %s\n%s"
              .formatted(e.getMessage(), lastWords(process)),
          e);
    } catch (RuntimeException e) {
      process.destroyForcibly();
      throw e;
    }
  }

  private static SocketChannel connect(Path socket) throws IOException {
    var channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
    try {
      return channel.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public SocketChannel channel() {
    return channel;
  }

  @Override
  public void kill() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      // It is gone already, or is made to go below.
    }
    CompletableFuture.delayedExecutor(PATIENCE_SECONDS, TimeUnit.SECONDS, Runnable::run)
        .execute(process::destroyForcibly);
  }

  @Override
  public CompletableFuture<String> released() {
    return released;
  }

  private static void send(OutputStream to, byte[] message) throws IOException {
    to.write(ByteBuffer.allocate(Integer.BYTES).putInt(message.length).array());
    to.write(message);
    to.flush();
  }

  private static JsonObject firstLine(Process process) throws IOException {
    var reader =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    @Nullable String line = reader.readLine();
    if (line == null) {
      throw new IOException("it ended without a word");
    }
    return JsonObject.parse(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
  }

  private static String lastWords(Process process) {
    try (var errors = process.getErrorStream()) {
      var bytes = errors.readAllBytes();
      var from = Math.max(0, bytes.length - MAX_OUTPUT);
      return new String(bytes, from, bytes.length - from, StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }
}
