package dev.sandboxed.gvisor.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Sandbox;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Frames that the agent never sent, written to its stdout by someone else. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ForgedFramesTest {

  @ParameterizedTest
  @EnumSource
  void forgedFramesHarmTheirSandboxAtMost(Forgery forgery) throws Exception {
    var before = usedMemory();
    try (var sandbox = Sandbox.create();
        var bystander = sandbox.exec("sleep", "60").start()) {
      Inside.runAndForget(
          Inside.python(
              sandbox,
              "import os, struct",
              "def frame(stream, type, channel, payload, length=None):",
              "  length = len(payload) if length is None else length",
              "  return struct.pack('>IIBBH', length, stream, type, channel, 0) + payload",
              "HELLO, OPEN, DATA, END, CREDIT, CONTROL, EVENT, RESULT = range(1, 9)",
              "out = os.open('/proc/1/fd/1', os.O_WRONLY)",
              "def send(data):",
              "  while data: data = data[os.write(out, data):]",
              forgery.code));
      if (forgery == Forgery.RESULTS_FOR_ALL_STREAMS) {
        // One may be taken for the agent's own: code that owns the agent can lie about the rest.
        Inside.assertReturns(sandbox);
      } else {
        Inside.assertAnswersOrSaysWhy(sandbox);
      }
      assertThat(usedMemory() - before).isLessThan(ByteSize.parse("64m").bytes());
      Inside.assertEndsQuickly(sandbox);
    }
    Inside.assertANewSandboxWorks();
  }

  private static long usedMemory() {
    System.gc();
    var runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  /** What is forged; Python. */
  enum Forgery {
    GARBAGE("for i in range(64): send(os.urandom(4096))"),
    ZEROS("send(bytes(1 << 20))"),
    SECOND_HELLO(
        "send(frame(0, HELLO, 0, b'{\"protocol\":99,\"role\":\"agent\",\"version\":\"x\"}'))"),
    HUGE_LENGTH("send(frame(1, DATA, 1, b'x' * 100, 0xFFFFFFFF))"),
    LONGEST_FRAME_NEVER_FINISHED("send(frame(1, DATA, 1, b'x' * 100, 1 << 20))"),
    DATA_WITHOUT_CREDIT(
        "for s in range(1, 200): send(frame(s, DATA, 1, b'x' * 4096))\n"
            + "for i in range(512): send(frame(1, DATA, 1, b'x' * (1 << 20)))"),
    RESULTS_FOR_ALL_STREAMS(
        "for s in range(1, 5000): send(frame(s, RESULT, 0,"
            + " b'{\"ok\":{\"code\":0,\"reason\":\"EXITED\",\"durationMicros\":1}}'))"),
    RESULTS_OF_THE_WRONG_SHAPE(
        "for s in range(1, 5000): send(frame(s, RESULT, 0, b'{\"ok\":[{\"code\":\"no\"}]}'))"),
    EVENTS_WITHOUT_END(
        "for i in range(100000): send(frame(1, EVENT, 0, b'{\"started\":{\"pid\":%d}}' % i))"),
    JSON_TOO_DEEP("for s in range(1, 200): send(frame(s, EVENT, 0, b'{\"a\":' * 5000))"),
    EVENT_OF_THE_KEEPER(
        "send(frame(0, EVENT, 0,"
            + " b'{\"exited\":{\"code\":0,\"reason\":\"EXITED\",\"message\":\"all is well\"}}'))"),
    CREDIT_WITHOUT_BOUND(
        "for s in range(1, 200):\n"
            + "  for i in range(3): send(frame(s, CREDIT, 0, struct.pack('>I', 0x7FFFFFFF)))"),
    TYPES_THAT_DO_NOT_EXIST("for t in range(9, 256): send(frame(1, t, 0, b'x'))"),
    REQUESTS_TO_THE_CLIENT(
        "for s in range(1, 200): send(frame(s, OPEN, 0, b'{\"op\":\"exec\",\"argv\":[\"id\"]}'))");

    private final String code;

    Forgery(String code) {
      this.code = code;
    }
  }
}
