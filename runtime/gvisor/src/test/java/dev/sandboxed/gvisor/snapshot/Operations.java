package dev.sandboxed.gvisor.snapshot;

import java.util.Random;

/** Random operations on files, as a script for a shell; those that cannot be done do nothing. */
final class Operations {
  private static final String[] NAMES = {"a", "b", "c", "d"};

  private Operations() {}

  static String script(Random random, int count) {
    var script = new StringBuilder("export LC_ALL=C\nexec 2>/dev/null\n");
    for (var i = 0; i < count; i++) {
      script.append(operation(random, i)).append(" || true\n");
    }
    return script.toString();
  }

  private static String operation(Random random, int number) {
    var path = path(random);
    var other = path(random);
    return switch (random.nextInt(17)) {
      case 0, 1 -> "[ -p %2$s ] || echo %1$d > %2$s".formatted(number, path);
      case 2 -> "[ -p %2$s ] || echo %1$d >> %2$s".formatted(number, path);
      case 3, 4, 5 -> "mkdir -p %s".formatted(path);
      case 6 -> "rm -rf %s".formatted(path);
      case 7 -> "rm -f %s".formatted(path);
      case 8 -> "rmdir %s".formatted(path);
      case 9, 10 -> "mv -fT %s %s".formatted(path, other);
      case 11, 12 -> "ln -fT %s %s".formatted(path, other);
      case 13 -> "ln -sfnT %s %s".formatted(other, path);
      case 14 -> "chmod %o %s".formatted(random.nextInt(010000) | 0700, path);
      case 15 -> "chown -h %d:%d %s".formatted(random.nextInt(70_000), random.nextInt(3), path);
      default ->
          random.nextBoolean()
              ? "mkfifo %s".formatted(path)
              : "[ -p %2$s ] || truncate -s %1$d %2$s".formatted(random.nextInt(100_000), path);
    };
  }

  private static String path(Random random) {
    var path = new StringBuilder(NAMES[random.nextInt(NAMES.length)]);
    for (var depth = random.nextInt(3); depth > 0; depth--) {
      path.append('/').append(NAMES[random.nextInt(NAMES.length)]);
    }
    return path.toString();
  }
}
