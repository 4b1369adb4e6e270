package dev.sandboxed.gvisor.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Sandbox;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.regex.Pattern;

/** What a directory in a sandbox holds, file by file, as the sandbox's own programs see it. */
final class Listing {
  private static final String SCRIPT =
      """
      cd "$1"
      export LC_ALL=C
      # Sizes and links of directories are the file system's own business. Numbers of links are not compared: an overlay
      # counts names of a file that have become another file meanwhile.
      find . -type d -printf '%p %y %m %U:%G @%T@@\\n' -o -type f -printf '%p %y %m %U:%G @%T@@ %s\\n' \\
        -o -printf '%p %y %m %U:%G @%T@@ %l\\n' | sort
      find . -type b -exec stat -c '%n %t %T' {} + | sort
      find . -type f -size -64M -exec sha256sum {} + | sort
      find . ! -type d -printf '#%D:%i %p\\n' | sort -k 2
      """;

  private static final Pattern TIME = Pattern.compile("@([0-9]+)\\.([0-9]+)@");

  private Listing() {}

  static List<String> of(Sandbox sandbox, String directory) {
    var result = sandbox.exec("bash", "-euc", SCRIPT, "listing", directory).await();
    assertThat(result.stderr()).isEmpty();
    assertThat(result.exitCode()).isZero();
    var lines = new ArrayList<String>();
    var names = new HashMap<String, String>();
    for (var line : result.stdout().lines().toList()) {
      if (line.startsWith("#")) {
        var space = line.indexOf(' ');
        var name = line.substring(space + 1);
        var first = names.putIfAbsent(line.substring(0, space), name);
        lines.add(name + " is " + (first == null ? "a file" : first));
      } else {
        lines.add(rounded(line));
      }
    }
    return lines;
  }

  /** Rounds times to whole seconds, which is what snapshots have. */
  private static String rounded(String line) {
    return TIME.matcher(line)
        .replaceAll(
            time -> {
              var up = time.group(2).charAt(0) >= '5' ? 1 : 0;
              return Long.toString(Long.parseLong(time.group(1)) + up);
            });
  }
}
