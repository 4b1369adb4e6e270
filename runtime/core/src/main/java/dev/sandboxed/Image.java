package dev.sandboxed;

import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * A root file system: an immutable value that a backend turns into files when a sandbox needs them.
 *
 * <p>An image is a base and steps, each of which gives a further image:
 *
 * <pre>{@code
 * var image = Image.registry("debian:bookworm-slim")
 *     .aptInstall("git", "python3-pip")
 *     .copy(Path.of("src/test/site"), "/srv/site")
 *     .workdir("/srv/site")
 *     .run("sh", "-c", "python3 -m compileall .");
 * }</pre>
 *
 * <p>A step is carried out when the first sandbox needs the image, and kept by what it says, the
 * image before it and the files it copies. So the same steps on the same base cost nothing again,
 * and after a change only what follows it is made anew. A program that fails is an {@link
 * ImageBuildException}.
 */
public sealed interface Image {

  /**
   * Returns the host's own tools on an otherwise empty system: {@code /usr} and the tool chains on
   * the {@code PATH}, read-only, and nothing personal: no home, no credentials, no settings.
   *
   * @return the image
   */
  static Image host() {
    return new HostImage();
  }

  /**
   * Returns a copy of a directory, with owners, modes, links and times.
   *
   * @param path the directory that becomes {@code /}
   * @return the image
   */
  static Image directory(Path path) {
    return new DirectoryImage(path);
  }

  /**
   * Returns the contents of a tar file, plain or compressed by gzip.
   *
   * @param path the tar file
   * @return the image
   */
  static Image tar(Path path) {
    return new TarImage(path);
  }

  /**
   * Returns an image of a registry, for Linux on this machine's processor. What is fetched is
   * verified, and kept: the next start costs what a directory's costs. A tag is looked up anew when
   * it was last looked up an hour ago, a digest never.
   *
   * <p>The image's environment, working directory and user hold for all that runs inside. Its
   * entrypoint goes before the command of a sandbox that has one; a sandbox without a command stays
   * up for commands and runs nothing of the image's by itself.
   *
   * @param reference such as {@code python:3.12-slim}, {@code localhost:5000/team/app:1.0} or
   *     {@code python@sha256:…}; without a registry's name, the registry that the system property
   *     {@code sandboxed.registry} names
   * @return the image
   * @throws InvalidSpecException if the reference is malformed
   */
  static Image registry(String reference) {
    return new RegistryImage(ImageReference.parse(reference));
  }

  /**
   * Returns the base system of a suite of Debian, with apt and nothing else that is not essential:
   * built in a sandbox from the packages that the host's own apt sources lead to, by the host's
   * {@code mmdebstrap}, as root or as an ordinary user. No registry is needed.
   *
   * <p>It is built when a sandbox needs it first, and kept: for a week, as the system property
   * {@code sandboxed.debian.refresh} says, it stays the same, whatever changes in Debian. Its own
   * apt sources are those that it was built from, so {@link #aptInstall} works on it.
   *
   * @param suite such as {@code bookworm} or {@code sid}
   * @return the image
   * @throws InvalidSpecException if it cannot be the name of a suite
   */
  static Image debian(String suite) {
    return new DebianImage(suite);
  }

  /**
   * Returns a snapshot that was taken before, perhaps by another process of this user.
   *
   * @param id what {@link SnapshotImage#id()} says of it
   * @return the image
   * @throws InvalidSpecException if the id is malformed; whether there is such a snapshot shows
   *     when a sandbox is started from it
   * @see Sandbox#snapshotFilesystem()
   */
  static Image snapshot(String id) {
    return new SnapshotImage(id);
  }

  /**
   * Adds a step.
   *
   * @param step the step
   * @return the image after it
   * @throws InvalidSpecException if the image has {@value BuiltImage#MAX_STEPS} steps already
   */
  default Image with(ImageStep step) {
    return new BuiltImage(this, step);
  }

  /**
   * Installs Debian packages from the sources that the image itself names, as root, whoever the
   * image's user is. Recommended packages are left out, no service is started, and neither lists
   * nor downloads stay in the image.
   *
   * @param packages names, such as {@code git}
   * @return the image with the packages
   * @throws InvalidSpecException if there is none, or one is not the name of a package
   */
  default Image aptInstall(String... packages) {
    return with(ImageStep.aptInstall(packages));
  }

  /**
   * Installs Python packages with the image's own {@code python3 -m pip}, from the index that the
   * user's pip is configured to use.
   *
   * @param packages requirements, such as {@code pytest>=8}
   * @return the image with the packages
   * @throws InvalidSpecException if there is none, or one is not a requirement
   */
  default Image pipInstall(String... packages) {
    return with(ImageStep.pipInstall(packages));
  }

