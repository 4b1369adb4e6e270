package dev.sandboxed.assertj;

import dev.sandboxed.FileStat;
import dev.sandboxed.FileStat.FileType;
import dev.sandboxed.SandboxFileException;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.assertj.core.api.AbstractAssert;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.ListAssert;
import org.jspecify.annotations.Nullable;

/**
 * Assertions on a file in a sandbox. A symbolic link is looked at itself, but read through.
 *
 * <pre>{@code
 * assertThat(sandbox).file("/etc/hostname").isRegularFile().hasOwner("root");
 * assertThat(sandbox).file("/work/out").isDirectory().containsEntries("report.html");
 * assertThat(sandbox).file("/work/out/report.html").contentAsString().contains("<h1>");
 * }</pre>
 */
public class SandboxFileAssert extends AbstractAssert<SandboxFileAssert, SandboxPath> {
  private final SafeRepresentation representation;

  /** Replaced where failures are gathered. */
  Navigation navigation = Navigation.HARD;

  /**
   * Begins assertions; {@link SandboxAssert#file} does that.
   *
   * @param actual the file
   */
  public SandboxFileAssert(@Nullable SandboxPath actual) {
    super(actual, SandboxFileAssert.class);
    representation =
        new SafeRepresentation(SafeRepresentation.maskOf(actual == null ? null : actual.sandbox()));
    info.useRepresentation(representation);
  }

  /**
   * Verifies that there is something at the path; a dangling symbolic link is something.
   *
   * @return these assertions
   */
  public SandboxFileAssert exists() {
    stat();
    return this;
  }

  /**
   * Verifies that there is nothing at the path.
   *
   * @return these assertions
   */
  public SandboxFileAssert doesNotExist() {
    isNotNull();
    if (actual.sandbox().files().exists(actual.path())) {
      failWithMessage("%nExpecting %s not to exist, but it does:%n%s", shownPath(), line(stat()));
    }
    return this;
  }

  /**
   * Verifies that it is a regular file, and no link to one.
   *
   * @return these assertions
   */
  public SandboxFileAssert isRegularFile() {
    return is(FileType.FILE, "a regular file");
  }

  /**
   * Verifies that it is a directory, and no link to one.
   *
   * @return these assertions
   */
  public SandboxFileAssert isDirectory() {
    return is(FileType.DIRECTORY, "a directory");
  }

  /**
   * Verifies that it is a symbolic link, wherever it leads.
   *
   * @return these assertions
   */
  public SandboxFileAssert isSymbolicLink() {
    return is(FileType.SYMLINK, "a symbolic link");
  }

  /**
   * Verifies that it is a symbolic link, and what is written in it.
   *
   * @param target the expected target, as it is written in the link
   * @return these assertions
   */
  public SandboxFileAssert isSymbolicLinkTo(String target) {
    Objects.requireNonNull(target, "target");
    isSymbolicLink();
    var stat = stat();
    var found = stat.linkTarget().orElse("");
    return compare(found.equals(target), "point to", quoted(found), quoted(target), stat);
  }

  /**
   * Verifies the whole content, read as UTF-8.
   *
   * @param expected the expected text
   * @return these assertions
   */
  public SandboxFileAssert hasContent(String expected) {
    Objects.requireNonNull(expected, "expected");
    var found = text();
    if (!found.equals(expected)) {
      var difference = TextDifference.of(found, expected, representation);
      failWithActualExpectedAndMessage(
          difference.actual(),
          difference.expected(),
          "%nExpecting %s to have the content:%n\"%s\"%nbut it is:%n\"%s\"%n%s.%n%s",
          shownPath(),
          difference.expected(),
          difference.actual(),
          difference.place(),
          line(stat()));
    }
    return this;
  }

  /**
   * Goes on with the content, read as UTF-8.
   *
   * @return assertions on the text
   */
  public AbstractStringAssert<?> contentAsString() {
    return navigation
        .text(text())
        .withRepresentation(representation)
        .as(() -> "%scontent of %s".formatted(prefix(), shownPath()));
  }

  /**
   * Verifies the size of the file itself.
   *
   * @param bytes the expected number of bytes
   * @return these assertions
   */
  public SandboxFileAssert hasSize(long bytes) {
    var stat = stat();
    return compare(
        stat.size() == bytes,
        "have the size",
        "%,d bytes".formatted(stat.size()),
        "%,d bytes".formatted(bytes),
        stat);
  }

  /**
   * Verifies the permission bits, with set-uid, set-gid and sticky.
   *
   * @param mode the expected bits, such as {@code 0640}
   * @return these assertions
   */
  public SandboxFileAssert hasMode(int mode) {
    var stat = stat();
    return compare(
        stat.mode() == mode,
        "have the mode",
        "%04o".formatted(stat.mode()),
        "%04o".formatted(mode),
        stat);
  }

