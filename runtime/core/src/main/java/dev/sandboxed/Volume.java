package dev.sandboxed;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Files that outlive sandboxes, and that several can have at once: an immutable value, which names
 * a volume or a part of one.
 *
 * <pre>{@code
 * var pip = Volume.named("pip");
 * try (var sandbox = Sandbox.builder().volume("/cache", pip).create()) {
 *   sandbox.exec("cp", "-r", "/work/wheels", "/cache").await();
 * }
 * var wheels = pip.files().list("wheels");      // no sandbox runs
 * }</pre>
 *
 * <p>A named volume is made when it is first used, belongs to the host's user, and stays until
 * {@link Volumes#remove}. What one sandbox writes the others see, at the latest when it has called
 * {@code sync} or has ended; where two write one file at the same time, the later write wins.
 *
 * <p>Volumes are kept on the host's disk, and no limit of a sandbox bounds what is written there.
 */
public final class Volume {
  private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}";

  private final Kind kind;
  private final String name;
  private final List<String> path;
  private final boolean readOnly;

  /** How long a volume lives. */
  public enum Kind {
    /** Until it is removed. */
    NAMED,
    /** As long as an {@link EphemeralVolume}. */
    EPHEMERAL
  }

  private Volume(Kind kind, String name, List<String> path, boolean readOnly) {
    this.kind = kind;
    this.name = name;
    this.path = List.copyOf(path);
    this.readOnly = readOnly;
  }

  /**
   * Names a volume of this user.
   *
   * @param name letters, digits, {@code .}, {@code _} and {@code -}, beginning with a letter or
   *     digit; under 64 characters
   * @return the whole volume, writable; it is made when it is first used
   * @throws InvalidSpecException if this is no name for a volume
   */
  public static Volume named(String name) {
    return new Volume(Kind.NAMED, checked(name), List.of(), false);
  }

  /**
   * Makes an empty volume without a name, which goes when it is closed.
   *
   * @return the volume, which the caller closes
   */
  public static EphemeralVolume ephemeral() {
    return Volumes.ofUser().createEphemeral();
  }

  /**
   * Names a volume that a backend has made for an {@link EphemeralVolume}; for backends.
   *
   * @param id what the backend calls it, like a volume's name
   * @return the whole volume, writable
   */
  public static Volume ofEphemeral(String id) {
    return new Volume(Kind.EPHEMERAL, checked(id), List.of(), false);
  }

  /**
   * Lets sandboxes only read it.
   *
   * @return the changed copy
   */
  public Volume readOnly() {
    return new Volume(kind, name, path, true);
  }

  /**
   * Narrows it down to a directory in it, the only one that a sandbox then sees. It is made if it
   * is missing; symbolic links are not followed on the way.
   *
   * @param path relative to what this value names, such as {@code a/b}; without {@code ..}
   * @return the changed copy
   * @throws InvalidSpecException if the path climbs up, or is none
   */
  public Volume subPath(String path) {
    var names = new ArrayList<>(this.path);
    names.addAll(SpecChecks.volumePath(path));
    return new Volume(kind, name, names, readOnly);
  }

  /**
   * Returns how long the volume lives.
   *
   * @return the kind
   */
  public Kind kind() {
    return kind;
  }

  /**
   * Returns the volume's name.
   *
   * @return the name; of an ephemeral one the backend's id for it
   */
  public String name() {
    return name;
  }

  /**
   * Returns which directory in the volume it is narrowed down to.
   *
   * @return the names on the way; empty for the whole volume
   */
  public List<String> path() {
    return path;
  }

  /**
   * Returns whether sandboxes can only read it.
   *
   * @return whether they can
   */
  public boolean isReadOnly() {
    return readOnly;
  }

  /**
   * Gives access to the files without a sandbox: before one was created, while some run and after
   * their end.
   *
   * @return the files; paths start at what this value names
   */
  public VolumeFiles files() {
    return Volumes.ofUser().files(this);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Volume that
        && kind == that.kind
        && name.equals(that.name)
        && path.equals(that.path)
        && readOnly == that.readOnly;
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, name, path, readOnly);
  }

  @Override
  public String toString() {
    return (kind == Kind.NAMED ? "volume " : "ephemeral volume ")
        + name
        + (path.isEmpty() ? "" : ":" + OutputTail.printable(String.join("/", path)))
        + (readOnly ? " (read-only)" : "");
  }

  private static String checked(String name) {
    if (!name.matches(NAME)) {
      throw new InvalidSpecException(
          "\"%s\" is not a name for a volume; use 1 to 63 letters, digits, '.', '_' and '-', beginning with a letter or digit, such as pip-cache"
              .formatted(OutputTail.printable(name)));
    }
    return name;
  }
}
