package dev.sandboxed.core.tree;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;

/**
 * Makes trees of every sort of file, with sizes and names at the edges of what formats can hold.
 */
public final class RandomTrees {
  private static final int[] SIZES = {0, 1, 511, 512, 513, 4095, 4096, 4097, 8192, 70_000, 300_000};
  private static final int[] LINKS = {1, 7, 100, 101, 4031, 4032, 4033, 4095};
  private static final int[] NAMES = {1, 2, 5, 12, 99, 100, 101, 254, 255};

  private final Random random;
  private final List<Node> files = new ArrayList<>();
  private int budget = 60;

  private RandomTrees(long seed) {
    random = new Random(seed);
  }

  /** Returns a tree that depends on the seed alone. */
  public static FileTree of(long seed) {
    return new FileTree(new RandomTrees(seed).directory(0));
  }

  private Node.Directory directory(int depth) {
    var children = new TreeMap<String, Node>();
    int count = random.nextInt(12) + (random.nextInt(10) == 0 ? 40 : 0);
    for (int i = 0; i < count && budget > 0; i++, budget--) {
      Node node = depth < 5 && random.nextInt(4) == 0 ? directory(depth + 1) : file();
      children.put(name(), node);
    }
    return new Node.Directory(metadata(), children);
  }

  private Node file() {
    if (!files.isEmpty() && random.nextInt(6) == 0) {
      return files.get(random.nextInt(files.size()));
    }
    Node node =
        switch (random.nextInt(8)) {
          case 0 -> new Node.Symlink(metadata(), text(LINKS[random.nextInt(LINKS.length)]));
          case 1 -> new Node.Symlink(metadata(), "../" + text(5));
          case 2 -> special();
          default -> new Node.Regular(metadata(), content());
        };
    files.add(node);
    return node;
  }

  private Node special() {
    int kind = random.nextInt(3);
    return switch (kind) {
      case 0 ->
          new Node.Special(
              metadata(),
              Node.Special.Kind.CHARACTER_DEVICE,
              random.nextInt(0x1000),
              random.nextInt(0x100000));
      case 1 ->
          new Node.Special(
              metadata(),
              Node.Special.Kind.BLOCK_DEVICE,
              random.nextInt(0x1000),
              random.nextInt(0x100000));
      default -> new Node.Special(metadata(), Node.Special.Kind.FIFO, 0, 0);
    };
  }

  private Content content() {
    byte[] bytes = new byte[SIZES[random.nextInt(SIZES.length)]];
    if (random.nextInt(4) > 0) {
      random.nextBytes(bytes);
    }
    return Content.of(bytes);
  }

  private Metadata metadata() {
    long seconds =
        switch (random.nextInt(4)) {
          case 0 -> -random.nextInt(1_000_000_000);
          case 1 -> random.nextInt(1_000_000) * 9_000L;
          case 2 -> 0;
          default -> random.nextInt(Integer.MAX_VALUE);
        };
    int nanos = random.nextBoolean() ? 0 : random.nextInt(1_000_000_000);
    return new Metadata(random.nextInt(010000), id(), id(), Instant.ofEpochSecond(seconds, nanos));
  }

  private long id() {
    return switch (random.nextInt(4)) {
      case 0 -> 0;
      case 1 -> random.nextInt(70_000);
      case 2 -> 0xffff_fffeL;
      default -> random.nextInt() & 0xffff_fffeL;
    };
  }

  private String name() {
    String name = text(NAMES[random.nextInt(NAMES.length)]).replace('/', '_');
    return name.equals(".") || name.equals("..") ? "dots" : name;
  }

  /** Returns any bytes but NUL, in every fourth case; else letters. */
  private String text(int length) {
    boolean any = random.nextInt(4) == 0;
    var text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) (any ? 1 + random.nextInt(255) : 'a' + random.nextInt(26)));
    }
    return text.toString();
  }
}