  /**
   * Verifies the owner by name, as the users inside are called.
   *
   * @param user the expected name, or a number where an owner has no name
   * @return these assertions
   */
  public SandboxFileAssert hasOwner(String user) {
    var stat = stat();
    var found = user(stat);
    return compare(found.equals(user), "have the owner", quoted(found), quoted(user), stat);
  }

  /**
   * Verifies the group by name, as the groups inside are called.
   *
   * @param group the expected name, or a number where a group has no name
   * @return these assertions
   */
  public SandboxFileAssert hasGroup(String group) {
    var stat = stat();
    var found = group(stat);
    return compare(found.equals(group), "have the group", quoted(found), quoted(group), stat);
  }

  /**
   * Verifies that a directory has entries of these names, and maybe more.
   *
   * @param names the expected names
   * @return these assertions
   */
  public SandboxFileAssert containsEntries(String... names) {
    var entries = list();
    var missing = new TreeSet<>(List.of(names));
    entries.forEach(e -> missing.remove(e.name()));
    if (!missing.isEmpty()) {
      failWithMessage(
          "%nExpecting %s to contain %s, but it holds:%n%s",
          shownPath(), shownNames(missing), Listing.of(entries, representation));
    }
    return this;
  }

  /**
   * Verifies that a directory has entries of these names, and no others.
   *
   * @param names the expected names, in any order; none for an empty directory
   * @return these assertions
   */
  public SandboxFileAssert containsOnlyEntries(String... names) {
    containsEntries(names);
    var entries = list();
    var others = new TreeSet<String>();
    entries.forEach(e -> others.add(e.name()));
    others.removeAll(List.of(names));
    if (!others.isEmpty()) {
      failWithMessage(
          "%nExpecting %s to contain nothing but %s, but there is %s, too:%n%s",
          shownPath(),
          shownNames(new TreeSet<>(List.of(names))),
          shownNames(others),
          Listing.of(entries, representation));
    }
    return this;
  }

  /**
   * Goes on with the names of a directory's entries, sorted.
   *
   * @return assertions on the names
   */
  public ListAssert<String> entries() {
    return navigation
        .names(list().stream().map(FileStat::name).toList())
        .withRepresentation(representation)
        .as(() -> "%sentries of %s".formatted(prefix(), shownPath()));
  }

  private String prefix() {
    var described = descriptionText();
    return described.isEmpty() ? "" : described + ": ";
  }

  private SandboxFileAssert is(FileType type, String noun) {
    var stat = stat();
    if (stat.type() != type) {
      failWithMessage(
          "%nExpecting %s to be %s, but it is a %s:%n%s",
          shownPath(), noun, Listing.noun(stat.type()), line(stat));
    }
    return this;
  }

  private SandboxFileAssert compare(
      boolean asExpected, String verb, String found, String expected, FileStat stat) {
    if (!asExpected) {
      failWithActualExpectedAndMessage(
          found,
          expected,
          "%nExpecting %s to %s %s, but it is %s:%n%s",
          shownPath(),
          verb,
          expected,
          found,
          line(stat));
    }
    return this;
  }

  /** Returns what is at the path, or fails and shows what is near it. */
  private FileStat stat() {
    isNotNull();
    try {
      return actual.sandbox().files().stat(actual.path());
    } catch (SandboxFileException.NotFound | SandboxFileException.NotADirectory e) {
      throw failure(
          "%nExpecting %s to exist, but there is nothing.%n%s",
          shownPath(), Listing.near(actual, representation));
    }
  }

  private String text() {
    stat();
    try {
      return actual.sandbox().files().readText(actual.path());
    } catch (SandboxFileException e) {
      throw failure(
          "%nExpecting %s to have a content, but it cannot be read: %s%n%s",
          shownPath(), representation.text(String.valueOf(e.getMessage())), line(stat()));
    }
  }

  private List<FileStat> list() {
    stat();
    try {
      return actual.sandbox().files().list(actual.path());
    } catch (SandboxFileException e) {
      throw failure(
          "%nExpecting %s to have entries, but it cannot be listed: %s%n%s",
          shownPath(), representation.text(String.valueOf(e.getMessage())), line(stat()));
    }
  }

  private String quoted(String text) {
    return '"' + representation.text(text) + '"';
  }

  private String shownNames(Set<String> names) {
    return representation.toStringOf(List.copyOf(names));
  }

  private String shownPath() {
    return representation.text(actual.path());
  }

  private String line(FileStat stat) {
    return Listing.of(List.of(stat), representation);
  }

  private static String user(FileStat stat) {
    return stat.user().orElse(String.valueOf(stat.uid()));
  }

  private static String group(FileStat stat) {
    return stat.group().orElse(String.valueOf(stat.gid()));
  }
}
