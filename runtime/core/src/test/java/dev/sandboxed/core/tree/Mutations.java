package dev.sandboxed.core.tree;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;

/** Makes archives that began well and were then damaged in a few places. */
final class Mutations {
  private Mutations() {}

  static byte[] of(long seed) throws IOException {
    var random = new Random(seed);
    var out = new ByteArrayOutputStream();
    if (random.nextBoolean()) {
      TarWriter.write(RandomTrees.of(random.nextInt(50)), out);
    } else {
      out.writeBytes(
          TestArchive.ofDirectory()
              .directory("d")
              .file("d/f", "text")
              .symlink("d/l", "../../x")
              .hardLink("h", "d/f")
              .device("n")
              .file("d/l/x", "through")
              .file("long/" + "n".repeat(150), "long")
              .bytes());
    }
    byte[] archive = out.toByteArray();
    int changes = random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      int header = random.nextInt(Math.max(1, archive.length / 512)) * 512;
      switch (random.nextInt(4)) {
        case 0 -> archive[random.nextInt(archive.length)] = (byte) random.nextInt();
        case 1 -> {
          int[] fields = {0, 100, 108, 124, 136, 156, 157, 257, 329, 386, 482};
          archive[header + fields[random.nextInt(fields.length)]] = (byte) random.nextInt();
        }
        case 2 -> archive[header + 156] = (byte) "0123567xgLKSDVA".charAt(random.nextInt(15));
        default -> {
          byte[] name = "../../../../tmp/escaped\0".getBytes(US_ASCII);
          System.arraycopy(
              name, 0, archive, header + (random.nextBoolean() ? 0 : 157), name.length);
        }
      }
      if (random.nextInt(5) > 0) {
        repair(archive, header);
      }
    }
    return random.nextInt(5) == 0
        ? Arrays.copyOf(archive, random.nextInt(archive.length))
        : archive;
  }

  /** Makes the checksum right again, so that the damage is not found at once. */
  private static void repair(byte[] archive, int header) {
    byte[] block = Arrays.copyOfRange(archive, header, header + 512);
    byte[] digits = String.format("%06o\0 ", TarFormat.checksum(block, false)).getBytes(US_ASCII);
    System.arraycopy(digits, 0, archive, header + TarFormat.CHECKSUM, 8);
  }
}
