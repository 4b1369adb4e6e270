package dev.sandboxed.gvisor;

import dev.sandboxed.Backend;
import dev.sandboxed.core.binaries.CacheRoot;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.gvisor.kill.Arena;
import java.util.HashMap;
import java.util.Map;

/** Opens backends whose store, state and records nobody else uses. */
final class ArenaBackend {
  private ArenaBackend() {}

  static Backend open(Arena arena) {
    var properties = new HashMap<String, String>();
    System.getProperties().forEach((k, v) -> properties.put(k.toString(), v.toString()));
    properties.put(CacheRoot.PROPERTY, arena.cache().toString());
    properties.put("java.io.tmpdir", arena.state().toString());
    properties.put(RecordDirectory.PROPERTY, arena.records().toString());
    return GvisorBackend.open(Settings.of(properties, Map.of()));
  }
}
