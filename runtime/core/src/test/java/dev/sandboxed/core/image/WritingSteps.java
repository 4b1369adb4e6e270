package dev.sandboxed.core.image;

import dev.sandboxed.BuildLog;
import dev.sandboxed.Image;
import dev.sandboxed.ImageStep;
import dev.sandboxed.SettledStep;
import dev.sandboxed.core.tree.ByteStrings;
import dev.sandboxed.core.tree.Content;
import dev.sandboxed.core.tree.Metadata;
import dev.sandboxed.core.tree.TarWriter;
import dev.sandboxed.core.tree.TreeBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Runs steps without a sandbox: {@code write NAME TEXT} makes a file, {@code remove NAME} removes
 * one, {@code fail} fails, {@code break} makes a layer that is none.
 */
final class WritingSteps implements StepRunner {
  private final List<String> ran = Collections.synchronizedList(new ArrayList<>());
  private final List<SettledStep> settled = Collections.synchronizedList(new ArrayList<>());
  private final AtomicReference<Runnable> waiting = new AtomicReference<>(() -> {});

  /** Returns the steps that were run, in their order. */
  List<String> ran() {
    return List.copyOf(ran);
  }

  /** Returns what was told of steps, in its order. */
  List<SettledStep> settled() {
    return List.copyOf(settled);
  }

  /** Has something done when another build is waited for. */
  void whenWaiting(Runnable action) {
    waiting.set(action);
  }

  @Override
  public BuildLog log() {
    return new BuildLog() {
      @Override
      public void waiting(ImageStep step) {
        waiting.get().run();
      }

      @Override
      public void settled(SettledStep step) {
        settled.add(step);
      }
    };
  }

  @Override
  public void run(Image parent, PreparedImage prepared, ImageStep.InSandbox step, Path layer)
      throws IOException {
    ran.add(step.toString());
    if (!Files.isReadable(prepared.erofs())) {
      throw new IOException("the parent's file is not there");
    }
    var command = ((ImageStep.Run) step).command();
    switch (command.get(0)) {
      case "write" -> write(layer, command.get(1), command.get(2));
      case "remove" -> write(layer, ".wh." + command.get(1), "");
      case "break" -> Files.writeString(layer, "x".repeat(2000));
      default -> throw new IOException("the step failed");
    }
  }

  static void write(Path layer, String name, String text) throws IOException {
    var content = Content.of(text.getBytes(StandardCharsets.UTF_8));
    var tree = new TreeBuilder().file(ByteStrings.of(name), Metadata.root(0644), content).build();
    try (var out = Files.newOutputStream(layer)) {
      TarWriter.write(tree, out);
    }
  }
}
