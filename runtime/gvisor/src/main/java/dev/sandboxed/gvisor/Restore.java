package dev.sandboxed.gvisor;

import dev.sandboxed.SandboxSpec;
import dev.sandboxed.core.image.MemoryStore.KeptMemory;
import dev.sandboxed.core.protocol.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a sandbox that is a copy begins from.
 *
 * @param memory the snapshot
 * @param env variables that programs in the memory do not have
 */
record Restore(KeptMemory memory, Map<String, String> env) {
  Restore {
    env = Map.copyOf(env);
  }

  /** Begins a copy that has variables which its source has not, or with other values. */
  static Restore of(KeptMemory memory, SandboxSpec source, SandboxSpec copy) {
    var env = new LinkedHashMap<>(copy.env());
    env.entrySet().removeAll(source.env().entrySet());
    return new Restore(memory, env);
  }

  /** Returns the start message's member. */
  JsonObject message(SandboxSpec spec) {
    var message = new LinkedHashMap<String, @Nullable Object>();
    message.put("directory", memory.directory().toString());
    message.put("name", spec.labels().name().orElse(null));
    message.put("env", JsonObject.of(env));
    return JsonObject.of(message);
  }

  /** Shows no environment. */
  @Override
  public String toString() {
    return "Restore[" + memory.directory() + "]";
  }
}
