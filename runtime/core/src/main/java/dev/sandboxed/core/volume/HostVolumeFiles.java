package dev.sandboxed.core.volume;

import dev.sandboxed.FileStat.FileType;
import dev.sandboxed.Volume;
import dev.sandboxed.VolumeFile;
import dev.sandboxed.VolumeFiles;
import dev.sandboxed.VolumeUpload;
import dev.sandboxed.core.tree.HostPaths;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The files of a volume, by the host's own calls; see {@link VolumeFiles}. */
final class HostVolumeFiles implements VolumeFiles {
  private static final int MAX_ENTRIES = 1_000_000;
  private static final int MAX_BYTES = 64 << 20;

  private final VolumeStore store;
  private final Volume volume;

  HostVolumeFiles(VolumeStore store, Volume volume) {
    this.store = store;
    this.volume = volume;
  }

  @Override
  public List<VolumeFile> list(String path) {
    return call(
        "list",
        path,
        (stored, names) -> {
          try (var directory = Walk.open(stored, names)) {
            return list(directory, shown(names));
          }
        });
  }

  @Override
  public VolumeFile stat(String path) {
    return call(
        "look at",
        path,
        (stored, names) -> {
          if (isTop(names)) {
            try (var top = Walk.open(stored, names)) {
              return describe("/", "/", top.attributes(Path.of(".")));
            }
          }
          try (var parent = parent(stored, names)) {
            return describe(last(names), shown(names), parent.attributes(Walk.path(last(names))));
          }
        });
  }

  @Override
  public byte[] readBytes(String path) {
    return call(
        "read",
        path,
        (stored, names) -> {
          try (var in = Channels.newInputStream(open(stored, names, path))) {
            var bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
              throw new FileErrors(volume, "read", path).tooLarge("64 MiB");
            }
            return bytes;
          }
        });
  }

  @Override
  public InputStream inputStream(String path) {
    return call(
        "read", path, (stored, names) -> Channels.newInputStream(open(stored, names, path)));
  }

  @Override
  public VolumeUpload upload() {
    return new StagedUpload(store, volume);
  }

  @Override
  public void remove(String path) {
    change(
        "remove",
        path,
        (stored, names) -> {
          try (var parent = parent(stored, names)) {
            var name = Walk.path(last(names));
            if (parent.attributes(name).isDirectory()) {
              parent.removeDirectory(name);
            } else {
              parent.removeFile(name);
            }
          }
        });
  }

  @Override
  public void removeRecursively(String path) {
    change(
        "remove",
        path,
        (stored, names) -> {
          try (var parent = parent(stored, names)) {
            var name = Walk.path(last(names));
            if (parent.attributes(name).isDirectory()) {
              removeTree(stored, parent, name);
            } else {
              parent.removeFile(name);
            }
          }
        });
  }

  private void removeTree(StoredVolume stored, OpenDirectory parent, Path name) throws IOException {
    try (var work = store.work();
        var to = OpenDirectory.trusted(work.tree())) {
      work.sharedWith(stored);
      try {
        parent.move(name, to, name);
      } catch (AccessDeniedException e) {
        // Only who may write to a directory may move it elsewhere.
        parent.setPermissions(name, TreeRemover.OWNER_ONLY);
        parent.move(name, to, name);
      }
    }
  }

  private FileChannel open(StoredVolume stored, List<String> names, String path)
      throws IOException {
    var errors = new FileErrors(volume, "read", path);
    if (isTop(names)) {
      throw errors.isADirectory("list it");
    }
    try (var parent = parent(stored, names)) {
      var name = Walk.path(last(names));
      var attributes = parent.attributes(name);
      if (attributes.isDirectory()) {
        throw errors.isADirectory("list it");
      }
      if (!attributes.isRegularFile()) {
        throw errors.notAFile();
      }
      return parent.read(name);
    }
  }

  private static List<VolumeFile> list(OpenDirectory directory, String at) throws IOException {
    var files = new ArrayList<VolumeFile>();
    directory.names(
        name -> {
          var attributes = directory.find(name);
          if (attributes.isPresent()) {
            var text = new String(HostPaths.bytes(name), StandardCharsets.UTF_8);
            files.add(describe(text, at.isEmpty() ? text : at + "/" + text, attributes.get()));
          }
          return files.size() <= MAX_ENTRIES;
        });
    if (files.size() > MAX_ENTRIES) {
      throw new IOException(
          "it has more than %,d entries; remove some of them".formatted(MAX_ENTRIES));
    }
    files.sort(Comparator.comparing(VolumeFile::name));
    return List.copyOf(files);
  }

  private static VolumeFile describe(String name, String path, BasicFileAttributes attributes) {
    return new VolumeFile(
        name, path, type(attributes), attributes.size(), attributes.lastModifiedTime().toInstant());
  }

  private static FileType type(BasicFileAttributes attributes) {
    if (attributes.isDirectory()) {
      return FileType.DIRECTORY;
    }
    if (attributes.isSymbolicLink()) {
      return FileType.SYMLINK;
    }
    return attributes.isRegularFile() ? FileType.FILE : FileType.FIFO;
  }

  private static OpenDirectory parent(StoredVolume stored, List<String> names) throws IOException {
    return Walk.open(stored, names.subList(0, names.size() - 1));
  }

  private static String last(List<String> names) {
    return names.get(names.size() - 1);
  }

  private boolean isTop(List<String> names) {
    return names.size() == volume.path().size();
  }

  /** Returns the path that users of this value know, empty for the top. */
  private String shown(List<String> names) {
    return String.join("/", names.subList(volume.path().size(), names.size()));
  }

  private interface Call<T> {
    T on(StoredVolume volume, List<String> names) throws IOException;
  }

  private interface Change {
    void on(StoredVolume volume, List<String> names) throws IOException;
  }

  private <T> T call(String action, String path, Call<T> call) {
    var names = volume.subPath(path).path();
    try {
      return call.on(store.existing(volume), names);
    } catch (IOException e) {
      throw new FileErrors(volume, action, path).of(e);
    }
  }

  private void change(String action, String path, Change change) {
    var errors = new FileErrors(volume, action, path);
    if (volume.isReadOnly()) {
      throw errors.denied("this value is read-only; use one without readOnly()");
    }
    if (isTop(volume.subPath(path).path())) {
      throw errors.denied("it is the top; name what is in it, or remove the whole volume");
    }
    call(
        action,
        path,
        (stored, names) -> {
          change.on(stored, names);
          return names;
        });
  }
}
