package dev.sandboxed.core.registry;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStream;
import dev.sandboxed.ImageReference;
import dev.sandboxed.core.registry.RegistryClient.RemoteImage;
import dev.sandboxed.core.registry.RegistryClient.RemoteLayer;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.LayeredTree;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.PushbackInputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * The layers of an image, fetched, verified and unpacked into scratch files that have no names, so
 * that nothing of them is left however this process ends.
 */
public final class Layers implements AutoCloseable {
  private static final int PARALLEL = 4;
  private static final int MAGIC = 4;
  private static final int BUFFER = 256 << 10;

  /** The largest window of zstd that is unpacked, 128 MiB: more needs a flag of any tool. */
  private static final int MAX_WINDOW = 27;

  private final ImageSource source;
  private final Limits limits;
  private final Path scratch;
  private final LongConsumer progress;
  private final AtomicLong unpacked = new AtomicLong();
  private final List<FileChannel> channels = new ArrayList<>();

  private Layers(ImageSource source, Limits limits, Path scratch, LongConsumer progress) {
    this.source = source;
    this.limits = limits;
    this.scratch = scratch;
    this.progress = progress;
  }

  /**
   * Fetches the layers of an image.
   *
   * @param scratch the directory whose file system takes them until this is closed
   */
  public static Layers fetch(
      RegistryClient client,
      ImageReference reference,
      RemoteImage image,
      Limits limits,
      Path scratch)
      throws IOException {
    return fetch(client.source(reference), reference.toString(), image, limits, scratch);
  }

  /**
   * Fetches the layers of an image.
   *
   * @param name what it is called while it comes
   */
  static Layers fetch(
      ImageSource source, String name, RemoteImage image, Limits limits, Path scratch)
      throws IOException {
    var distinct = new LinkedHashMap<Digest, RemoteLayer>();
    image.layers().forEach(layer -> distinct.putIfAbsent(layer.digest(), layer));
    var total = distinct.values().stream().mapToLong(l -> l.packed().size()).sum();
    try (var progress = Progress.ofProcess(name, total)) {
      var layers = new Layers(source, limits, scratch, progress);
      try {
        layers.fetch(image.layers(), List.copyOf(distinct.values()));
        return layers;
      } catch (IOException | RuntimeException | Error e) {
        layers.close();
        throw e;
      }
    }
  }

  /** Returns the unpacked archives, the lowest first; open until this is closed. */
  public List<FileChannel> archives() {
    return List.copyOf(channels);
  }

  /** Returns what the layers make together; its contents can be read until this is closed. */
  public FileTree tree() throws IOException {
    return LayeredTree.of(channels, limits.unpacked());
  }

  @Override
  public void close() throws IOException {
    for (var channel : channels) {
      channel.close();
    }
  }

  private void fetch(List<RemoteLayer> layers, List<RemoteLayer> distinct) throws IOException {
    var pool =
        Executors.newFixedThreadPool(
            PARALLEL,
            work -> {
              var thread = new Thread(work, "sandboxed-layers");
              thread.setDaemon(true);
              return thread;
            });
    Map<Digest, FileChannel> fetched = new LinkedHashMap<>();
    try {
      var running = new LinkedHashMap<RemoteLayer, Future<?>>();
      for (var layer : distinct) {
        var channel = scratchFile();
        channels.add(channel);
        fetched.put(layer.digest(), channel);
        running.put(layer, pool.submit(() -> unpackedAgain(layer, channel)));
      }
      for (var each : running.values()) {
        await(each);
      }
    } finally {
      end(pool);
    }
    channels.clear();
    layers.forEach(layer -> channels.add(fetched.get(layer.digest())));
  }

  private static void await(Future<?> work) throws IOException {
    try {
      work.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while fetching an image");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw new IllegalStateException("fetching a layer failed", e.getCause());
    }
  }

