package dev.sandboxed.maven;

import dev.sandboxed.ByteSize;
import dev.sandboxed.ExecException;
import dev.sandboxed.Sandbox;
import dev.sandboxed.maven.project.Inside;
import dev.sandboxed.maven.recall.Question;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Lets planners look into a running sandbox, and remembers what they saw. Not thread-safe. */
final class LiveInside implements Inside {
  private static final Duration TIMEOUT = Duration.ofMinutes(1);
  private final Sandbox sandbox;
  private final Map<String, String> userEnv;
  private final boolean online;
  private final Function<Question, Optional<Boolean>> known;
  private final Map<Question, Boolean> seen = new HashMap<>();

  /**
   * Makes it. Probes see the user's variables too, as the commands of the plan will.
   *
   * @param known what the sandbox need not be asked
   */
  LiveInside(
      Sandbox sandbox,
      RunConfiguration configuration,
      Function<Question, Optional<Boolean>> known) {
    this.sandbox = sandbox;
    this.known = known;
    userEnv = configuration.env();
    online =
        configuration
            .network()
            .filter(policy -> policy.usesBuildTools() || policy.allowsEverything())
            .isPresent();
  }

  @Override
  public boolean succeeds(List<String> command, Map<String, String> env) {
    return seen.computeIfAbsent(
        new Question(command, env),
        asked -> known.apply(asked).orElseGet(() -> runs(command, env)));
  }

  /** Returns all answers so far. */
  Map<Question, Boolean> seen() {
    return Map.copyOf(seen);
  }

  private boolean runs(List<String> command, Map<String, String> env) {
    var all = new LinkedHashMap<>(env);
    all.putAll(userEnv);
    try {
      return sandbox
          .exec(command)
          .env(all)
          .timeout(TIMEOUT)
          .outputLimit(ByteSize.parse("1m"))
          .await()
          .isSuccess();
    } catch (ExecException e) {
      return false;
    }
  }

  @Override
  public boolean online() {
    return online;
  }

  @Override
  public void write(String path, String text) {
    sandbox.files().write(path, text);
  }
}
