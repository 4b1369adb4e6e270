package dev.sandboxed;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The checks of what users pass in, with the messages they see. */
final class SpecChecks {
  private static final Set<String> RESERVED_TARGETS =
      Set.of("/", "/root", "/tmp", "/proc", "/sys", "/dev");

  private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
  private static final int MAX_TAGS = 64;
  private static final int MAX_TAG_KEY = 128;
  private static final int MAX_TAG_VALUE = 1024;
  private static final int MAX_NAME_BYTES = 255;
  private static final int MAX_VOLUMES = 64;

  private static final Pattern MEMBER_NAME = Pattern.compile("[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?");

  /** The sandbox itself, and the host. */
  private static final Set<String> RESERVED_MEMBERS = Set.of("localhost", "sandbox", "host");

  private SpecChecks() {}

  static void command(List<String> command) {
    for (var argument : command) {
      noNul("command argument", argument);
    }
    if (!command.isEmpty() && command.get(0).isEmpty()) {
      throw new InvalidSpecException(
          "The command's first element is empty; name the program to run");
    }
  }

  static void commandSize(List<String> command) {
    var bytes = command.stream().mapToInt(a -> a.getBytes(StandardCharsets.UTF_8).length).sum();
    if (bytes > SandboxSpec.MAX_COMMAND_BYTES) {
      throw new InvalidSpecException(
          "The command has %,d bytes, more than the %,d allowed; pass long data by a file or stdin"
              .formatted(bytes, SandboxSpec.MAX_COMMAND_BYTES));
    }
  }

  static void env(Map<String, String> env) {
    env.forEach(
        (name, value) -> {
          envName(name);
          noNul("value of the environment variable " + name, value);
        });
  }

  static void secrets(List<Secret> secrets, Map<String, String> env) {
    var seen = new HashSet<String>();
    for (var secret : secrets) {
      if (!seen.add(secret.name()) || env.containsKey(secret.name())) {
        throw new InvalidSpecException(
            "The environment variable %s is given twice; a secret's name must be its only use"
                .formatted(secret.name()));
      }
    }
  }

  static void envName(String name) {
    if (name.isEmpty() || name.indexOf('=') >= 0 || name.indexOf('\0') >= 0) {
      throw new InvalidSpecException(
          "\"%s\" is not a name for an environment variable; it must not be empty or hold '='"
              .formatted(name.replace("\0", "\\0")));
    }
  }

  static void absolute(String what, String path) {
    noNul(what, path);
    if (!path.startsWith("/") || !Path.of(path).normalize().toString().equals(path)) {
      throw new InvalidSpecException(
          "The %s \"%s\" is not an absolute, normalised path; write it like /work/src"
              .formatted(what, path));
    }
  }

  static void mount(String target, Mount mount) {
    target("mount target", target, mount.source());
  }

  static void volumes(Map<String, Volume> volumes, Set<String> mountTargets) {
    var seen = new HashMap<String, String>();
    volumes.forEach(
        (target, volume) -> {
          target("volume target", target, "The " + volume);
          if (mountTargets.contains(target)) {
            throw new InvalidSpecException(
                "A mount and the %s have the target %s; use each target once"
                    .formatted(volume, target));
          }
          var other = seen.put(volume.kind() + volume.name(), target);
          if (other != null) {
            throw new InvalidSpecException(
                "The volume %s is mounted twice, at %s and at %s; mount each volume once, higher up if several of its directories are needed"
                    .formatted(volume.name(), other, target));
          }
        });
    atMost("volumes", volumes.size(), MAX_VOLUMES);
  }

  /** Splits a path in a volume into names; empty for the top. */
  static List<String> volumePath(String path) {
    noNul("path in a volume", path);
    var names = Stream.of(path.split("/")).filter(n -> !n.isEmpty() && !n.equals(".")).toList();
    if (names.contains("..")) {
      throw new InvalidSpecException(
          "The path \"%s\" in a volume climbs up with '..'; write it from the volume's top, like a/b"
              .formatted(OutputTail.printable(path)));
    }
    for (var name : names) {
      if (name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
        throw new InvalidSpecException(
            "The path \"%s\" in a volume has a name of more than %d bytes, which Linux does not allow"
                .formatted(OutputTail.printable(path), MAX_NAME_BYTES));
      }
    }
    return names;
  }