  /** The scratch files may not be closed under those who write them. */
  private static void end(ExecutorService pool) {
    pool.shutdownNow();
    var interrupted = false;
    try {
      while (true) {
        try {
          if (pool.awaitTermination(1, TimeUnit.HOURS)) {
            return;
          }
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private FileChannel scratchFile() throws IOException {
    var file = Files.createTempFile(scratch, "layer-", ".unpacked");
    try {
      return FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } finally {
      Files.delete(file);
    }
  }

  private long unpackedAgain(RemoteLayer layer, FileChannel target) throws IOException {
    return source.retried(
        () -> {
          target.truncate(0);
          var written = new AtomicLong();
          try {
            unpack(layer, target, written);
            return written.get();
          } catch (IOException e) {
            unpacked.addAndGet(-written.get());
            throw e;
          }
        });
  }

  private void unpack(RemoteLayer layer, FileChannel target, AtomicLong written)
      throws IOException {
    Digest actual;
    try (var blob = source.blob(layer.packed(), progress)) {
      try (var in = decompressed(blob)) {
        actual = copy(in, layer.unpacked(), target, written);
      } catch (EOFException | ZipException | ZstdIOException e) {
        // If it was damaged on its way, its digest tells.
        blob.drain();
        throw new RegistryException(
            RegistryException.Kind.INVALID,
            "The layer %s was pushed with a damaged compression: %s"
                .formatted(layer.digest(), RegistryHttp.shown(RegistryHttp.reason(e))),
            e);
      }
      blob.drain();
    }
    if (!actual.equals(layer.unpacked())) {
      throw RegistryException.invalid(
          "The layer %s unpacks to %s, and the image's configuration says %s: refused"
              .formatted(layer.digest(), actual, layer.unpacked()));
    }
  }

  private Digest copy(InputStream in, Digest expected, FileChannel target, AtomicLong written)
      throws IOException {
    var digest = expected.start();
    var buffer = new byte[BUFFER];
    for (var read = in.read(buffer); read >= 0; read = in.read(buffer)) {
      written.addAndGet(read);
      if (unpacked.addAndGet(read) > limits.unpacked().bytes()) {
        throw RegistryException.invalid(
            "The image unpacks to more than %,d bytes: refused"
                .formatted(limits.unpacked().bytes()));
      }
      digest.update(buffer, 0, read);
      var bytes = ByteBuffer.wrap(buffer, 0, read);
      while (bytes.hasRemaining()) {
        target.write(bytes);
      }
    }
    return expected.finished(digest.digest());
  }

  /** What a layer is compressed with shows in its first bytes, whatever the manifest calls it. */
  private static InputStream decompressed(VerifiedStream blob) throws IOException {
    var in = new MembersStream(blob);
    var magic = in.readNBytes(MAGIC);
    in.unread(magic);
    var start = HexFormat.of().formatHex(magic);
    if (start.startsWith("1f8b")) {
      return new GZIPInputStream(in, 64 << 10);
    }
    // A frame, or one to skip, as those have that can be read in part.
    if (start.equals("28b52ffd") || start.matches("5[0-9a-f]2a4d18")) {
      return zstd(in);
    }
    return in;
  }

  private static InputStream zstd(InputStream in) throws IOException {
    try {
      return new ZstdInputStream(in).setLongMax(MAX_WINDOW);
    } catch (LinkageError e) {
      throw new RegistryException(
          RegistryException.Kind.INVALID,
          "The image is compressed by zstd, whose library cannot be loaded here (%s); if programs may not run in %s, name another directory in -DZstdTempFolder"
              .formatted(
                  RegistryHttp.shown(RegistryHttp.reason(e)), System.getProperty("java.io.tmpdir")),
          e);
    }
  }

  /** Gives back what was looked at, and leaves the stream below open, whose end is still to see. */
  private static final class MembersStream extends PushbackInputStream {
    MembersStream(VerifiedStream blob) {
      super(blob, MAGIC);
    }

    @Override
    public void close() {}
  }
}
