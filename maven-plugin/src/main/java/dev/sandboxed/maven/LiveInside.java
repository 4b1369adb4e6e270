package dev.sandboxed.maven;

import dev.sandboxed.ByteSize;
import dev.sandboxed.ExecException;
import dev.sandboxed.Sandbox;
import dev.sandboxed.maven.project.Inside;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Lets a planner look into a running sandbox. */
final class LiveInside implements Inside {
  private static final Duration TIMEOUT = Duration.ofMinutes(1);
  private final Sandbox sandbox;
  private final Map<String, String> userEnv;
  private final boolean online;

  /** Probes see the user's variables too, as the commands of the plan will. */
  LiveInside(Sandbox sandbox, RunConfiguration configuration) {
    this.sandbox = sandbox;
    userEnv = configuration.env();
    online =
        configuration
            .network()
            .filter(policy -> policy.usesBuildTools() || policy.allowsEverything())
            .isPresent();
  }

  @Override
  public boolean succeeds(List<String> command, Map<String, String> env) {
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
