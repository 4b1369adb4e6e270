package dev.sandboxed.core.volume;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.SandboxException;
import dev.sandboxed.Volume;
import dev.sandboxed.VolumeUpload;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Copies files next to a volume first, then moves each of them in; see {@link VolumeUpload}. */
final class StagedUpload implements VolumeUpload {
  private final VolumeStore store;
  private final Volume volume;
  private final List<Item> items = new ArrayList<>();
  private boolean force;

  /** Where the content of a file comes from. */
  private interface Source {
    void copyTo(Path target) throws IOException;
  }

  /**
   * Something to upload.
   *
   * @param target its path, as it was given
   * @param names the same from the top of the whole volume
   * @param source its content
   */
  private record Item(String target, List<String> names, Source source) {}

  StagedUpload(VolumeStore store, Volume volume) {
    this.store = store;
    this.volume = volume;
  }

  @Override
  public VolumeUpload file(Path source, String target) {
    var absolute = source.toAbsolutePath();
    if (!Files.isRegularFile(absolute)) {
      throw new InvalidSpecException(
          "%s cannot be uploaded to the %s: %s"
              .formatted(
                  absolute,
                  volume,
                  Files.isDirectory(absolute)
                      ? "it is a directory; use directory(...)"
                      : "there is no such file"));
    }
    return addFile(target, to -> HostCopy.file(absolute, to));
  }

  @Override
  public VolumeUpload directory(Path source, String target) {
    var absolute = source.toAbsolutePath();
    if (!Files.isDirectory(absolute)) {
      throw new InvalidSpecException(
          "%s cannot be uploaded to the %s: %s"
              .formatted(
                  absolute,
                  volume,
                  Files.exists(absolute)
                      ? "it is no directory; use file(...)"
                      : "there is no such directory"));
    }
    items.add(new Item(target, volume.subPath(target).path(), to -> HostCopy.tree(absolute, to)));
    return this;
  }

  @Override
  public VolumeUpload bytes(byte[] content, String target) {
    var copy = content.clone();
    return addFile(target, to -> Files.write(to, copy));
  }

  @Override
  public VolumeUpload force() {
    force = true;
    return this;
  }

  @Override
  public void run() {
    if (volume.isReadOnly()) {
      throw new FileErrors(volume, "upload to", "")
          .denied("this value is read-only; use one without readOnly()");
    }
    try (var work = store.work()) {
      var stored = store.ensure(volume);
      for (var i = 0; i < items.size(); i++) {
        var item = items.get(i);
        try {
          item.source.copyTo(work.tree().resolve(staged(i)));
        } catch (IOException e) {
          throw failed(item, e);
        }
      }
      check(stored, work);
      for (var i = 0; i < items.size(); i++) {
        place(stored, work, i);
      }
    } catch (IOException e) {
      throw store.unusable(e);
    }
  }

  private VolumeUpload addFile(String target, Source source) {
    var names = volume.subPath(target).path();
    if (names.size() == volume.path().size()) {
      throw new InvalidSpecException(
          "A file cannot be uploaded to \"%s\" in the %s, which is its top; give the file's own path there, such as data.csv"
              .formatted(target, volume));
    }
    items.add(new Item(target, names, source));
    return this;
  }

  /** Looks for everything that is in the way before anything is changed. */
  private void check(StoredVolume stored, Work work) throws IOException {
    var found = new Conflicts();
    for (var i = 0; i < items.size(); i++) {
      var item = items.get(i);
      try (var at = find(stored, parent(item.names))) {
        if (at != null) {
          find(found, work.tree().resolve(staged(i)), at, item);
        }
      } catch (IOException e) {
        throw failed(item, e);
      }
    }
    if (found.count > 0) {
      var first = String.valueOf(found.first);
      throw new FileErrors(volume, "upload", first).exists(first, found.count);
    }
  }

  /** What exists already, and is not to be replaced. */
  private static final class Conflicts {
    private @Nullable String first;
    private int count;

    void add(String path) {
      if (count++ == 0) {
        first = path;
      }
    }
  }

