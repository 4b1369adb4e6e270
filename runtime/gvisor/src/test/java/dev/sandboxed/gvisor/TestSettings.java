package dev.sandboxed.gvisor;

import dev.sandboxed.core.binaries.Settings;
import java.util.HashMap;
import java.util.Map;

/** The settings of the tests' own process, but for what a test sets otherwise. */
final class TestSettings {
  private TestSettings() {}

  static Settings with(Map<String, String> changed) {
    var properties = new HashMap<String, String>();
    System.getProperties().forEach((k, v) -> properties.put(k.toString(), v.toString()));
    properties.putAll(changed);
    return Settings.of(properties, System.getenv());
  }
}
