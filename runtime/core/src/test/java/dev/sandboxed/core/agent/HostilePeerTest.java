package dev.sandboxed.core.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.ByteSize;
import dev.sandboxed.CommandNotFoundException;
import dev.sandboxed.ExitReason;
import dev.sandboxed.OutputTooLargeException;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFailedException;
import dev.sandboxed.SandboxFileException;
import dev.sandboxed.core.network.PolicyMessage;
import dev.sandboxed.core.protocol.Frame;
import dev.sandboxed.core.protocol.FrameType;
import dev.sandboxed.core.protocol.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Code inside may own the agent: whatever it says, the client fails cleanly and at once. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class HostilePeerTest {
  private static final byte[] TEXT = "hello".getBytes(StandardCharsets.US_ASCII);

  private final ExecutorService executor = Executors.newCachedThreadPool();
  private FakeKeeper keeper;

  @BeforeEach
  void open() throws IOException {
    keeper = FakeKeeper.open();
  }

  @AfterEach
  void close() throws IOException {
    keeper.close();
    executor.shutdownNow();
  }

  @Test
  void serves_a_peer_that_keeps_the_rules() throws IOException {
    var sandbox = start();
    var result = sandbox.exec("true").awaitAsync();
    var stream = keeper.hear(FrameType.OPEN).stream();
    assertThat(keeper.hear(FrameType.CREDIT).credit()).isEqualTo(OutputPipe.PROCESS_WINDOW);
    keeper.say(stream, FrameType.EVENT, Map.of("started", Map.of("pid", 7)));
    keeper.say(stream, FrameType.DATA, Frame.OUTPUT, TEXT);
    keeper.say(99, FrameType.DATA, Frame.OUTPUT, TEXT);
    exit(stream);

    assertThat(result.join().stdout()).isEqualTo("hello");
    assertThat(sandbox.poll()).isEmpty();
  }

  @Test
  void cuts_off_a_peer_that_sends_more_than_was_granted() throws IOException {
    var sandbox = start();
    var result = sandbox.exec("true").startAsync();
    var stream = keeper.hear(FrameType.OPEN).stream();
    keeper.hear(FrameType.CREDIT);
    keeper.say(stream, FrameType.DATA, Frame.OUTPUT, new byte[OutputPipe.PROCESS_WINDOW]);
    keeper.say(stream, FrameType.DATA, Frame.OUTPUT, new byte[1]);

    failed(sandbox, result, "not asked for");
  }

  @Test
  void cuts_off_data_after_the_end_and_on_channels_that_are_not_its_own() throws IOException {
    var sandbox = start();
    var result = sandbox.exec("true").awaitAsync();
    var stream = keeper.hear(FrameType.OPEN).stream();
    keeper.hear(FrameType.CREDIT);
    keeper.say(stream, FrameType.END, Frame.OUTPUT, new byte[0]);
    keeper.say(stream, FrameType.DATA, Frame.OUTPUT, TEXT);

    failed(sandbox, result, "not asked for");
  }

  @Test
  void cuts_off_input_from_the_wrong_side() throws IOException {
    var sandbox = start();
    var result = sandbox.exec("true").awaitAsync();
    keeper.say(keeper.hear(FrameType.OPEN).stream(), FrameType.DATA, Frame.INPUT, TEXT);

    failed(sandbox, result, "DATA");
  }

  @Test
  void cuts_off_a_flood_of_events() throws IOException {
    var sandbox = start();
    var result = sandbox.exec("true").awaitAsync();
    var stream = keeper.hear(FrameType.OPEN).stream();
    for (var i = 0; i < 17; i++) {
      keeper.say(stream, FrameType.EVENT, Map.of("started", Map.of("pid", i)));
    }

    failed(sandbox, result, "events");
  }

  @Test
  void cuts_off_an_exit_that_cannot_be() throws IOException {
    var sandbox = start();
    var result = sandbox.exec("true").awaitAsync();
    keeper.say(
        keeper.hear(FrameType.OPEN).stream(),
        FrameType.RESULT,
        Map.of("ok", Map.of("code", 4711, "reason", "EXITED")));

    failed(sandbox, result, "exit code");
  }

  @Test
  void cuts_off_credit_beyond_all_bounds() throws IOException {
    var sandbox = start();
    var result = sandbox.exec("cat").stdin(new byte[0]).awaitAsync();
    var stream = keeper.hear(FrameType.OPEN).stream();
    keeper.hear(FrameType.CREDIT);
    keeper.say(Frame.credit(stream, Frame.INPUT, Integer.MAX_VALUE));
    keeper.say(Frame.credit(stream, Frame.INPUT, Integer.MAX_VALUE));

    failed(sandbox, result, "credit");
  }

  @Test
  void cuts_off_garbage() throws IOException {
    var sandbox = start();
    var result = sandbox.exec("true").awaitAsync();
    keeper.hear(FrameType.OPEN);
    keeper.say(ByteBuffer.wrap("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));

    failed(sandbox, result, "protocol");
  }

  @Test
  void refuses_a_file_description_that_is_none() throws IOException {
    var sandbox = start();
    var stat = CompletableFuture.supplyAsync(() -> sandbox.files().stat("/x"), executor);
    keeper.say(
        keeper.hear(FrameType.OPEN).stream(),
        FrameType.RESULT,
        Map.of("ok", Map.of("stat", Map.of("name", "x", "path", "/x", "type", "portal"))));

    failed(sandbox, stat, "description of a file");
  }

  @Test
  void keeps_the_connection_when_a_listing_is_nonsense() throws IOException {
    var sandbox = start();
    var list = CompletableFuture.supplyAsync(() -> sandbox.files().list("/x"), executor);
    var stream = keeper.hear(FrameType.OPEN).stream();
    keeper.hear(FrameType.CREDIT);
    keeper.say(stream, FrameType.DATA, Frame.OUTPUT, "{}\n".getBytes(StandardCharsets.US_ASCII));

    assertThat(list)
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableThat()
        .withCauseInstanceOf(SandboxFileException.class);
    assertThat(sandbox.poll()).isEmpty();
  }

  @Test
  void makes_what_the_agent_says_safe_to_print() throws IOException {
    var sandbox = start();
    var result = sandbox.exec("x").awaitAsync();
    keeper.say(
        keeper.hear(FrameType.OPEN).stream(),
        FrameType.RESULT,
        Map.of(
            "error",
            Map.of("kind", "IO", "message", "\u001b[2J" + "y".repeat(100_000), "path", "/")));

    assertThat(result)
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableThat()
        .havingCause()
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\u001b").hasSizeLessThan(6000));
  }

  @Test
  void kills_a_command_whose_output_is_too_large() throws IOException {
    var sandbox = start();
    var result = sandbox.exec("yes").outputLimit(new ByteSize(4)).awaitAsync();
    var stream = keeper.hear(FrameType.OPEN).stream();
    keeper.hear(FrameType.CREDIT);
    keeper.say(stream, FrameType.DATA, Frame.OUTPUT, TEXT);

    assertThat(keeper.hear(FrameType.CONTROL).json().flag("cancel")).isTrue();
    assertThat(result)
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableThat()
        .withCauseInstanceOf(OutputTooLargeException.class);
  }

  @Test
  void asks_for_a_cancel_when_a_future_is_cancelled() throws IOException {
    var sandbox = start();
    sandbox.exec("sleep").awaitAsync().cancel(true);

    assertThat(keeper.hear(FrameType.CONTROL).json().flag("cancel")).isTrue();
  }

  @Test
  void releases_what_background_children_hold_once_they_are_silent() throws IOException {
    var sandbox = start();
    var result = sandbox.exec("sh").awaitAsync();
    var stream = keeper.hear(FrameType.OPEN).stream();
    keeper.hear(FrameType.CREDIT);
    keeper.say(stream, FrameType.EVENT, Map.of("exited", Map.of("code", 0, "reason", "EXITED")));

    assertThat(keeper.hear(FrameType.CONTROL).json().flag("release")).isTrue();
    assertThat(result).isNotDone();
    keeper.say(stream, FrameType.DATA, Frame.OUTPUT, TEXT);
    exit(stream);
    assertThat(result.join().stdout()).isEqualTo("hello");
  }

  @Test
  void does_not_start_on_another_protocol() throws IOException {
    keeper.say(0, FrameType.HELLO, Map.of("protocol", 2, "role", "keeper"));

    assertThatExceptionOfType(SandboxFailedException.class)
        .isThrownBy(() -> AgentSandbox.start(origin(Sandbox.builder()), keeper))
        .withMessageContaining("protocol 2")
        .withMessageContaining("the last words of the runtime");
  }

  @Test
  void tells_why_the_keeper_could_not_start_a_sandbox() throws IOException {
    keeper.say(0, FrameType.HELLO, Map.of("protocol", 1, "role", "keeper"));
    keeper.say(
        0,
        FrameType.EVENT,
        Map.of(
            "exited",
            Map.of("code", 125, "reason", "FAILED", "message", "no luck", "output", "log")));
    keeper.hangUp();

    assertThatExceptionOfType(SandboxFailedException.class)
        .isThrownBy(() -> AgentSandbox.start(origin(Sandbox.builder()), keeper))
        .withMessageContaining("no luck")
        .withMessageContaining("log");
  }

  @Test
  void gives_up_a_sandbox_whose_entrypoint_does_not_start() throws IOException {
    keeper.greet();
    var started =
        CompletableFuture.supplyAsync(
            () -> AgentSandbox.start(origin(Sandbox.builder().command("nope")), keeper), executor);
    keeper.say(
        keeper.hear(FrameType.OPEN).stream(),
        FrameType.RESULT,
        Map.of("error", Map.of("kind", "COMMAND_NOT_FOUND", "message", "")));

    assertThat(started)
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableThat()
        .withCauseInstanceOf(CommandNotFoundException.class);
    assertThat(keeper.released()).isDone();
  }

  private Sandbox start() throws IOException {
    keeper.greet();
    return AgentSandbox.start(origin(Sandbox.builder()), keeper);
  }

  private AgentSandbox.Origin origin(dev.sandboxed.SandboxBuilder builder) {
    return new AgentSandbox.Origin(
        "sb-fake",
        builder.build(),
        Map.of("PATH", "/bin"),
        Map.of(),
        "/",
        Optional.empty(),
        List.of(),
        false,
        JsonObject.of(Map.of()),
        new LogFiles(Path.of("/nonexistent"), "sb-fake"),
        policy -> JsonObject.of(PolicyMessage.of(policy)),
        new NoSnapshots(),
        executor,
        Duration.ZERO,
        System.nanoTime());
  }

  private void exit(int stream) throws IOException {
    keeper.say(
        stream,
        FrameType.RESULT,
        Map.of("ok", Map.of("code", 0, "reason", "EXITED", "durationMicros", 5)));
  }

  /** Expects that the client has hung up, and says to everybody what was wrong. */
  private void failed(Sandbox sandbox, CompletableFuture<?> call, String why) throws IOException {
    keeper.awaitHangUp();
    assertThat(call)
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableThat()
        .havingCause()
        .isInstanceOf(SandboxFailedException.class)
        .withMessageContaining(why)
        .withMessageContaining("the last words of the runtime");
    assertThat(sandbox.onExit().join().reason()).isEqualTo(ExitReason.FAILED);
    assertThatExceptionOfType(SandboxFailedException.class)
        .isThrownBy(sandbox::waitFor)
        .withMessageContaining(why);
  }
}
