package dev.sandboxed.core.image;

import dev.sandboxed.BuildLog;
import dev.sandboxed.Image;
import dev.sandboxed.Image.BuiltImage;
import dev.sandboxed.ImageStep;
import dev.sandboxed.Secret;
import dev.sandboxed.SettledStep;
import dev.sandboxed.SettledStep.Source;
import dev.sandboxed.core.binaries.Platform;
import dev.sandboxed.core.registry.ImageConfig;
import dev.sandboxed.core.tree.ArchiveLimits;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.HostDirectory;
import dev.sandboxed.core.tree.Node;
import dev.sandboxed.core.tree.TarTree;
import dev.sandboxed.core.tree.TarWriter;
import dev.sandboxed.core.tree.TreeDigest;
import dev.sandboxed.core.tree.TreeException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Images of a base and a step. A step that was taken before costs a look-up of its record; whether
 * the files of the images between are there does not matter. Thread-safe.
 */
final class BuiltImages {
  /** Changes when the same step would give another layer. */
  private static final String FORMAT = "steps-1";

  private static final int BUFFER = 1 << 20;

  /** So much is read rather than remembered; a file counts for some bytes by itself. */
  private static final long SMALL = 1 << 20;

  private static final long NODE = 4 << 10;

  private final Records records;
  private final LayerFiles layers;
  private final RootFiles roots;
  private final DigestLocks locks;
  private final Path scratch;

  /**
   * Makes the part of a store that takes steps.
   *
   * @param scratch the directory for what is under way
   */
  BuiltImages(
      Records records, LayerFiles layers, RootFiles roots, DigestLocks locks, Path scratch) {
    this.scratch = scratch;
    this.records = records;
    this.layers = layers;
    this.roots = roots;
    this.locks = locks;
  }

  /** Finds out what the images are that others are made from. */
  @FunctionalInterface
  interface Resolver {
    ResolvedImage resolve(Image image) throws IOException;
  }

  /** Returns the image after a step, which is taken if no record of it is there. */
  ResolvedImage resolve(BuiltImage image, Resolver resolver, StepRunner runner) throws IOException {
    ResolvedImage parent = resolver.resolve(image.base());
    ImageStep step = image.step();
    Optional<ImageConfig> config = configured(parent.config(), step);
    if (config.isPresent()) {
      return ResolvedImage.of(parent.root(), parent.mounts(), config.get());
    }
    Work work = work(image.base(), parent, step, resolver, runner);
    StepRecord taken = layer(work, parent.root(), step, runner.log());
    RootTree root = RootTree.Layered.of(parent.root(), taken.layer(), Optional.of(work.key()));
    return ResolvedImage.of(root, parent.mounts(), parent.config());
  }

  /** Forgets a step, so that it is taken again. */
  void forget(String key) throws IOException {
    records.remove(key);
  }

  /** A step by its key, and how it is taken if need be. */
  private record Work(String key, LayerWriter writer) {}

  private StepRecord layer(Work work, RootTree below, ImageStep step, BuildLog log)
      throws IOException {
    Optional<StepRecord> known = known(work.key());
    if (known.isPresent()) {
      return tell(log, step, known.get(), Source.KEPT);
    }
    try (DigestLocks.Held lock = lock(work.key(), step, log)) {
      known = lock.file().isValid() ? known(work.key()) : Optional.empty();
      if (known.isPresent()) {
        return tell(log, step, known.get(), Source.WAITED);
      }
      String layer;
      try (LayerFiles.Draft draft = layers.draft()) {
        work.writer().write(draft.file());
        // One that cannot be laid over its image is an error of this step, and must not be kept.
        roots.check(below, draft.file());
        layer = draft.keep();
      } catch (IOException e) {
        throw StoreErrors.withSpace(e, scratch);
      }
      StepRecord made =
          new StepRecord(
              work.key(), layer, Optional.of(Instant.now().truncatedTo(ChronoUnit.SECONDS)));
      records.write(work.key(), made.toBytes());
      return tell(log, step, made, Source.MADE);
    }
  }

  private DigestLocks.Held lock(String key, ImageStep step, BuildLog log) throws IOException {
    Optional<DigestLocks.Held> free = locks.tryAcquire(key);
    if (free.isPresent()) {
      return free.get();
    }
    log.waiting(step);
    return locks.acquire(key);
  }

