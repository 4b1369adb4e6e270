package judge;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandboxed.ByteSize;
import dev.sandboxed.ExecResult;
import dev.sandboxed.ExecTimeoutException;
import dev.sandboxed.ExitReason;
import dev.sandboxed.OutputTooLargeException;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxNotRunningException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Runs snippets in a sandbox and says what became of them. */
final class Judge {
  private static final ByteSize OUTPUT_LIMIT = ByteSize.parse("64k");
  private static final Duration TIME_LIMIT = Duration.ofSeconds(60);

  private final Sandbox sandbox;
  private final Duration timeLimit;

  Judge(Sandbox sandbox) {
    this(sandbox, TIME_LIMIT);
  }

  Judge(Sandbox sandbox, Duration timeLimit) {
    this.sandbox = sandbox;
    this.timeLimit = timeLimit;
  }

  /** Runs a snippet on an input, and compares what it prints with what it should print. */
  Judgement judge(String snippet, String input, String expected) {
    var path = "/tmp/" + snippet;
    var command = command(path);
    assumeInstalled(command.get(0));
    sandbox.files().write(path, source(snippet));
    try {
      var result =
          sandbox
              .exec(command)
              .stdin(input)
              .timeout(timeLimit)
              .outputLimit(OUTPUT_LIMIT)
              .await();
      if (!result.isSuccess()) {
        return judgement(Verdict.RUNTIME_ERROR, result);
      }
      return judgement(
          result.stdout().equals(expected) ? Verdict.ACCEPTED : Verdict.WRONG_ANSWER, result);
    } catch (ExecTimeoutException e) {
      return judgement(Verdict.TIME_LIMIT_EXCEEDED, e.partial());
    } catch (OutputTooLargeException e) {
      return new Judgement(Verdict.OUTPUT_LIMIT_EXCEEDED, "", "");
    } catch (SandboxNotRunningException e) {
      if (sandbox.waitFor().reason() != ExitReason.OUT_OF_MEMORY) {
        throw e;
      }
      return new Judgement(Verdict.MEMORY_LIMIT_EXCEEDED, "", "");
    }
  }

  /** Runs a snippet that should neither read nor print. */
  Judgement judge(String snippet) {
    return judge(snippet, "", "");
  }

  private static Judgement judgement(Verdict verdict, ExecResult result) {
    return new Judgement(verdict, result.stdout(), result.stderr());
  }

  private static List<String> command(String path) {
    var extension = path.substring(path.lastIndexOf('.') + 1);
    return switch (extension) {
      case "py" -> List.of("python3", path);
      case "sh" -> List.of("sh", path);
      case "java" -> List.of("java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", path);
      default -> throw new IllegalArgumentException("Nothing runs ." + extension + " files");
    };
  }

  /** Sandboxes have the host's tools: what the host lacks cannot be judged here. */
  private static void assumeInstalled(String program) {
    assumeTrue(
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, program))),
        program + " is not on the PATH; install it to judge its snippets");
  }

  private static byte[] source(String snippet) {
    try (var stream = Judge.class.getResourceAsStream(snippet)) {
      if (stream == null) {
        throw new IllegalArgumentException("There is no snippet " + snippet);
      }
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
