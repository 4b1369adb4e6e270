package dev.sandboxed.junit.inside;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxProcess;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.SecretMask;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import dev.sandboxed.junit.inside.jvm.BodyRequest;
import dev.sandboxed.junit.inside.jvm.Wire;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.platform.commons.JUnitException;
import org.junit.platform.engine.EngineExecutionListener;

/** Runs the tests of one unit in a sandbox of its own and replays what they report. */
final class BodyRun {
  private static final int MAX_LINE = 4 << 20;
  private static final int MAX_WAITING = 64;
  private static final Duration END_LIMIT = Duration.ofSeconds(20);
  private static final SecureRandom RANDOM = new SecureRandom();

  private final BodyUnit unit;
  private final InsideOptions options;
  private final Replay replay;
  private final String prefix;
  private final String nonce;

  /** Bounded, so that a test that prints faster than we read waits. */
  private final BlockingQueue<Piece> waiting = new ArrayBlockingQueue<>(MAX_WAITING);

  /** A piece of a stream; empty and not whole at its end. */
  private record Piece(boolean error, String text, boolean whole) {
    boolean isEnd() {
      return text.isEmpty() && !whole;
    }
  }

  BodyRun(BodyUnit unit, InsideOptions options, EngineExecutionListener listener) {
    this.unit = unit;
    this.options = options;
    this.replay = new Replay(unit.root(), listener);
    var random = new byte[16];
    RANDOM.nextBytes(random);
    this.nonce = HexFormat.of().formatHex(random);
    this.prefix = nonce + " ";
  }

  /** Runs the unit; whatever happens, its tests begin and end. */
  void run(BodySpecs specs) {
    var failure = Optional.<Throwable>empty();
    try {
      failure = in(specs.of(unit.declared()));
    } catch (RuntimeException e) {
      failure = Optional.of(e);
    }
    replay.close(failure);
  }

  private Optional<Throwable> in(SandboxSpec spec) {
    var output = new BodyOutput(SecretMask.of(spec.secrets()));
    var builder = spec.toBuilder();
    unit.declared().backend().ifPresent(builder::backend);
    try (var sandbox = builder.create()) {
      var jvm = sandbox.entrypoint().orElseThrow();
      if (options.debug()) {
        sandbox.waitUntilReady();
        var address = sandbox.tunnel(BodySpecs.DEBUG_PORT).address();
        System.out.printf(
            "%s waits for a debugger at %s:%d%n",
            unit.root().getDisplayName(), address.getHostString(), address.getPort());
      }
      ask(jvm);
      var readers =
          new Thread[] {reader(jvm.stdout().stream(), false), reader(jvm.stderr().stream(), true)};
      try {
        return replay(output)
            .or(() -> replay.hasEnded() ? Optional.empty() : Optional.of(ending(sandbox, output)));
      } finally {
        for (var reader : readers) {
          reader.interrupt();
        }
      }
    }
  }

  private void ask(SandboxProcess jvm) {
    var request = new BodyRequest(nonce, unit.ids(), options.parameters(), options.properties());
    try (var stdin = jvm.stdin()) {
      request.write(stdin);
    } catch (IOException e) {
      // It has ended already; what it printed says why.
    }
  }

  private Thread reader(InputStream from, boolean error) {
    var thread =
        new Thread(
            () -> {
              try {
                read(from, error);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "sandboxed inside: output");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void read(InputStream from, boolean error) throws InterruptedException {
    try {
      var lines = new BodyLines(from, MAX_LINE);
      for (var piece = lines.next(); piece != null; piece = lines.next()) {
        waiting.put(new Piece(error, piece.text(), piece.whole()));
      }
    } catch (IOException | SandboxException e) {
      // The end of the sandbox is the end of its output.
    }
    waiting.put(new Piece(error, "", false));
  }

  /** Takes what comes until all is over, or nothing more comes; returns what was wrong with it. */
  private Optional<Throwable> replay(BodyOutput output) {
    var open = 2;
    while (open > 0 && !replay.hasEnded()) {
      try {
        var piece = waiting.take();
        if (piece.isEnd()) {
          open--;
        } else {
          take(piece, output);
        }
      } catch (ForgedEventException | ProtocolException e) {
        return Optional.of(
            new JUnitException(
                "The JVM inside reported what cannot be, so nothing it says counts any more: %s%n%s"
                    .formatted(e.getMessage(), output.tail())));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Optional.of(new JUnitException("The run was interrupted while the test ran inside"));
      }
    }
    return Optional.empty();
  }

  private void take(Piece piece, BodyOutput output) throws ForgedEventException, ProtocolException {
    var text = piece.text();
    if (piece.error() || !text.startsWith(prefix)) {
      // The events' own empty lines, and what it said before the request.
      if (piece.error() || !(text.isEmpty() || text.equals(Wire.READY))) {
        output.print(piece.error(), piece.whole() ? text + "\n" : text);
      }
      return;
    }
    if (!piece.whole()) {
      throw new ForgedEventException("an event without an end");
    }
    var json = text.substring(prefix.length()).getBytes(StandardCharsets.UTF_8);
    var event = JsonObject.parse(ByteBuffer.wrap(json));
    if (event.string(Wire.EVENT).filter(Wire.OUTPUT::equals).isPresent()) {
      output.print(event.flag("error"), event.string("text").orElse(""));
    } else {
      replay.accept(event);
    }
  }

  /** Says how the JVM ended before its tests did. */
  private static JUnitException ending(Sandbox sandbox, BodyOutput output) {
    var status =
        sandbox.onExit().completeOnTimeout(null, END_LIMIT.toSeconds(), TimeUnit.SECONDS).join();
    var how =
        status == null
            ? "closed its output"
            : switch (status.reason()) {
              case TIMEOUT ->
                  "was ended by the sandbox's timeout of %d ms; set a longer timeout if it needs more"
                      .formatted(sandbox.spec().timeout().toMillis());
              case OUT_OF_MEMORY ->
                  "was ended because the sandbox had no memory left; set memory if it needs more";
              case EXITED ->
                  "ended with exit code %d, as by System.exit or halt".formatted(status.code());
              default -> "ended: " + status;
            };
    return new JUnitException(
        "The JVM inside %s, before the test was over.%n%s".formatted(how, output.tail()));
  }
}
