package dev.sandboxed.core.image;

import dev.sandboxed.ImageException;
import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.core.tree.HostDirectory;
import dev.sandboxed.core.tree.TreeDigest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Names the snapshots of ready sandboxes by everything that is in them: sandboxes with equal keys
 * would be the same at the moment they are ready. Values of the environment are in it by digests
 * only.
 */
public final class MemoryKey {
  private static final String FORMAT = "ready sandbox 1";
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  /** What package managers write whenever they change the host's tools. */
  private static final List<Path> PACKAGES =
      List.of(
          Path.of("/var/lib/dpkg/status"),
          Path.of("/var/lib/rpm"),
          Path.of("/usr/lib/sysimage/rpm"),
          Path.of("/lib/apk/db/installed"),
          Path.of("/var/lib/pacman/local"));

  private MemoryKey() {}

  /**
   * Returns the key of a spec on this machine.
   *
   * @param image the image of the spec
   * @param programs what runs the sandbox: the runtime, the keeper, the agent
   * @return 64 hexadecimal digits
   * @throws ImageException if something that the spec mounts cannot be read
   */
  public static String of(SandboxSpec spec, PreparedImage image, List<Path> programs) {
    return of(spec, image, programs, CPU_INFO);
  }

  /** Returns the key on a machine with another processor; for tests. */
  static String of(SandboxSpec spec, PreparedImage image, List<Path> programs, Path cpuInfo) {
    try {
      var key = new KeyDigest(FORMAT);
      addImage(key, image);
      key.texts(spec.command());
      addEnvironment(key, spec.env());
      key.text(spec.workdir().orElse(""));
      key.text(spec.limits().toString());
      addMounts(key, spec);
      key.text(String.valueOf(spec.network().policy().isPresent()));
      key.text(String.valueOf(!spec.network().networks().isEmpty()));
      spec.readyWhen().ifPresent(probe -> addProbe(key, probe));
      for (Path program : programs) {
        key.text(program.toString()).text(identity(program));
      }
      return key.text(features(cpuInfo)).hex();
    } catch (IOException e) {
      throw new ImageException(
          "Cannot tell whether there is a snapshot of the sandbox: " + StoreErrors.reason(e) + ".",
          e);
    }
  }

  /**
   * Tells a program from others. One in a directory that is named by its content is that content,
   * whichever process wrote the file last.
   */
  private static String identity(Path program) throws IOException {
    Path parent = program.getParent();
    boolean isAddressed =
        parent != null && KeyDigest.isDigest(String.valueOf(parent.getFileName()));
    return isAddressed ? "" : stamp(program.toRealPath());
  }

  private static void addImage(KeyDigest key, PreparedImage image) throws IOException {
    key.text(image.digest()).text(ErofsFiles.digest(image.erofs()));
    key.text(image.workingDirectory()).text(image.user().orElse("")).texts(image.entrypoint());
    addEnvironment(key, image.environment());
    for (Path packages : image.mounts().isEmpty() ? List.<Path>of() : PACKAGES) {
      key.text(Files.exists(packages) ? stamp(packages) : "");
    }
    for (HostMount tools : image.mounts()) {
      key.text(tools.target()).text(tools.source().toString());
      key.texts(stamps(tools.source()));
    }
  }

  private static void addEnvironment(KeyDigest key, Map<String, String> variables) {
    new TreeMap<>(variables)
        .forEach((name, value) -> key.text(name).text(new KeyDigest("value").text(value).hex()));
    key.text("");
  }

  private static void addMounts(KeyDigest key, SandboxSpec spec) throws IOException {
    for (var mount : new TreeMap<>(spec.mounts()).entrySet()) {
      Path source = mount.getValue().source();
      key.text(mount.getKey()).text(source.toString()).text(mount.getValue().access().name());
      key.text(
          TreeDigest.of(
              SettledListing.of(() -> HostDirectory.reader().readAny(source)).tree(), FORMAT));
    }
  }

  private static void addProbe(KeyDigest key, ReadinessProbe probe) {
    key.text(probe.getClass().getSimpleName());
    if (probe instanceof ReadinessProbe.AllOf all) {
      all.probes().forEach(part -> addProbe(key, part));
    } else if (probe instanceof ReadinessProbe.AnyOf any) {
      any.probes().forEach(part -> addProbe(key, part));
    } else if (probe instanceof ReadinessProbe.Exec exec) {
      key.texts(exec.command());
    } else if (probe instanceof ReadinessProbe.Log log) {
      key.text(log.pattern());
    } else {
      key.text(probe.toString());
    }
    key.text("");
  }

  /** Tells cheaply whether tools were changed, without a look at each file of the host. */
  private static List<String> stamps(Path tools) throws IOException {
    var stamps = new TreeSet<String>();
    stamps.add(stamp(tools));
    if (Files.isDirectory(tools)) {
      try (var children = Files.newDirectoryStream(tools)) {
        for (Path child : children) {
          stamps.add(child + " " + stamp(child));
        }
      }
    }
    return List.copyOf(stamps);
  }

  private static String stamp(Path file) throws IOException {
    var attributes =
        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    return attributes.fileKey() + " " + attributes.size() + " " + attributes.lastModifiedTime();
  }

  /** Returns what the processors can do: programs have chosen their instructions by it. */
  private static String features(Path cpuInfo) throws IOException {
    try (var lines = Files.lines(cpuInfo)) {
      return lines
          .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
          .findFirst()
          .orElse("");
    }
  }
}