  /**
   * Installs packages of npm for all users with the image's own {@code npm}, from the registry that
   * the user's npm is configured to use.
   *
   * @param packages names, such as {@code prettier@3}
   * @return the image with the packages
   * @throws InvalidSpecException if there is none, or one is not a package
   */
  default Image npmInstall(String... packages) {
    return with(ImageStep.npmInstall(packages));
  }

  /**
   * Runs a program in a sandbox on this image and keeps what it changes. No shell reads the
   * command; where one is wanted it is said: {@code run("sh", "-c", "make && make install")}.
   *
   * @param command the program and its arguments
   * @return the changed image
   * @throws InvalidSpecException if there is no program, or an argument holds a NUL character
   */
  default Image run(String... command) {
    return with(ImageStep.run(command));
  }

  /**
   * Sets an environment variable, for further steps and for sandboxes.
   *
   * @param name the name
   * @param value the value; nothing in it is expanded
   * @return the image with the variable
   * @throws InvalidSpecException if the name or the value cannot be one
   */
  default Image env(String name, String value) {
    return env(Map.of(name, value));
  }

  /**
   * Sets environment variables, for further steps and for sandboxes.
   *
   * @param variables the values by the names; nothing in a value is expanded
   * @return the image with the variables
   * @throws InvalidSpecException if a name or value cannot be one
   */
  default Image env(Map<String, String> variables) {
    return with(ImageStep.env(variables));
  }

  /**
   * Sets the working directory, for further steps and for sandboxes.
   *
   * @param path absolute and normalised; it is made if it is missing
   * @return the image with the working directory
   * @throws InvalidSpecException if it is not an absolute, normalised path
   */
  default Image workdir(String path) {
    return with(ImageStep.workdir(path));
  }

  /**
   * Sets who runs programs, in further steps and in sandboxes.
   *
   * @param user a name or number, perhaps with a group behind a colon: {@code postgres}, {@code
   *     1000:1000}
   * @return the image with the user
   * @throws InvalidSpecException if it is not a user
   */
  default Image user(String user) {
    return with(ImageStep.user(user));
  }

  /**
   * Copies a file, or the contents of a directory, of the host. The copies belong to root and keep
   * their modes, links and times; directories above them are made.
   *
   * @param source the file or directory
   * @param target the absolute path that it gets
   * @return the image with the copy
   * @throws InvalidSpecException if the target is not an absolute, normalised path
   */
  default Image copy(Path source, String target) {
    return with(ImageStep.copy(source, target));
  }

  /**
   * Sets what stands before the command of a sandbox that has one.
   *
   * @param command the program and its first arguments; none for no entrypoint
   * @return the image with the entrypoint
   * @throws InvalidSpecException if the program is empty, or an argument holds a NUL character
   */
  default Image entrypoint(String... command) {
    return with(ImageStep.entrypoint(command));
  }

  /**
   * Returns the image that a Dockerfile describes, by the same steps as here. Common instructions
   * are followed, stages too; for what is not, the error names file, line and instruction. The
   * files that it copies come from its own directory, unless another {@linkplain
   * DockerfileImage#context context} is named.
   *
   * <p>Its {@code CMD} is not run: a sandbox without a command stays up for commands.
   *
   * @param file the Dockerfile
   * @return the image
   */
  static DockerfileImage dockerfile(Path file) {
    var absolute = file.toAbsolutePath().normalize();
    var parent = absolute.getParent();
    return new DockerfileImage(
        absolute, parent == null ? absolute : parent, Map.of(), Optional.empty());
  }

  /**
   * Returns the image of an OCI image layout, as tools such as skopeo and umoci write them, for
   * this machine's processor.
   *
   * @param path the layout's directory, which holds one image
   * @return the image
   */
  static Image layout(Path path) {
    return new LayoutImage(path, Optional.empty());
  }

  /**
   * Returns one of several images of an OCI image layout.
   *
   * @param path the layout's directory
   * @param name the image's name in the layout, often like a tag
   * @return the image
   */
  static Image layout(Path path, String name) {
    return new LayoutImage(path, Optional.of(name));
  }

  /**
   * An image of a layout; see {@link Image#layout(Path)}.
   *
   * @param path the layout's directory, made absolute
   * @param name the image's name in the layout; empty if it is the only one
   */
  record LayoutImage(Path path, Optional<String> name) implements Image {
    /** Makes the path absolute. */
    public LayoutImage {
      path = path.toAbsolutePath().normalize();
    }
  }

  /**
   * Returns an image without any file, to copy into.
   *
   * @return the image
   */
  static Image empty() {
    return new EmptyImage();
  }

