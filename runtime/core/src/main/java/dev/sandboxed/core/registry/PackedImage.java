package dev.sandboxed.core.registry;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import tools.jackson.databind.json.JsonMapper;

/**
 * An image in the form that registries and layouts have: a manifest, a configuration, and layers
 * compressed by gzip. The same image packed by the same Java gives the same digests.
 *
 * <p>The layers lie in scratch files without names, so that nothing of them is left however this
 * process ends.
 */
public final class PackedImage implements AutoCloseable {
  static final String CONFIGURATION = "application/vnd.oci.image.config.v1+json";
  static final String LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

  private static final int BUFFER = 256 << 10;
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Blob manifest;
  private final List<Blob> blobs;
  private final List<FileChannel> scratch;

  private PackedImage(Blob manifest, List<Blob> blobs, List<FileChannel> scratch) {
    this.manifest = manifest;
    this.blobs = blobs;
    this.scratch = scratch;
  }

  /** A content of the image. */
  interface Blob extends RegistryHttp.Upload {
    Descriptor descriptor();

    @Override
    default long size() {
      return descriptor().size();
    }
  }

  /** Writes an archive. */
  @FunctionalInterface
  public interface Archive {
    /** Writes all of it; the stream stays open. */
    void writeTo(OutputStream out) throws IOException;
  }

  /**
   * A layer to pack.
   *
   * @param archive the archive, not compressed
   * @param history how it came to be, for people
   * @param annotations what is noted of it in the manifest
   */
  public record Layer(Archive archive, String history, Map<String, String> annotations) {
    public Layer {
      annotations = Map.copyOf(annotations);
    }
  }

  /**
   * Packs an image.
   *
   * @param config what applies to programs in it
   * @param architecture as registries call it: {@code amd64}
   * @param layers the lowest first
   * @param annotations what is noted of the image in its manifest
   * @param directory the directory whose file system takes the packed layers until this is closed
   */
  public static PackedImage pack(
      ImageConfig config,
      String architecture,
      List<Layer> layers,
      Map<String, String> annotations,
      Path directory)
      throws IOException {
    var scratch = new ArrayList<FileChannel>();
    try {
      var blobs = new ArrayList<Blob>();
      var described = new ArrayList<Map<String, Object>>();
      var unpacked = new ArrayList<String>();
      for (var layer : layers) {
        var channel = scratchFile(directory);
        scratch.add(channel);
        var packed = packed(layer.archive(), channel);
        blobs.add(packed.blob());
        unpacked.add(packed.unpacked().text());
        described.add(document(packed.blob().descriptor(), layer.annotations()));
      }
      var configuration =
          new Document(
              CONFIGURATION,
              JSON.writeValueAsBytes(document(config, architecture, layers, unpacked)));
      blobs.add(configuration);
      var manifest = new LinkedHashMap<String, Object>();
      manifest.put("schemaVersion", 2);
      manifest.put("mediaType", Manifest.OCI_MANIFEST);
      manifest.put("config", document(configuration.descriptor(), Map.of()));
      manifest.put("layers", described);
      if (!annotations.isEmpty()) {
        manifest.put("annotations", new TreeMap<>(annotations));
      }
      return new PackedImage(
          new Document(Manifest.OCI_MANIFEST, JSON.writeValueAsBytes(manifest)),
          List.copyOf(blobs),
          List.copyOf(scratch));
    } catch (IOException | RuntimeException | Error e) {
      for (var channel : scratch) {
        channel.close();
      }
      throw e;
    }
  }

  /** Returns the manifest, which names the blobs. */
  Blob manifest() {
    return manifest;
  }

  /** Returns the layers, the lowest first, and behind them the configuration. */
  List<Blob> blobs() {
    return blobs;
  }

  @Override
  public void close() throws IOException {
    for (var channel : scratch) {
      channel.close();
    }
  }

  private record Packed(Blob blob, Digest unpacked) {}

  private static Packed packed(Archive archive, FileChannel channel) throws IOException {
    var outer = Digest.startSha256();
    var inner = Digest.startSha256();
    var file =
        new DigestOutputStream(
            new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER), outer);
    try (var gzip = new Gzip(file);
        var tar = new DigestOutputStream(gzip, inner)) {
      archive.writeTo(tar);
    }
    var descriptor = new Descriptor(LAYER, Digest.ofSha256(outer), channel.size());
    return new Packed(new Scratch(descriptor, channel), Digest.ofSha256(inner));
  }

  /** Compresses as much as every second is worth; closing it leaves the stream below open. */
  private static final class Gzip extends GZIPOutputStream {
    Gzip(OutputStream out) throws IOException {
      super(out, BUFFER);
      def.setLevel(Deflater.DEFAULT_COMPRESSION);
    }

    @Override
    public void close() throws IOException {
      finish();
      out.flush();
      def.end();
    }
  }

  private static FileChannel scratchFile(Path directory) throws IOException {
    var file = Files.createTempFile(directory, "packed-", ".layer");
    try {
      return FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } finally {
      Files.delete(file);
    }
  }

  static Map<String, Object> document(Descriptor descriptor, Map<String, String> annotations) {
    var document = new LinkedHashMap<String, Object>();
    document.put("mediaType", descriptor.mediaType());
    document.put("digest", descriptor.digest().text());
    document.put("size", descriptor.size());
    if (!annotations.isEmpty()) {
      document.put("annotations", new TreeMap<>(annotations));
    }
    return document;
  }

  private static Map<String, Object> document(
      ImageConfig config, String architecture, List<Layer> layers, List<String> unpacked) {
    var programs = new LinkedHashMap<String, Object>();
    config.user().ifPresent(user -> programs.put("User", user));
    programs.put(
        "Env",
        new TreeMap<>(config.environment())
            .entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList());
    if (!config.entrypoint().isEmpty()) {
      programs.put("Entrypoint", config.entrypoint());
    }
    programs.put("WorkingDir", config.workingDirectory());
    var document = new LinkedHashMap<String, Object>();
    document.put("architecture", architecture);
    document.put("os", "linux");
    document.put("config", programs);
    var files = new LinkedHashMap<String, Object>();
    files.put("type", "layers");
    files.put("diff_ids", unpacked);
    document.put("rootfs", files);
    document.put(
        "history", layers.stream().map(layer -> Map.of("created_by", layer.history())).toList());
    return document;
  }

  /** A content in memory. */
  private static final class Document implements Blob {
    private final Descriptor descriptor;
    private final byte[] bytes;

    Document(String type, byte[] bytes) {
      this.bytes = bytes;
      descriptor = new Descriptor(type, Digest.sha256(bytes), bytes.length);
    }

    @Override
    public Descriptor descriptor() {
      return descriptor;
    }

    @Override
    public InputStream open() {
      return new ByteArrayInputStream(bytes);
    }
  }

  /** A content in a scratch file, read by its position, so that several may read it. */
  private record Scratch(Descriptor descriptor, FileChannel channel) implements Blob {
    @Override
    public InputStream open() {
      return new BufferedInputStream(
          new InputStream() {
            private long at;

            @Override
            public int read() throws IOException {
              var one = new byte[1];
              return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
              var read = channel.read(ByteBuffer.wrap(buffer, offset, length), at);
              at += Math.max(read, 0);
              return read;
            }
          },
          BUFFER);
    }
  }
}