  private void find(Conflicts found, Path staged, OpenDirectory parent, Item item)
      throws IOException {
    if (item.names.isEmpty()) {
      findBelow(found, staged, parent, "");
    } else {
      find(found, staged, parent, Walk.path(last(item.names)), item.target);
    }
  }

  private void find(Conflicts found, Path staged, OpenDirectory parent, Path name, String path)
      throws IOException {
    var there = parent.find(name);
    if (there.isEmpty()) {
      return;
    }
    var isDirectory = Files.isDirectory(staged, LinkOption.NOFOLLOW_LINKS);
    checkTypes(isDirectory, there.get(), path);
    if (isDirectory) {
      try (var below = parent.child(name)) {
        findBelow(found, staged, below, path);
      }
    } else if (!force) {
      found.add(path);
    }
  }

  private void findBelow(Conflicts found, Path staged, OpenDirectory directory, String path)
      throws IOException {
    try (var entries = Files.newDirectoryStream(staged)) {
      for (var entry : entries) {
        var name = entry.getFileName();
        find(found, entry, directory, name, path.isEmpty() ? name.toString() : path + "/" + name);
      }
    }
  }

  private void checkTypes(boolean isDirectory, BasicFileAttributes there, String path) {
    var errors = new FileErrors(volume, "upload", path);
    if (isDirectory && !there.isDirectory()) {
      throw errors.notADirectory(path);
    }
    if (!isDirectory && there.isDirectory()) {
      throw errors.isADirectory("a file does not replace it; remove it first");
    }
  }

  private void place(StoredVolume stored, Work work, int i) throws IOException {
    var item = items.get(i);
    try (var from = OpenDirectory.trusted(work.tree());
        var parent = Walk.make(stored, parent(item.names), work)) {
      if (item.names.isEmpty()) {
        placeBelow(from, Path.of(staged(i)), parent, item.target);
      } else {
        place(from, Path.of(staged(i)), parent, Walk.path(last(item.names)), item.target);
      }
    } catch (IOException e) {
      throw failed(item, e);
    }
  }

  private void place(OpenDirectory from, Path name, OpenDirectory to, Path target, String path)
      throws IOException {
    var attributes = from.attributes(name);
    var there = to.find(target);
    if (there.isPresent()) {
      checkTypes(attributes.isDirectory(), there.get(), path);
    }
    if (attributes.isDirectory()) {
      if (there.isPresent()) {
        try (var below = to.child(target)) {
          placeBelow(from, name, below, path);
        }
      } else {
        HostCopy.moveDirectory(from, name, to, target);
      }
    } else if (force) {
      from.move(name, to, target);
    } else {
      placeNew(from, name, to, target);
    }
  }

  private void placeBelow(OpenDirectory from, Path name, OpenDirectory to, String path)
      throws IOException {
    // What is read-only could not be moved out of.
    from.setPermissions(name, TreeRemover.OWNER_ONLY);
    try (var below = from.child(name)) {
      var names = new ArrayList<Path>();
      below.names(names::add);
      for (var child : names) {
        place(below, child, to, child, path + "/" + child);
      }
    }
  }

  /** Moves a file to a name that it takes first, so that it never replaces another. */
  private static void placeNew(OpenDirectory from, Path name, OpenDirectory to, Path target)
      throws IOException {
    to.create(target);
    try {
      from.move(name, to, target);
    } catch (IOException e) {
      to.removeFile(target);
      throw e;
    }
  }

  private static @Nullable OpenDirectory find(StoredVolume stored, List<String> names)
      throws IOException {
    try {
      return Walk.open(stored, names);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private SandboxException failed(Item item, IOException e) {
    if (e instanceof FileAlreadyExistsException) {
      return new FileErrors(volume, "upload", item.target).exists(item.target, 1);
    }
    return new FileErrors(volume, "upload", item.target).of(e);
  }

  private static List<String> parent(List<String> names) {
    return names.isEmpty() ? names : names.subList(0, names.size() - 1);
  }

  private static String last(List<String> names) {
    return names.get(names.size() - 1);
  }

  private static String staged(int item) {
    return "upload-" + item;
  }
}
