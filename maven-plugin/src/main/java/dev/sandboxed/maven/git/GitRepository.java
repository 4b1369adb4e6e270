package dev.sandboxed.maven.git;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A repository, and what of it is wanted.
 *
 * @param url where it is: {@code https://…}, {@code ssh://…}, {@code user@host:path}, {@code
 *     file:///…} or a directory of this machine
 * @param ref a branch, a tag or the full id of a commit; empty for the repository's own default
 */
public record GitRepository(String url, Optional<String> ref) {
  private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://.*");

  /** As ssh and scp write it: {@code user@host:path}. */
  private static final Pattern SCP = Pattern.compile("(?:[\\w.-]+@)?[\\w][\\w.-]*:(?!//|:).+");

  /** A transport of git's that is a program of the caller's choosing: {@code ext::…}. */
  private static final Pattern HELPER = Pattern.compile("[A-Za-z0-9]+::.*", Pattern.DOTALL);

  private static final Pattern USER_INFO = Pattern.compile("(?<=://)[^/@\\s]+@");
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");

  /** What git allows in names of refs, but for a few combinations that it refuses by itself. */
  private static final Pattern REF =
      Pattern.compile("[^-+:^~?*\\[\\\\\\s\\p{Cntrl}][^:^~?*\\[\\\\\\s\\p{Cntrl}]*");

  /**
   * Reads what a user wrote.
   *
   * @param directory relative paths start here
   * @throws GitException if it names no repository
   */
  public static GitRepository of(String url, Optional<String> ref, Path directory)
      throws GitException {
    if (ref.filter(r -> !REF.matcher(r).matches()).isPresent()) {
      throw new GitException(
          "sandbox.ref is \"%s\"; name a branch, a tag or the full id of a commit"
              .formatted(ref.get()));
    }
    return new GitRepository(location(url, directory), ref);
  }

  private static String location(String url, Path directory) throws GitException {
    if (url.isBlank() || url.startsWith("-") || HELPER.matcher(url).matches()) {
      throw unusable(url);
    }
    var scheme = SCHEME.matcher(url);
    if (scheme.matches()) {
      return switch (scheme.group(1).toLowerCase(Locale.ROOT)) {
        case "https", "ssh", "file" -> url;
        case "http", "git" ->
            throw new GitException(
                "sandbox.repo is %s, and anybody on the way could change what comes by %s; use https or ssh"
                    .formatted(masked(url), scheme.group(1)));
        default -> throw unusable(url);
      };
    }
    try {
      var path = directory.resolve(url).normalize();
      if (Files.isDirectory(path)) {
        return "file://" + path;
      }
    } catch (InvalidPathException e) {
      throw unusable(url);
    }
    if (SCP.matcher(url).matches()) {
      return url;
    }
    throw unusable(url);
  }

  private static GitException unusable(String url) {
    return new GitException(
        "sandbox.repo is \"%s\"; write https://…, ssh://…, user@host:path, file:///… or the directory of a repository"
            .formatted(masked(url)));
  }

  /** Returns the text without the passwords of URLs in it. */
  static String masked(String text) {
    return USER_INFO.matcher(text).replaceAll("***@");
  }

  /** Returns where it is, to be shown: without a password. */
  public String shown() {
    return masked(url);
  }

  /** Returns a name for directories. */
  public String name() {
    var path = url.replaceAll("[/\\\\]+$", "").replaceAll("\\.git$", "");
    var last = path.replaceAll("^.*[/:\\\\]", "").replaceAll("[^A-Za-z0-9._-]", "-");
    return last.isEmpty() || last.startsWith(".") ? "repository" : last;
  }

  /** Returns where it is without what opens it; ssh needs the name of the user all the same. */
  String urlWithoutPassword() {
    return url.startsWith("ssh:")
        ? url.replaceFirst("(?<=://)([^/@:]+):[^/@]*@", "$1@")
        : USER_INFO.matcher(url).replaceAll("");
  }

  boolean isOfThisMachine() {
    return url.toLowerCase(Locale.ROOT).startsWith("file:");
  }

  /** Returns what git shall fetch. */
  String wanted() {
    return ref.orElse("HEAD");
  }

  boolean isCommit() {
    return ref.filter(r -> COMMIT.matcher(r).matches()).isPresent();
  }
}