  private StepRecord tell(BuildLog log, ImageStep step, StepRecord record, Source source)
      throws IOException {
    log.settled(
        new SettledStep(step, source, record.key(), record.made(), layers.size(record.layer())));
    return record;
  }

  private Optional<StepRecord> known(String key) throws IOException {
    Optional<StepRecord> known = records.read(key).flatMap(bytes -> StepRecord.parse(bytes, key));
    if (known.isPresent()) {
      layers.noteUse(known.get().layer());
    }
    return known;
  }

  /** Returns the configuration after a step that changes nothing else. */
  private static Optional<ImageConfig> configured(ImageConfig before, ImageStep step) {
    if (step instanceof ImageStep.Env env) {
      var variables = new TreeMap<String, String>(before.environment());
      variables.putAll(env.variables());
      return Optional.of(
          new ImageConfig(
              variables, before.workingDirectory(), before.user(), before.entrypoint()));
    }
    if (step instanceof ImageStep.Workdir workdir) {
      return Optional.of(
          new ImageConfig(
              before.environment(), workdir.path(), before.user(), before.entrypoint()));
    }
    if (step instanceof ImageStep.User user) {
      return Optional.of(
          new ImageConfig(
              before.environment(),
              before.workingDirectory(),
              Optional.of(user.user()),
              before.entrypoint()));
    }
    if (step instanceof ImageStep.Entrypoint entrypoint) {
      return Optional.of(
          new ImageConfig(
              before.environment(),
              before.workingDirectory(),
              before.user(),
              entrypoint.command()));
    }
    return Optional.empty();
  }

  private Work work(
      Image base, ResolvedImage parent, ImageStep step, Resolver resolver, StepRunner runner)
      throws IOException {
    if (step instanceof ImageStep.Copy copy) {
      seen(copy.target(), parent, step);
      return copy(parent, copy);
    }
    if (step instanceof ImageStep.CopyFrom copy) {
      seen(copy.target(), parent, step);
      return copyFrom(parent, resolver.resolve(copy.from()), copy);
    }
    if (step instanceof ImageStep.Unpack unpack) {
      seen(unpack.target(), parent, step);
      return unpack(parent, unpack);
    }
    if (step instanceof ImageStep.Write write) {
      seen(write.target(), parent, step);
      return written(parent, write);
    }
    if (step instanceof ImageStep.InSandbox program) {
      return new Work(
          key(parent, program),
          layer -> runner.run(base, parent.prepared(roots.file(parent.root())), program, layer));
    }
    throw new IllegalArgumentException("the step " + step + " makes no layer");
  }

  /** What lies under a directory of the host's would not be seen in any sandbox. */
  private static void seen(String target, ResolvedImage parent, ImageStep step)
      throws TreeException {
    for (HostMount mount : parent.mounts()) {
      if (Path.of(target).startsWith(mount.target())) {
        throw new TreeException(
            "the step \"%s\" writes below %s, where the image shows the host's own directory, read-only. Take another target, such as one below /srv, or begin with another image."
                .formatted(step, mount.target()));
      }
    }
  }

  private static String key(ResolvedImage parent, ImageStep.InSandbox step) {
    KeyDigest key = new KeyDigest(FORMAT + " program").text(Platform.current().toString());
    key.text(parent.files());
    ResolvedImage.environment(key, parent.config());
    key.text(parent.config().workingDirectory()).text(parent.config().user().orElse(""));
    key.text(step.getClass().getSimpleName());
    if (step instanceof ImageStep.Run run) {
      key.texts(run.command());
      key.texts(
          run.environment().entrySet().stream().map(v -> v.getKey() + "=" + v.getValue()).toList());
    } else if (step instanceof ImageStep.AptInstall apt) {
      key.texts(apt.packages());
    } else if (step instanceof ImageStep.PipInstall pip) {
      key.texts(pip.packages());
    } else if (step instanceof ImageStep.NpmInstall npm) {
      key.texts(npm.packages());
    }
    // Of secrets the names alone: no value may show in the store, not even as a digest.
    return key.text(step.network().toString())
        .texts(step.secrets().stream().map(Secret::name).sorted().toList())
        .hex();
  }

  private Work copy(ResolvedImage parent, ImageStep.Copy step) throws IOException {
    exists(step.source());
    FileTree now = CopiedFiles.listing(step).tree();
    if (isSmall(now)) {
      String key = copyKey(parent, step, digest(now));
      if (known(key).isPresent()) {
        return copied(key, parent, image -> CopiedFiles.of(step, image));
      }
    }
    // What may have to be written must not change unseen between its digest and that.
    FileTree listed = SettledListing.of(() -> CopiedFiles.listing(step)).tree();
    String key = copyKey(parent, step, contents(listed));
    return copied(key, parent, image -> CopiedFiles.of(step, image));
  }

