package dev.sandboxed;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * One step from an image to the next: an immutable value, checked when it is made.
 *
 * <p>The short forms, such as {@link Image#run}, are enough for most images. {@link Image#with}
 * takes a step that needs more:
 *
 * <pre>{@code
 * var image = Image.host()
 *     .with(ImageStep.run("make", "fetch").network(NetworkPolicy.allow("*.example.org")))
 *     .with(ImageStep.run("make", "login").secret(Secret.of("API_TOKEN", token)));
 * }</pre>
 *
 * <p>{@code toString} says what the step does, as messages and build logs do; values of secrets are
 * never shown.
 */
public sealed interface ImageStep {

  /**
   * A step that runs a program in a sandbox on the image so far; what the program changes becomes a
   * layer of the next image.
   *
   * <p>It starts with the environment, working directory and user of the image so far, and reaches
   * what {@link NetworkPolicy#buildTools} names.
   */
  sealed interface InSandbox extends ImageStep {
    /**
     * Returns what the step may reach beyond {@link NetworkPolicy#buildTools}.
     *
     * @return the further policy; nothing unless set
     */
    NetworkPolicy network();

    /**
     * Returns the secrets that the step's program finds in its environment.
     *
     * @return the secrets; an image does not change with their values, only with their names
     */
    List<Secret> secrets();
  }

  /**
   * Returns a step that runs a program. No shell reads the command.
   *
   * @param command the program and its arguments
   * @return the step
   * @throws InvalidSpecException if there is no program, or an argument holds a NUL character
   */
  static Run run(String... command) {
    return run(List.of(command));
  }

  /**
   * Returns a step that runs a program. No shell reads the command.
   *
   * @param command the program and its arguments
   * @return the step
   * @throws InvalidSpecException if there is no program, or an argument holds a NUL character
   */
  static Run run(List<String> command) {
    return new Run(command, Map.of(), NetworkPolicy.none(), List.of());
  }

  /**
   * Returns a step that installs Debian packages; see {@link Image#aptInstall}.
   *
   * @param packages names, each perhaps with an architecture and a version or suite: {@code
   *     libssl-dev:arm64}, {@code git=1:2.39.5-0+deb12u2}, {@code git/bookworm-backports}
   * @return the step
   * @throws InvalidSpecException if there is none, or one is not the name of a package
   */
  static AptInstall aptInstall(String... packages) {
    return new AptInstall(List.of(packages), NetworkPolicy.none(), List.of());
  }

  /**
   * Returns a step that installs Python packages; see {@link Image#pipInstall}.
   *
   * @param packages requirements as pip reads them, such as {@code pytest>=8}
   * @return the step
   * @throws InvalidSpecException if there is none, or one is not a requirement
   */
  static PipInstall pipInstall(String... packages) {
    return new PipInstall(List.of(packages), NetworkPolicy.none(), List.of());
  }

  /**
   * Returns a step that installs packages of npm for all users; see {@link Image#npmInstall}.
   *
   * @param packages names as npm reads them, such as {@code prettier@3}
   * @return the step
   * @throws InvalidSpecException if there is none, or one is not a package
   */
  static NpmInstall npmInstall(String... packages) {
    return new NpmInstall(List.of(packages), NetworkPolicy.none(), List.of());
  }

  /**
   * Returns a step that sets environment variables.
   *
   * @param variables the values by the names; nothing in a value is expanded
   * @return the step
   * @throws InvalidSpecException if a name or value cannot be one
   */
  static Env env(Map<String, String> variables) {
    return new Env(variables);
  }

  /**
   * Returns a step that sets the working directory.
   *
   * @param path absolute and normalised; it is made if it is missing
   * @return the step
   * @throws InvalidSpecException if it is not an absolute, normalised path
   */
  static Workdir workdir(String path) {
    return new Workdir(path);
  }

  /**
   * Returns a step that sets who runs programs.
   *
   * @param user a name or number, perhaps with a group behind a colon: {@code postgres}, {@code
   *     1000:1000}
   * @return the step
   * @throws InvalidSpecException if it is not a user
   */
  static User user(String user) {
    return new User(user);
  }

  /**
   * Returns a step that copies a file or directory of the host.
   *
   * @param source the file, or the directory whose contents are copied
   * @param target the absolute path that it gets; a file goes into it, under its own name, if the
   *     path ends in a slash or leads to a directory of the image
   * @return the step
   * @throws InvalidSpecException if the target is not an absolute, normalised path
   */
  static Copy copy(Path source, String target) {
    return new Copy(source, List.of(), target, Optional.empty(), Optional.empty());
  }

  /**
   * Returns a step that copies a file or directory of another image.
   *
   * @param from the other image
   * @param source the absolute path there: a file, or a directory whose contents are copied. Its
   *     names may have the wildcards {@code *}, {@code ?} and {@code [a-z]}, which a backslash
   *     takes the meaning from; all that match are copied
   * @param target the absolute path that it gets; a file goes into it, under its own name, if the
   *     path ends in a slash or leads to a directory of the image
   * @return the step
   * @throws InvalidSpecException if a path is not absolute and normalised
   */
  static CopyFrom copyFrom(Image from, String source, String target) {
    return new CopyFrom(from, source, target, Optional.empty(), Optional.empty());
  }

  /**
   * Returns a step that unpacks a tar file of the host.
   *
   * @param archive the file, plain or compressed by gzip
   * @param target the absolute path of the directory to unpack in
   * @return the step
   * @throws InvalidSpecException if the target is not an absolute, normalised path
   */
  static Unpack unpack(Path archive, String target) {
    return new Unpack(archive, target, Optional.empty(), Optional.empty());
  }

  /**
   * Returns a step that writes a text file.
   *
   * @param target the absolute path that it gets
   * @param content its content, in UTF-8
   * @return the step
   * @throws InvalidSpecException if the target is not an absolute, normalised path
   */
  static Write write(String target, String content) {
    return new Write(target, content, Optional.empty(), Optional.empty());
  }

  /**
   * Returns a step that sets what stands before the command of a sandbox.
   *
   * @param command the program and its first arguments; none for no entrypoint
   * @return the step
   * @throws InvalidSpecException if the program is empty, or an argument holds a NUL character
   */
  static Entrypoint entrypoint(String... command) {
    return new Entrypoint(List.of(command));
  }

  /**
   * Runs a program; see {@link ImageStep#run(String...)}.
   *
   * @param command the program and its arguments
   * @param environment what it finds in its environment besides the image's, which wins over that;
   *     the image does not get it
   * @param network what it may reach beyond {@link NetworkPolicy#buildTools}
   * @param secrets what it finds in its environment, too
   */
  record Run(
      List<String> command,
      Map<String, String> environment,
      NetworkPolicy network,
      List<Secret> secrets)
      implements InSandbox {
    /** Checks the command and its environment. */
    public Run {
      command = List.copyOf(command);
      environment = Collections.unmodifiableMap(new TreeMap<>(environment));
      secrets = List.copyOf(secrets);
      StepChecks.command("run", command);
      SpecChecks.env(environment);
      SpecChecks.secrets(secrets, environment);
    }

    /**
     * Returns the step with further variables for its program alone.
     *
     * @param variables the values by the names
     * @return the step
     */
    public Run env(Map<String, String> variables) {
      var all = new TreeMap<String, String>(environment);
      all.putAll(variables);
      return new Run(command, all, network, secrets);
    }

    /**
     * Returns the step with a wider network.
     *
     * @param further what it may reach as well
     * @return the step
     */
    public Run network(NetworkPolicy further) {
      return new Run(command, environment, network.and(further), secrets);
    }

    /**
     * Returns the step with a secret in its program's environment.
     *
     * @param secret the secret; the image does not hold it unless the program writes it somewhere
     * @return the step
     */
    public Run secret(Secret secret) {
      return new Run(command, environment, network, StepChecks.with(secrets, secret));
    }

    @Override
    public String toString() {
      return "run " + OutputTail.commandLine(command);
    }
  }

  /**
   * Installs Debian packages; see {@link Image#aptInstall}.
   *
   * @param packages what to install
   * @param network what it may reach beyond {@link NetworkPolicy#buildTools}
   * @param secrets what it finds in its environment
   */
  record AptInstall(List<String> packages, NetworkPolicy network, List<Secret> secrets)
      implements InSandbox {
    /** Checks the names. */
    public AptInstall {
      packages = List.copyOf(packages);
      secrets = List.copyOf(secrets);
      StepChecks.debianPackages(packages);
      SpecChecks.secrets(secrets, Map.of());
    }

    /**
     * Returns the step with a wider network.
     *
     * @param further what it may reach as well
     * @return the step
     */
    public AptInstall network(NetworkPolicy further) {
      return new AptInstall(packages, network.and(further), secrets);
    }

    @Override
    public String toString() {
      return "aptInstall " + OutputTail.commandLine(packages);
    }
  }

  /**
   * Installs Python packages; see {@link Image#pipInstall}.
   *
   * @param packages what to install
   * @param network what it may reach beyond {@link NetworkPolicy#buildTools}
   * @param secrets what it finds in its environment
   */
  record PipInstall(List<String> packages, NetworkPolicy network, List<Secret> secrets)
      implements InSandbox {
    /** Checks the requirements. */
    public PipInstall {
      packages = List.copyOf(packages);
      secrets = List.copyOf(secrets);
      StepChecks.packages("pipInstall", packages, "pytest>=8");
      SpecChecks.secrets(secrets, Map.of());
    }

    /**
     * Returns the step with a wider network.
     *
     * @param further what it may reach as well
     * @return the step
     */
    public PipInstall network(NetworkPolicy further) {
      return new PipInstall(packages, network.and(further), secrets);
    }

    /**
     * Returns the step with a secret in pip's environment.
     *
     * @param secret such as {@code PIP_INDEX_URL} with a password in it
     * @return the step
     */
    public PipInstall secret(Secret secret) {
      return new PipInstall(packages, network, StepChecks.with(secrets, secret));
    }

    @Override
    public String toString() {
      return "pipInstall " + OutputTail.commandLine(packages);
    }
  }

  /**
   * Installs packages of npm; see {@link Image#npmInstall}.
   *
   * @param packages what to install
   * @param network what it may reach beyond {@link NetworkPolicy#buildTools}
   * @param secrets what it finds in its environment
   */
  record NpmInstall(List<String> packages, NetworkPolicy network, List<Secret> secrets)
      implements InSandbox {
    /** Checks the names. */
    public NpmInstall {
      packages = List.copyOf(packages);
      secrets = List.copyOf(secrets);
      StepChecks.packages("npmInstall", packages, "prettier@3");
      SpecChecks.secrets(secrets, Map.of());
    }

    /**
     * Returns the step with a wider network.
     *
     * @param further what it may reach as well
     * @return the step
     */
    public NpmInstall network(NetworkPolicy further) {
      return new NpmInstall(packages, network.and(further), secrets);
    }

    /**
     * Returns the step with a secret in npm's environment.
     *
     * @param secret such as {@code NPM_TOKEN}, if the image's settings of npm read it
     * @return the step
     */
    public NpmInstall secret(Secret secret) {
      return new NpmInstall(packages, network, StepChecks.with(secrets, secret));
    }

    @Override
    public String toString() {
      return "npmInstall " + OutputTail.commandLine(packages);
    }
  }

  /**
   * Sets environment variables; see {@link ImageStep#env}.
   *
   * @param variables the values by the names
   */
  record Env(Map<String, String> variables) implements ImageStep {
    /** Checks names and values. */
    public Env {
      variables = Collections.unmodifiableMap(new LinkedHashMap<>(variables));
      SpecChecks.env(variables);
    }

    @Override
    public String toString() {
      return "env "
          + OutputTail.commandLine(
              variables.entrySet().stream().map(v -> v.getKey() + "=" + v.getValue()).toList());
    }
  }

  /**
   * Sets the working directory; see {@link ImageStep#workdir}.
   *
   * @param path an absolute, normalised path
   */
  record Workdir(String path) implements ImageStep {
    /** Checks the path. */
    public Workdir {
      SpecChecks.absolute("working directory", path);
    }

    @Override
    public String toString() {
      return "workdir " + OutputTail.printable(path);
    }
  }

  /**
   * Sets who runs programs; see {@link ImageStep#user}.
   *
   * @param user a name or number, perhaps with a group behind a colon
   */
  record User(String user) implements ImageStep {
    /** Checks the user. */
    public User {
      StepChecks.user(user);
    }

    @Override
    public String toString() {
      return "user " + user;
    }
  }

  /**
   * Copies a file or directory of the host; see {@link ImageStep#copy}.
   *
   * @param source the file or directory, made absolute
   * @param excluded what is not copied of a directory, with all below: paths relative to it
   * @param target an absolute, normalised path in the image, perhaps with a slash behind it
   * @param owner whom the copies belong to, written like a {@linkplain ImageStep#user user}; root
   *     if empty
   * @param mode the permissions of all copies, from 0 to 07777; those of the source if empty
   */
  record Copy(
      Path source,
      List<Path> excluded,
      String target,
      Optional<String> owner,
      Optional<Integer> mode)
      implements ImageStep {
    /** Checks the values, and makes the source absolute. */
    public Copy {
      source = source.toAbsolutePath().normalize();
      excluded = List.copyOf(excluded);
      StepChecks.excluded(excluded);
      StepChecks.target(target);
      owner.ifPresent(StepChecks::user);
      mode.ifPresent(StepChecks::mode);
    }

    /**
     * Returns the step without some of a directory.
     *
     * @param paths what is left out, with all below: paths relative to the source
     * @return the step
     * @throws InvalidSpecException if a path is absolute, or leads out of the source
     */
    public Copy excluding(List<Path> paths) {
      return new Copy(
          source, Stream.concat(excluded.stream(), paths.stream()).toList(), target, owner, mode);
    }

    /**
     * Returns the step with another owner of the copies.
     *
     * @param user written like a {@linkplain ImageStep#user user}
     * @return the step
     */
    public Copy owner(String user) {
      return new Copy(source, excluded, target, Optional.of(user), mode);
    }

    /**
     * Returns the step with other permissions of all copies.
     *
     * @param permissions from 0 to 07777
     * @return the step
     */
    public Copy mode(int permissions) {
      return new Copy(source, excluded, target, owner, Optional.of(permissions));
    }

    @Override
    public String toString() {
      return "copy " + OutputTail.commandLine(List.of(source.toString(), target));
    }
  }

  /**
   * Copies a file or directory of another image; see {@link ImageStep#copyFrom}.
   *
   * @param from the other image
   * @param source an absolute, normalised path there, perhaps with wildcards
   * @param target an absolute, normalised path in the image, perhaps with a slash behind it
   * @param owner whom the copies belong to, written like a {@linkplain ImageStep#user user}; as in
   *     the other image if empty
   * @param mode the permissions of all copies, from 0 to 07777; those of the source if empty
   */
  record CopyFrom(
      Image from, String source, String target, Optional<String> owner, Optional<Integer> mode)
      implements ImageStep {
    /** Checks the values. */
    public CopyFrom {
      SpecChecks.absolute("source of a copy", source);
      StepChecks.target(target);
      owner.ifPresent(StepChecks::user);
      mode.ifPresent(StepChecks::mode);
    }

    /**
     * Returns the step with another owner of the copies.
     *
     * @param user written like a {@linkplain ImageStep#user user}
     * @return the step
     */
    public CopyFrom owner(String user) {
      return new CopyFrom(from, source, target, Optional.of(user), mode);
    }

    /**
     * Returns the step with other permissions of all copies.
     *
     * @param permissions from 0 to 07777
     * @return the step
     */
    public CopyFrom mode(int permissions) {
      return new CopyFrom(from, source, target, owner, Optional.of(permissions));
    }

    @Override
    public String toString() {
      return "copyFrom " + OutputTail.commandLine(List.of(source, target));
    }
  }

  /**
   * Unpacks a tar file of the host; see {@link ImageStep#unpack}.
   *
   * @param archive the file, made absolute
   * @param target an absolute, normalised path in the image
   * @param owner whom the files belong to, written like a {@linkplain ImageStep#user user}; as in
   *     the archive if empty
   * @param mode the permissions of all files, from 0 to 07777; those of the archive if empty
   */
  record Unpack(Path archive, String target, Optional<String> owner, Optional<Integer> mode)
      implements ImageStep {
    /** Checks the values, and makes the archive's path absolute. */
    public Unpack {
      archive = archive.toAbsolutePath().normalize();
      StepChecks.target(target);
      owner.ifPresent(StepChecks::user);
      mode.ifPresent(StepChecks::mode);
    }

    /**
     * Returns the step with another owner of the files.
     *
     * @param user written like a {@linkplain ImageStep#user user}
     * @return the step
     */
    public Unpack owner(String user) {
      return new Unpack(archive, target, Optional.of(user), mode);
    }

    /**
     * Returns the step with other permissions of all files.
     *
     * @param permissions from 0 to 07777
     * @return the step
     */
    public Unpack mode(int permissions) {
      return new Unpack(archive, target, owner, Optional.of(permissions));
    }

    @Override
    public String toString() {
      return "unpack " + OutputTail.commandLine(List.of(archive.toString(), target));
    }
  }

  /**
   * Writes a text file; see {@link ImageStep#write}.
   *
   * @param target an absolute, normalised path in the image
   * @param content its content
   * @param owner whom it belongs to, written like a {@linkplain ImageStep#user user}; root if empty
   * @param mode its permissions, from 0 to 07777; 0644 if empty
   */
  record Write(String target, String content, Optional<String> owner, Optional<Integer> mode)
      implements ImageStep {
    /** Checks the values. */
    public Write {
      SpecChecks.absolute("target of a file", target);
      owner.ifPresent(StepChecks::user);
      mode.ifPresent(StepChecks::mode);
    }

    /**
     * Returns the step with another owner of the file.
     *
     * @param user written like a {@linkplain ImageStep#user user}
     * @return the step
     */
    public Write owner(String user) {
      return new Write(target, content, Optional.of(user), mode);
    }

    /**
     * Returns the step with other permissions of the file.
     *
     * @param permissions from 0 to 07777
     * @return the step
     */
    public Write mode(int permissions) {
      return new Write(target, content, owner, Optional.of(permissions));
    }

    @Override
    public String toString() {
      return "write " + OutputTail.commandLine(List.of(target));
    }
  }

  /**
   * Sets what stands before the command of a sandbox; see {@link ImageStep#entrypoint}.
   *
   * @param command the program and its first arguments; none for no entrypoint
   */
  record Entrypoint(List<String> command) implements ImageStep {
    /** Checks the command. */
    public Entrypoint {
      command = List.copyOf(command);
      SpecChecks.command(command);
    }

    @Override
    public String toString() {
      return "entrypoint " + OutputTail.commandLine(command);
    }
  }
}
