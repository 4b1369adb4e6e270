package dev.sandboxed;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Chooses among running sandboxes: an immutable value, refined step by step.
 *
 * <pre>{@code
 * var databases = Sandbox.list(SandboxFilter.all().app("ci").tag("role", "db"));
 * }</pre>
 *
 * @param app the app they must belong to; any if empty
 * @param tags the tags they must all have; they may have more
 */
public record SandboxFilter(Optional<String> app, Map<String, String> tags) {
  private static final SandboxFilter ALL = new SandboxFilter(Optional.empty(), Map.of());

  /**
   * Checks and copies the values.
   *
   * @throws InvalidSpecException if no sandbox could have such an app or such tags
   */
  public SandboxFilter {
    tags = Collections.unmodifiableMap(new LinkedHashMap<>(tags));
    app.ifPresent(a -> SpecChecks.label("app", a));
    SpecChecks.tags(tags);
  }

  /**
   * Returns the filter that takes every sandbox.
   *
   * @return the filter
   */
  public static SandboxFilter all() {
    return ALL;
  }

  /**
   * Returns a filter that takes the sandboxes of an app only.
   *
   * @param app the app
   * @return a new filter
   */
  public SandboxFilter app(String app) {
    return new SandboxFilter(Optional.of(app), tags);
  }

  /**
   * Returns a filter that takes only sandboxes with a tag, besides what it asked for before.
   *
   * @param key the tag's key
   * @param value its whole value
   * @return a new filter
   */
  public SandboxFilter tag(String key, String value) {
    var more = new LinkedHashMap<>(tags);
    more.put(key, value);
    return new SandboxFilter(app, more);
  }

  /**
   * Returns whether a sandbox is chosen.
   *
   * @param sandbox the sandbox
   * @return whether its app is right and it has all tags
   */
  public boolean matches(SandboxInfo sandbox) {
    return app.map(sandbox.app()::equals).orElse(true)
        && sandbox.tags().entrySet().containsAll(tags.entrySet());
  }
}
