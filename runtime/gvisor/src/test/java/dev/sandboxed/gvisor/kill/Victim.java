package dev.sandboxed.gvisor.kill;

import dev.sandboxed.Image;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;

/** A program that uses sandboxes, to be killed or to see its sandboxes killed. */
final class Victim {
  /** Begins the line that names a new sandbox. */
  static final String CREATED = "created ";

  /** Begins the line that tells of an error. */
  static final String ERROR = "error ";

  private final Path work;

  private Victim(Path work) {
    this.work = work;
  }

  public static void main(String[] args) throws Exception {
    endWithTheTest();
    var victim = new Victim(Path.of(args[1]));
    System.out.println("begin");
    switch (args[0]) {
      case "load" -> victim.load();
      case "hold" -> victim.hold();
      default -> victim.once();
    }
  }

  /** A test that is killed itself kills nobody; its end is the end of the input. */
  private static void endWithTheTest() {
    var watch =
        new Thread(
            () -> {
              try {
                System.in.transferTo(OutputStream.nullOutputStream());
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              } finally {
                Runtime.getRuntime().halt(1);
              }
            },
            "test");
    watch.setDaemon(true);
    watch.start();
  }

  /** Does everything at once until it is killed. */
  private void load() {
    List<Runnable> loads = List.of(this::startAndStop, this::exec, this::copy, this::buildImages);
    var threads = Executors.newFixedThreadPool(loads.size());
    loads.forEach(load -> threads.execute(() -> repeat(load)));
  }

  private static void repeat(Runnable load) {
    while (true) {
      load.run();
    }
  }

  /** Runs programs until the sandbox is gone, and says why it is. */
  private void hold() {
    try (var sandbox = created(Sandbox.create())) {
      while (true) {
        sandbox.exec("true").await();
      }
    } catch (SandboxException e) {
      System.out.println(ERROR + e.getClass().getSimpleName() + " " + e.getMessage());
    }
  }

  /** Uses a sandbox where others were killed, so that it can tidy up after them. */
  private void once() throws IOException {
    startAndStop();
    buildImages();
    try (var sandbox = created(Sandbox.create())) {
      sandbox.files().copyOut("/etc", work.resolve("out-" + UUID.randomUUID()));
    }
  }

  private static Sandbox created(Sandbox sandbox) {
    System.out.println(CREATED + sandbox.id());
    return sandbox;
  }

  private void startAndStop() {
    try (var sandbox = created(Sandbox.create())) {
      sandbox.exec("true").await();
    }
  }

  private void exec() {
    try (var sandbox = created(Sandbox.builder().command("sleep", "600").create())) {
      sandbox.exec("yes").start();
      for (var i = 0; i < 5; i++) {
        sandbox.exec("true").await();
      }
    }
  }

  private void copy() {
    try (var sandbox = created(Sandbox.create())) {
      var source = work.resolve("source");
      if (!Files.exists(source)) {
        Files.write(source, new byte[16 << 20]);
      }
      for (var i = 0; i < 5; i++) {
        sandbox.files().copyIn(source, "/tree/file");
        sandbox.files().copyOut("/tree", work.resolve("out-" + UUID.randomUUID()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void buildImages() {
    try {
      var image = Files.createDirectory(work.resolve("image-" + UUID.randomUUID()));
      Files.writeString(image.resolve("unique"), image.toString());
      Files.write(image.resolve("file"), new byte[16 << 20]);
      try (var sandbox = created(Sandbox.builder().image(Image.directory(image)).create())) {
        sandbox.files().readText("/unique");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
