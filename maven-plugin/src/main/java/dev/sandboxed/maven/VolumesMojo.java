package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.FileStat.FileType;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Volume;
import dev.sandboxed.VolumeFile;
import dev.sandboxed.VolumeFiles;
import dev.sandboxed.Volumes;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Lists the named volumes of this user, or the files of one, puts files into it, gets them out, and
 * removes files or whole volumes. No sandbox needs to run.
 */
@Mojo(name = "volumes", requiresProject = false, aggregator = true, threadSafe = true)
public final class VolumesMojo extends AbstractSandboxesMojo {
  /** The volume. All are listed unless set. */
  @Parameter(property = "sandbox.volume")
  @Nullable String volume;

  /** A file or directory in the volume; its top unless set. */
  @Parameter(property = "sandbox.path")
  @Nullable String path;

  /** A file or directory of the host, which is put at the path in the volume. */
  @Parameter(property = "sandbox.put")
  @Nullable File put;

  /** Replaces files that exist when putting or getting; without it they are an error. */
  @Parameter(property = "sandbox.force", defaultValue = "false")
  boolean force;

  /** A file of the host, which the file at the path is copied to. */
  @Parameter(property = "sandbox.get")
  @Nullable File get;

  /** Removes what is at the path, or the whole volume if there is no path. */
  @Parameter(property = "sandbox.remove", defaultValue = "false")
  boolean remove;

  /** Made by Maven. */
  public VolumesMojo() {}

  @Override
  void run(Backend backend, Output shown) throws MojoExecutionException {
    if (Stream.of(put != null, get != null, remove).filter(chosen -> chosen).count() > 1) {
      throw new InvalidSpecException(
          "Only one of sandbox.put, sandbox.get and sandbox.remove can be done at a time");
    }
    var volumes = backend.volumes();
    if (volume == null) {
      if (put != null || get != null || remove || path != null) {
        throw new InvalidSpecException("Which volume? Name it with -Dsandbox.volume=…");
      }
      list(volumes, shown);
      return;
    }
    try {
      in(volumes, volumes.files(Volume.named(volume)), volume, shown);
    } catch (IOException e) {
      throw new MojoExecutionException(
          "The file cannot be written on the host: " + e.getMessage(), e);
    }
  }

  private void in(Volumes volumes, VolumeFiles files, String name, Output shown)
      throws IOException {
    if (put != null) {
      put(files, put.toPath());
      say(shown, name, "put", put.toString());
    } else if (get != null) {
      get(files, get.toPath().toAbsolutePath());
      say(shown, name, "got", get.toString());
    } else if (!remove) {
      list(files, shown);
    } else if (path == null) {
      volumes.remove(name);
      say(shown, name, "removed", "/");
    } else {
      files.removeRecursively(path);
      say(shown, name, "removed", path);
    }
  }

  private void put(VolumeFiles files, Path source) {
    var upload = files.upload();
    if (force) {
      upload.force();
    }
    if (Files.isDirectory(source)) {
      upload.directory(source, path == null ? "/" : path);
    } else {
      upload.file(source, path == null ? String.valueOf(source.getFileName()) : path);
    }
    upload.run();
  }

  /** Copies as much as the file had: a sandbox may write to it without end. */
  private void get(VolumeFiles files, Path target) throws IOException {
    if (path == null) {
      throw new InvalidSpecException("Which file? Name it with -Dsandbox.path=…");
    }
    var size = files.stat(path).size();
    if (!force && Files.exists(target)) {
      throw new InvalidSpecException(
          "%s exists; name another file, or replace it with -Dsandbox.force".formatted(target));
    }
    var part = Files.createTempFile(target.getParent(), ".sandbox-", ".part");
    try {
      try (var in = files.inputStream(path);
          var out = Files.newOutputStream(part)) {
        var chunk = new byte[64 << 10];
        for (var left = size; left > 0; ) {
          var n = in.read(chunk, 0, (int) Math.min(chunk.length, left));
          if (n < 0) {
            break;
          }
          out.write(chunk, 0, n);
          left -= n;
        }
      }
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private void list(Volumes volumes, Output shown) {
    var all = volumes.list();
    if (shown == Output.JSON) {
      print(
          to -> {
            to.writeStartArray();
            for (var one : all) {
              to.writeStartObject();
              to.writeStringProperty("name", one.name());
              to.writeStringProperty("created", JsonOutput.time(one.created()));
              to.writeBooleanProperty("inUse", one.inUse());
              to.writeEndObject();
            }
            to.writeEndArray();
          });
    } else if (all.isEmpty()) {
      getLog().info("There are no named volumes.");
    } else {
      new TextTable(
              List.of("NAME", "CREATED", "IN USE"),
              all.stream()
                  .map(v -> List.of(v.name(), seconds(v.created()), v.inUse() ? "yes" : "no"))
                  .toList())
          .show(new LogConsole(getLog()));
    }
  }

  private void list(VolumeFiles files, Output shown) {
    var wanted = path == null ? "/" : path;
    var all =
        wanted.equals("/") || files.stat(wanted).type() == FileType.DIRECTORY
            ? files.list(wanted)
            : List.of(files.stat(wanted));
    if (shown == Output.JSON) {
      print(
          to -> {
            to.writeStartArray();
            for (var file : all) {
              to.writeStartObject();
              JsonOutput.text(to, "path", file.path());
              to.writeStringProperty("type", file.type().name());
              to.writeNumberProperty("size", file.size());
              to.writeStringProperty("modified", JsonOutput.time(file.modified()));
              to.writeEndObject();
            }
            to.writeEndArray();
          });
    } else if (all.isEmpty()) {
      getLog().info("There are no files.");
    } else {
      new TextTable(
              List.of("TYPE", "SIZE", "MODIFIED", "PATH"),
              all.stream().map(VolumesMojo::row).toList())
          .show(new LogConsole(getLog()));
    }
  }

  private static List<String> row(VolumeFile file) {
    return List.of(
        file.type().name().toLowerCase(Locale.ROOT),
        String.valueOf(file.size()),
        seconds(file.modified()),
        SafeText.line(file.path()));
  }

  private static String seconds(Instant time) {
    return Instant.ofEpochSecond(time.getEpochSecond()).toString();
  }

  private void say(Output shown, String name, String done, String what) {
    if (shown == Output.JSON) {
      print(
          to -> {
            to.writeStartObject();
            to.writeStringProperty("volume", name);
            JsonOutput.text(to, done, what);
            to.writeEndObject();
          });
    } else {
      getLog().info("%s %s: volume %s".formatted(done, SafeText.line(what), name));
    }
  }
}
