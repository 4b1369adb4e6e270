package dev.sandboxed.core.volume;

import dev.sandboxed.SandboxException;
import dev.sandboxed.Volume;
import dev.sandboxed.VolumeNotFoundException;
import dev.sandboxed.core.binaries.ProcessIdentity;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.binaries.UserDirectory;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * The directory that a user's volumes are in. Thread-safe; many processes use it at once.
 *
 * <p>{@code named/NAME} and {@code ephemeral/ID} are volumes, see {@link StoredVolume}. What is
 * being made or removed is in {@code work/}, under a name that says which process does it: what a
 * killed one leaves is removed by {@link #sweep}. Sandboxes get what is in the volumes' own
 * directories {@code data}, and nothing else of all this.
 */
public final class VolumeStore {
  /** The system property that names another directory. */
  public static final String PROPERTY = "sandboxed.volumes";

  /** The environment variable that names another directory; the property goes first. */
  public static final String VARIABLE = "SANDBOXED_VOLUMES";

  static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private static final UserDirectory KIND =
      new UserDirectory(
          "directory of volumes",
          "volumes",
          "change what is in the volumes",
          PROPERTY,
          VARIABLE,
          "XDG_DATA_HOME",
          ".local/share",
          "sandboxed/volumes");

  private static final String NAMED = "named";
  private static final String EPHEMERAL = "ephemeral";
  private static final String WORK = "work";
  private static final String OWNER = "owner";

  private final Settings settings;

  private VolumeStore(Settings settings) {
    this.settings = settings;
  }

  /** Returns the store that the settings name; nothing is made or looked at yet. */
  public static VolumeStore of(Settings settings) {
    return new VolumeStore(settings);
  }

  /** Returns where volumes of a kind are. */
  Path directory(Volume.Kind kind) throws IOException {
    return subdirectory(kind == Volume.Kind.NAMED ? NAMED : EPHEMERAL);
  }

  /**
   * Returns a volume.
   *
   * @throws VolumeNotFoundException if there is none
   */
  StoredVolume existing(Volume volume) throws IOException {
    var directory = directory(volume.kind()).resolve(volume.name());
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      throw volume.kind() == Volume.Kind.NAMED ? unknown(volume.name()) : closed(volume.name());
    }
    return new StoredVolume(volume.name(), directory);
  }

  /**
   * Returns a volume; a named one is made if it is missing.
   *
   * @throws VolumeNotFoundException if it is an ephemeral one that is closed
   */
  StoredVolume ensure(Volume volume) throws IOException {
    if (volume.kind() == Volume.Kind.NAMED) {
      var directory = directory(volume.kind()).resolve(volume.name());
      if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
        make(directory, false);
      }
    }
    return existing(volume);
  }

  /** Makes an ephemeral volume of this process. */
  StoredVolume makeEphemeral() throws IOException {
    var id = UUID.randomUUID().toString();
    var directory = directory(Volume.Kind.EPHEMERAL).resolve(id);
    make(directory, true);
    return new StoredVolume(id, directory);
  }

  /** Makes a directory for what this process is about to make or to remove. */
  Work work() throws IOException {
    return Work.create(subdirectory(WORK));
  }

  /**
   * Takes a volume out of the store, in one step.
   *
   * @return where it is now; when it is closed the volume is removed
   * @throws NoSuchFileException if somebody else was quicker
   */
  Work takeOut(StoredVolume volume) throws IOException {
    var work = work();
    try {
      work.sharedWith(volume);
      Files.move(
          volume.directory(), work.tree().resolve(volume.name()), StandardCopyOption.ATOMIC_MOVE);
      return work;
    } catch (IOException e) {
      work.close();
      throw e;
    }
  }

  /** Removes what processes that have ended left behind. */
  public void sweep() {
    try {
      if (!Files.isDirectory(KIND.find(settings))) {
        return;
      }
      for (var directory : list(subdirectory(WORK))) {
        var work = new Work(directory);
        if (work.isLeft()) {
          work.close();
        }
      }
      for (var volume : list(Volume.Kind.EPHEMERAL)) {
        if (isLeft(volume)) {
          takeOut(volume).close();
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      // Another process sweeps, too; the rest is left to it.
    } catch (IOException e) {
      System.getLogger("dev.sandboxed").log(Level.WARNING, "Cannot sweep the volumes", e);
    }
  }

  /** Lists the volumes of a kind, in no order. */
  List<StoredVolume> list(Volume.Kind kind) throws IOException {
    if (!Files.isDirectory(KIND.find(settings))) {
      return List.of();
    }
    return list(directory(kind)).stream()
        .map(d -> new StoredVolume(d.getFileName().toString(), d))
        .toList();
  }

  /** Says that the store cannot be used, and what to do. */
  SandboxException unusable(IOException e) {
    var reason = e instanceof FileSystemException f && f.getReason() != null ? f.getReason() : e;
    return new SandboxException(
        "The volumes in %s cannot be used: %s; make the directory usable for this user, or %s"
            .formatted(KIND.find(settings), reason, KIND.howToNameAnother()),
        e);
  }

  private Path subdirectory(String name) throws IOException {
    var root = KIND.find(settings);
    KIND.makePrivate(root);
    var directory = root.resolve(name);
    KIND.makePrivate(directory);
    return directory;
  }

  /** Makes a volume, which appears whole; somebody else may be quicker. */
  private void make(Path directory, boolean owned) throws IOException {
    try (var work = work()) {
      var made = Files.createDirectory(work.tree().resolve("new"), PRIVATE);
      StoredVolume.fill(made);
      if (owned) {
        Files.writeString(made.resolve(OWNER), ProcessIdentity.own().toString());
      }
      Files.move(made, directory, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      // Another process may have been quicker, with just the same.
      if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
        throw e;
      }
    }
  }

  private static List<Path> list(Path directory) throws IOException {
    var entries = new ArrayList<Path>();
    try (var stream = Files.newDirectoryStream(directory)) {
      stream.forEach(entries::add);
    }
    return entries;
  }

  private static boolean isLeft(StoredVolume ephemeral) throws IOException {
    try {
      var owner = Files.readString(ephemeral.directory().resolve(OWNER));
      return ProcessIdentity.parse(owner).map(p -> !p.mayLive()).orElse(false)
          && !ephemeral.isInUse();
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private VolumeNotFoundException unknown(String name) throws IOException {
    var names = list(Volume.Kind.NAMED).stream().map(StoredVolume::name).sorted().toList();
    var shown = names.stream().limit(20).toList();
    return new VolumeNotFoundException(
        "There is no volume \"%s\" (there are: %s%s); it is made when a sandbox has it or something is uploaded to it"
            .formatted(
                name,
                shown.isEmpty() ? "none" : String.join(", ", shown),
                names.size() > shown.size() ? ", …" : ""));
  }

  private static VolumeNotFoundException closed(String id) {
    return new VolumeNotFoundException(
        "The ephemeral volume %s is closed, and its files are gone; make another with Volume.ephemeral()"
            .formatted(id));
  }
}
