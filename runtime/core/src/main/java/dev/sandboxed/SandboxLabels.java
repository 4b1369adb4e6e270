package dev.sandboxed;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a sandbox is found by: an immutable value, checked when it is made.
 *
 * @param app the namespace of its name: 1 to 63 letters, digits, {@code .}, {@code _} and {@code
 *     -}, beginning with a letter or a digit
 * @param name its name, unique among the running sandboxes of its app; of the same form
 * @param tags what lists are filtered by: 64 at most, with keys of 1 to 128 and values of at most
 *     1,024 bytes, all printable
 */
public record SandboxLabels(String app, Optional<String> name, Map<String, String> tags) {
  /** The app of sandboxes that name none. */
  public static final String DEFAULT_APP = "default";

  private static final SandboxLabels NONE =
      new SandboxLabels(DEFAULT_APP, Optional.empty(), Map.of());

  /**
   * Checks and copies the values.
   *
   * @throws InvalidSpecException if one is out of its bounds
   */
  public SandboxLabels {
    tags = Collections.unmodifiableMap(new LinkedHashMap<>(tags));
    SpecChecks.label("app", app);
    name.ifPresent(n -> SpecChecks.label("name", n));
    SpecChecks.tags(tags);
  }

  /**
   * Returns what a sandbox has unless its spec says otherwise: the app {@value #DEFAULT_APP}, and
   * neither name nor tags.
   *
   * @return the value
   */
  public static SandboxLabels none() {
    return NONE;
  }
}
