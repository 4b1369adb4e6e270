package dev.sandboxed;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The checks of what users say in the steps of an image, with the messages they see. */
final class StepChecks {
  /** A name cannot end in '-', by which apt would remove it. */
  private static final Pattern DEBIAN_PACKAGE =
      Pattern.compile(
          "[a-z0-9][a-z0-9+.-]*[a-z0-9+](:[a-z0-9-]*[a-z0-9])?([=/][A-Za-z0-9][A-Za-z0-9.+:~-]*)?");

  private static final Pattern USER =
      Pattern.compile(
          "[^\\x00-\\x20\\x7f:-][^\\x00-\\x20\\x7f:]{0,63}(:[^\\x00-\\x20\\x7f:]{1,64})?");

  private static final int MAX_MODE = 07777;

  private StepChecks() {}

  static void command(String step, List<String> command) {
    if (command.isEmpty()) {
      throw new InvalidSpecException(
          "The step %s has no command; name the program to run".formatted(step));
    }
    SpecChecks.command(command);
  }

  static void debianPackages(List<String> packages) {
    some("aptInstall", packages, "git");
    for (var name : packages) {
      if (!DEBIAN_PACKAGE.matcher(name).matches()) {
        throw new InvalidSpecException(
            "\"%s\" is not a Debian package; write it like git, libssl-dev:arm64, git=1:2.39.5-0+deb12u2 or git/bookworm-backports"
                .formatted(OutputTail.printable(name)));
      }
    }
  }

  static void packages(String step, List<String> packages, String example) {
    some(step, packages, example);
    for (var name : packages) {
      if (name.isBlank()
          || name.startsWith("-")
          || name.startsWith(" ")
          || name.chars().anyMatch(Character::isISOControl)) {
        throw new InvalidSpecException(
            "\"%s\" is not a package for %s; write it like %s, and set options by the environment"
                .formatted(OutputTail.printable(name), step, example));
      }
    }
  }

  static void user(String user) {
    if (!USER.matcher(user).matches()) {
      throw new InvalidSpecException(
          "\"%s\" is not a user; write a name or number, perhaps with a group, such as postgres or 1000:1000"
              .formatted(OutputTail.printable(user)));
    }
  }

  /** Checks a path that may end in a slash, which then is a directory's. */
  static void target(String target) {
    SpecChecks.absolute(
        "target of a copy",
        target.length() > 1 && target.endsWith("/")
            ? target.substring(0, target.length() - 1)
            : target);
  }

  static void excluded(List<Path> paths) {
    for (var path : paths) {
      var normal = path.normalize();
      if (path.isAbsolute() || normal.toString().isEmpty() || normal.startsWith("..")) {
        throw new InvalidSpecException(
            "\"%s\" cannot be left out of a copy; write a path below its source, relative to that"
                .formatted(path));
      }
    }
  }

  static void mode(int mode) {
    if (mode < 0 || mode > MAX_MODE) {
      throw new InvalidSpecException(
          "The mode %s of a copy is out of its bounds; write permissions like 0644 or 0755"
              .formatted(mode < 0 ? Integer.toString(mode) : "0" + Integer.toOctalString(mode)));
    }
  }

  static List<Secret> with(List<Secret> secrets, Secret secret) {
    return Stream.concat(secrets.stream(), Stream.of(secret)).toList();
  }

  private static void some(String step, List<String> packages, String example) {
    if (packages.isEmpty()) {
      throw new InvalidSpecException(
          "%s names no package; name one, such as %s".formatted(step, example));
    }
  }
}
