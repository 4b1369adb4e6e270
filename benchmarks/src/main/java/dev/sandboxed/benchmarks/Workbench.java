package dev.sandboxed.benchmarks;

import dev.sandboxed.Image;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.core.binaries.BinaryCache;
import dev.sandboxed.core.binaries.CacheRoot;
import dev.sandboxed.core.binaries.SandboxBinaries;
import dev.sandboxed.core.erofs.ErofsWriter;
import dev.sandboxed.core.tree.HostDirectory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * What all benchmarks share: the same programs in the same image, bare and ours.
 *
 * @param image the directory that ours is made from
 * @param runsc the runsc that ours uses too
 * @param bare gVisor driven by hand, on an image of the same directory
 */
record Workbench(Path image, Path runsc, BareRunsc bare) {
  /** The static program's path inside. */
  static final String STATIC_PROGRAM = "/one-byte";

  /** The path inside of the program that waits, pours and forks. */
  static final String PROBE = "/probe";

  static Workbench open(Settings settings) throws IOException {
    var image = Files.createDirectories(settings.work().resolve("image"));
    for (var name : new String[] {"dev", "proc", "tmp"}) {
      Files.createDirectories(image.resolve(name));
    }
    StaticProgram.write(image.resolve(STATIC_PROGRAM.substring(1)));
    Files.copy(
        settings.probe(),
        image.resolve(PROBE.substring(1)),
        StandardCopyOption.REPLACE_EXISTING,
        StandardCopyOption.COPY_ATTRIBUTES);
    var erofs = settings.work().resolve("image.erofs");
    try (var channel =
        FileChannel.open(
            erofs,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      ErofsWriter.write(HostDirectory.reader().read(image).tree(), UUID.randomUUID(), channel);
    }
    var runsc = locateRunsc();
    return new Workbench(
        image, runsc, new BareRunsc(runsc, erofs, settings.work().resolve("bare")));
  }

  /** Creates one of ours; the image is cached after the first time. */
  Sandbox create() {
    return builder().create();
  }

  /** Begins one of ours. */
  SandboxBuilder builder() {
    return Sandbox.builder().image(Image.directory(image));
  }

  /** Runs bare gVisor; returns the milliseconds to the first byte of its program. */
  double firstByteOfBare() throws IOException, InterruptedException {
    var started = System.nanoTime();
    try (var container = bare.run(STATIC_PROGRAM)) {
      return Streams.firstByte(container.stdout(), started);
    }
  }

  /** Creates one of ours; returns the milliseconds to the first byte of a program in it. */
  double firstByteOfOurs() throws IOException {
    var started = System.nanoTime();
    try (var sandbox = create();
        var process = sandbox.exec(STATIC_PROGRAM).start()) {
      return Streams.firstByte(process.stdout().stream(), started);
    }
  }

  private static Path locateRunsc() {
    var settings = dev.sandboxed.core.binaries.Settings.ofProcess();
    return SandboxBinaries.locate(
            settings, new BinaryCache(CacheRoot.from(settings)), Workbench.class.getClassLoader())
        .runsc();
  }
}
