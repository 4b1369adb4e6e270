package dev.sandboxed.maven;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Volume;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the parameter that gives a sandbox named volumes.
 *
 * @param entries {@code name:/target}, {@code name/part:/target} or {@code name:/target:ro}
 */
record VolumeParameters(@Nullable List<String> entries) {
  private static final String READ_ONLY = ":ro";

  /** Returns the volumes by where they are mounted, in the order of the entries. */
  Map<String, Volume> volumes() {
    var volumes = new LinkedHashMap<String, Volume>();
    for (var entry : entries == null ? List.<String>of() : entries) {
      // Maven splits at commas, and leaves the blanks beside them; an empty element is null to it.
      add(entry == null ? "" : entry.strip(), volumes);
    }
    return volumes;
  }

  private static void add(String entry, Map<String, Volume> volumes) {
    var colon = entry.indexOf(":/");
    if (colon < 1) {
      throw new InvalidSpecException(
          "sandbox.volumes holds \"%s\"; write name:/target, name/part:/target or name:/target:ro"
              .formatted(SafeText.line(entry)));
    }
    var readOnly = entry.endsWith(READ_ONLY);
    var target =
        entry.substring(colon + 1, readOnly ? entry.length() - READ_ONLY.length() : entry.length());
    try {
      var volume = volume(entry.substring(0, colon));
      if (volumes.put(target, readOnly ? volume.readOnly() : volume) != null) {
        throw new InvalidSpecException(
            "two volumes have the target %s; use each target once".formatted(target));
      }
    } catch (InvalidSpecException e) {
      throw new InvalidSpecException("sandbox.volumes: " + e.getMessage(), e);
    }
  }

  private static Volume volume(String named) {
    var slash = named.indexOf('/');
    return slash < 0
        ? Volume.named(named)
        : Volume.named(named.substring(0, slash)).subPath(named.substring(slash + 1));
  }
}
