package dev.sandboxed.maven.project;

import java.util.regex.Pattern;

/**
 * An artifact as a POM names it.
 *
 * @param groupId its group
 * @param artifactId its name in the group
 * @param version its version; empty if the POM leaves it to others, or to a range
 * @param file what follows the version in the name of its file, such as {@code .jar} or {@code
 *     -tests.jar}
 */
record MavenArtifact(String groupId, String artifactId, String version, String file) {
  /** What may be a part of a path: nothing that leads elsewhere. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9_.+-]{0,200}");

  static final String JAR = ".jar";
  static final String POM = ".pom";

  /** Returns whether its parts can be names of files. */
  boolean isPlain() {
    return PLAIN.matcher(groupId).matches()
        && !groupId.contains("..")
        && PLAIN.matcher(artifactId).matches()
        && PLAIN.matcher(file.substring(1)).matches();
  }

  /** Returns whether it is known which version is meant. */
  boolean hasVersion() {
    return PLAIN.matcher(version).matches()
        && !version.equals("LATEST")
        && !version.equals("RELEASE");
  }

  /** Returns what all its versions have in common. */
  String key() {
    return groupId + ":" + artifactId;
  }

  /** Returns it for people, as {@code group:name:version}. */
  @Override
  public String toString() {
    return key() + (hasVersion() ? ":" + version : "");
  }
}