  private static void target(String what, String target, Object source) {
    absolute(what, target);
    if (RESERVED_TARGETS.contains(target)
        || target.startsWith("/proc/")
        || target.startsWith("/sys/")
        || target.equals("/.sandboxed")
        || target.startsWith("/.sandboxed/")) {
      throw new InvalidSpecException(
          "%s cannot be mounted at %s, which the sandbox needs itself; choose a path of its own, such as /work"
              .formatted(source, target));
    }
  }

  static void timeout(String what, Duration timeout) {
    if (timeout.isZero()
        || timeout.isNegative()
        || timeout.compareTo(SandboxSpec.MAX_TIMEOUT) > 0) {
      throw new InvalidSpecException(
          "The %s is %s; it must be more than zero and at most 24 hours".formatted(what, timeout));
    }
  }

  static void port(int port) {
    if (port < 1 || port > 65_535) {
      throw new InvalidSpecException(
          "There is no port %d; ports are numbers from 1 to 65535".formatted(port));
    }
  }

  static void atMost(String what, int count, int limit) {
    if (count > limit) {
      throw new InvalidSpecException(
          "The spec has %,d %s; it may have %d at most".formatted(count, what, limit));
    }
  }

  static void dns(InetSocketAddress server) {
    if (server.isUnresolved() || server.getPort() == 0) {
      throw new InvalidSpecException(
          "\"%s\" is not the address of a DNS server; give an IP address and a port, such as new InetSocketAddress(\"127.0.0.1\", 5353)"
              .formatted(server));
    }
  }

  static void memberName(String name) {
    if (RESERVED_MEMBERS.contains(name)) {
      throw new InvalidSpecException(
          "\"%s\" is not a name for a sandbox in a network: inside, it means something else already; choose another, such as db"
              .formatted(name));
    }
    if (!MEMBER_NAME.matcher(name).matches()) {
      throw new InvalidSpecException(
          "\"%s\" is not a name for a sandbox in a network; use 1 to 63 of a-z, 0-9 and -, beginning with a letter, such as db"
              .formatted(OutputTail.printable(name)));
    }
  }

  static void label(String what, String text) {
    if (!LABEL.matcher(text).matches()) {
      throw new InvalidSpecException(
          "\"%s\" is not a sandbox's %s; use 1 to 63 letters, digits, '.', '_' and '-', beginning with a letter or a digit"
              .formatted(OutputTail.printable(text), what));
    }
  }

  static void tags(Map<String, String> tags) {
    atMost("tags", tags.size(), MAX_TAGS);
    tags.forEach(
        (key, value) -> {
          if (key.isEmpty() || isUnfit(key, MAX_TAG_KEY)) {
            throw new InvalidSpecException(
                "\"%s\" is not a tag's key; use 1 to %d bytes without control characters"
                    .formatted(OutputTail.printable(key), MAX_TAG_KEY));
          }
          if (isUnfit(value, MAX_TAG_VALUE)) {
            throw new InvalidSpecException(
                "The value of the tag \"%s\" does not fit: use at most %,d bytes without control characters"
                    .formatted(key, MAX_TAG_VALUE));
          }
        });
  }

  private static boolean isUnfit(String text, int maxBytes) {
    return text.getBytes(StandardCharsets.UTF_8).length > maxBytes
        || text.chars().anyMatch(Character::isISOControl);
  }

  private static void noNul(String what, String text) {
    if (text.indexOf('\0') >= 0) {
      throw new InvalidSpecException(
          "The %s \"%s\" holds a NUL character; Linux ends strings there"
              .formatted(what, text.replace("\0", "\\0")));
    }
  }
}