  private static String copyKey(ResolvedImage parent, ImageStep.Copy step, String contents) {
    return copyKey(parent, "copy", step.target(), step.owner(), step.mode())
        .text(String.valueOf(step.source().getFileName()))
        .text(contents)
        .hex();
  }

  private Work unpack(ResolvedImage parent, ImageStep.Unpack step) throws IOException {
    exists(step.archive());
    Path archive = step.archive().toRealPath();
    FileTree listed = SettledListing.of(() -> HostDirectory.reader().readAny(archive)).tree();
    String key =
        copyKey(parent, "unpack", step.target(), step.owner(), step.mode())
            .text(contents(listed))
            .hex();
    return new Work(
        key,
        layer -> {
          try (TarTree tar = TarTree.open(archive, scratch, ArchiveLimits.generous())) {
            write(parent, layer, image -> CopiedFiles.of(step, image, tar.tree()));
          }
        });
  }

  private Work written(ResolvedImage parent, ImageStep.Write step) {
    String key =
        copyKey(parent, "write", step.target(), step.owner(), step.mode())
            .text(step.content())
            .hex();
    return copied(key, parent, image -> CopiedFiles.of(step, image));
  }

  private Work copyFrom(ResolvedImage parent, ResolvedImage from, ImageStep.CopyFrom step) {
    String key =
        copyKey(parent, "copy from", step.target(), step.owner(), step.mode())
            .text(from.root().digest())
            .text(step.source())
            .hex();
    return new Work(
        key,
        layer -> {
          try (OpenTree other = roots.tree(from.root())) {
            write(parent, layer, image -> CopiedFiles.of(step, image, other.tree()));
          }
        });
  }

  private static void exists(Path file) throws TreeException {
    if (!Files.exists(file)) {
      throw new TreeException("the file " + file + " that a step copies does not exist.");
    }
  }

  private static KeyDigest copyKey(
      ResolvedImage parent,
      String use,
      String target,
      Optional<String> owner,
      Optional<Integer> mode) {
    return new KeyDigest(FORMAT + " " + use)
        .text(parent.root().digest())
        .text(target)
        .text(owner.orElse(""))
        .text(mode.map(Integer::toOctalString).orElse(""));
  }

  /** Returns whether files are read sooner than a record of what they hold is written. */
  private static boolean isSmall(FileTree listed) throws IOException {
    var bytes = new AtomicLong();
    listed.walk(
        (path, node) ->
            bytes.addAndGet(
                node instanceof Node.Regular regular ? regular.content().size() + NODE : NODE));
    return bytes.get() <= SMALL;
  }

  /** Returns a digest of what files hold; remembered as long as they do not change. */
  private String contents(FileTree listed) throws IOException {
    if (isSmall(listed)) {
      return digest(listed);
    }
    String listing = TreeDigest.of(listed, FORMAT + " listing");
    Optional<String> known =
        records
            .read(listing)
            .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
            .filter(KeyDigest::isDigest);
    if (known.isPresent()) {
      return known.get();
    }
    String contents = digest(listed);
    records.write(listing, contents.getBytes(StandardCharsets.UTF_8));
    return contents;
  }

  /** Reads files; the name of what was listed is no part of what it holds. */
  private static String digest(FileTree listed) throws IOException {
    Node top = listed.root().children().values().iterator().next();
    var unnamed = new TreeMap<String, Node>(Map.of("source", top));
    return TreeDigest.ofContents(
        new FileTree(new Node.Directory(listed.root().metadata(), unnamed)), FORMAT);
  }

  /** Returns what a step adds to an image. */
  @FunctionalInterface
  private interface Addition {
    FileTree to(FileTree image) throws IOException;
  }

  private Work copied(String key, ResolvedImage parent, Addition addition) {
    return new Work(key, layer -> write(parent, layer, addition));
  }

  private void write(ResolvedImage parent, Path layer, Addition addition) throws IOException {
    try (OpenTree image = roots.tree(parent.root());
        OutputStream out = new BufferedOutputStream(Files.newOutputStream(layer), BUFFER)) {
      TarWriter.write(addition.to(image.tree()), out);
    }
  }
}