  /** An image without any file; see {@link Image#empty()}. */
  record EmptyImage() implements Image {}

  /**
   * What a Dockerfile describes; see {@link Image#dockerfile}.
   *
   * @param file the Dockerfile, made absolute
   * @param context the directory that it copies from, made absolute
   * @param arguments values for its {@code ARG}s, by their names; no place for secrets
   * @param target the name or number of the stage that is wanted; the last if empty
   */
  record DockerfileImage(
      Path file, Path context, Map<String, String> arguments, Optional<String> target)
      implements Image {
    /** Makes the paths absolute. */
    public DockerfileImage {
      file = file.toAbsolutePath().normalize();
      context = context.toAbsolutePath().normalize();
      arguments = Collections.unmodifiableMap(new TreeMap<>(arguments));
    }

    /**
     * Returns the image with files from another directory.
     *
     * @param directory what its {@code COPY} and {@code ADD} begin from
     * @return the image
     */
    public DockerfileImage context(Path directory) {
      return new DockerfileImage(file, directory, arguments, target);
    }

    /**
     * Returns the image with a value for an {@code ARG}.
     *
     * @param name the variable's name
     * @param value its value, which the cache keeps: no secret
     * @return the image
     */
    public DockerfileImage argument(String name, String value) {
      var more = new TreeMap<String, String>(arguments);
      more.put(name, value);
      return new DockerfileImage(file, context, more, target);
    }

    /**
     * Returns another stage of the Dockerfile.
     *
     * @param stage its name, or its number from 0
     * @return the image
     */
    public DockerfileImage target(String stage) {
      return new DockerfileImage(file, context, arguments, Optional.of(stage));
    }
  }

  /** The host's own tools; see {@link Image#host()}. */
  record HostImage() implements Image {}

  /**
   * A directory's copy; see {@link Image#directory}.
   *
   * @param path the directory, made absolute
   */
  record DirectoryImage(Path path) implements Image {
    /** Makes the path absolute. */
    public DirectoryImage {
      path = path.toAbsolutePath().normalize();
    }
  }

  /**
   * A tar file's contents; see {@link Image#tar}.
   *
   * @param path the file, made absolute
   */
  record TarImage(Path path) implements Image {
    /** Makes the path absolute. */
    public TarImage {
      path = path.toAbsolutePath().normalize();
    }
  }

  /**
   * An image of a registry; see {@link Image#registry}.
   *
   * @param reference which
   */
  record RegistryImage(ImageReference reference) implements Image {}

  /**
   * What the root file system of a sandbox was at one moment; see {@link
   * Sandbox#snapshotFilesystem()}.
   *
   * @param id names all that it is made of, 64 hexadecimal digits
   */
  record SnapshotImage(String id) implements Image {
    private static final Pattern ID = Pattern.compile("[0-9a-f]{64}");

    /** Checks the id. */
    public SnapshotImage {
      if (!ID.matcher(id).matches()) {
        throw new InvalidSpecException(
            "\"%s\" is not the id of a snapshot, which has 64 hexadecimal digits: snapshotFilesystem() returns it"
                .formatted(OutputTail.printable(id)));
      }
    }

    /** Returns what it is, and the id. */
    @Override
    public String toString() {
      return "snapshot " + id;
    }
  }

  /**
   * The base system of a suite of Debian; see {@link Image#debian}.
   *
   * @param suite such as {@code bookworm}
   */
  record DebianImage(String suite) implements Image {
    private static final int MAX_LENGTH = 64;

    /** Checks the name. */
    public DebianImage {
      if (suite.length() > MAX_LENGTH || !suite.matches("[a-z][a-z0-9]*(-[a-z0-9]+)*")) {
        throw new InvalidSpecException(
            "\"%s\" is not a suite of Debian; write its name, such as bookworm".formatted(suite));
      }
    }

    /** Returns what it is, for people. */
    @Override
    public String toString() {
      return "Debian " + suite;
    }
  }

  /**
   * The image after a step; see {@link Image#with}.
   *
   * @param base the image before it
   * @param step the step
   */
  record BuiltImage(Image base, ImageStep step) implements Image {
    /** The most steps that an image may have. */
    public static final int MAX_STEPS = 500;

    /** Counts the steps. */
    public BuiltImage {
      var steps = 1;
      for (var image = base; image instanceof BuiltImage built; image = built.base()) {
        steps++;
      }
      if (steps > MAX_STEPS) {
        throw new InvalidSpecException(
            "An image may have %d steps at most; join some, such as several programs by run(\"sh\", \"-c\", …)"
                .formatted(MAX_STEPS));
      }
    }

    /** Returns the base and all steps. */
    @Override
    public String toString() {
      return base + " > " + step;
    }
  }
}
