package dev.sandboxed.core.erofs;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The superblock: {@code struct erofs_super_block} of {@code fs/erofs/erofs_fs.h}, at byte 1024 of
 * the image.
 *
 * @param id told by the maker, to recognise the image by
 * @param inodes number of files
 * @param blocks length of the image in blocks of 4096 bytes
 * @param rootNid where the root directory's inode is, in units of 32 bytes
 */
public record ErofsSuperblock(UUID id, long inodes, long blocks, int rootNid) {
  /** Bytes in a block; log2 of it is {@value #BLOCK_BITS}. */
  public static final int BLOCK = 4096;

  static final int BLOCK_BITS = 12;
  static final int OFFSET = 1024;

  private static final int MAGIC = 0xE0F5E1E2;
  private static final int COMPAT_CHECKSUM = 1;
  private static final int COMPAT_MTIME = 2;

  private static final int AT_MAGIC = OFFSET;
  private static final int AT_CHECKSUM = OFFSET + 4;
  private static final int AT_COMPAT = OFFSET + 8;
  private static final int AT_BLOCK_BITS = OFFSET + 12;
  private static final int AT_ROOT_NID = OFFSET + 14;
  private static final int AT_INODES = OFFSET + 16;
  private static final int AT_BLOCKS = OFFSET + 36;
  private static final int AT_UUID = OFFSET + 48;

  /** Returns the first block of the image. */
  ByteBuffer toBlock() {
    ByteBuffer block = ByteBuffer.allocate(BLOCK).order(LITTLE_ENDIAN);
    block.putInt(AT_MAGIC, MAGIC);
    block.putInt(AT_COMPAT, COMPAT_CHECKSUM | COMPAT_MTIME);
    block.put(AT_BLOCK_BITS, (byte) BLOCK_BITS);
    block.putShort(AT_ROOT_NID, (short) rootNid);
    block.putLong(AT_INODES, inodes);
    block.putInt(AT_BLOCKS, (int) blocks);
    ByteBuffer uuid = ByteBuffer.allocate(16).putLong(id.getMostSignificantBits());
    block.put(AT_UUID, uuid.putLong(id.getLeastSignificantBits()).array());
    block.putInt(AT_CHECKSUM, checksum(block));
    return block;
  }

  /**
   * Reads the superblock of an image and checks its magic number, its checksum and the file's
   * length.
   *
   * @throws IOException if this is not a whole image; the message says what is wrong
   */
  public static ErofsSuperblock read(FileChannel image) throws IOException {
    ByteBuffer block = ByteBuffer.allocate(BLOCK).order(LITTLE_ENDIAN);
    while (block.hasRemaining()) {
      if (image.read(block, block.position()) < 0) {
        throw new EOFException("the image has only " + block.position() + " bytes");
      }
    }
    if (block.getInt(AT_MAGIC) != MAGIC || block.get(AT_BLOCK_BITS) != BLOCK_BITS) {
      throw new IOException("this is not an EROFS image with blocks of " + BLOCK + " bytes");
    }
    int stored = block.getInt(AT_CHECKSUM);
    block.putInt(AT_CHECKSUM, 0);
    if (stored != checksum(block)) {
      throw new IOException("the superblock's checksum does not match");
    }
    long blocks = Integer.toUnsignedLong(block.getInt(AT_BLOCKS));
    if (image.size() != blocks * BLOCK) {
      throw new IOException(
          "the image has " + image.size() + " bytes instead of " + blocks * BLOCK);
    }
    ByteBuffer uuid = ByteBuffer.allocate(16);
    block.get(AT_UUID, uuid.array());
    return new ErofsSuperblock(
        new UUID(uuid.getLong(0), uuid.getLong(8)),
        block.getLong(AT_INODES),
        blocks,
        Short.toUnsignedInt(block.getShort(AT_ROOT_NID)));
  }

  /**
   * Checksums from the superblock to the end of its block, without the final inversion that CRC-32C
   * usually has.
   */
  private static int checksum(ByteBuffer block) {
    var crc = new CRC32C();
    crc.update(block.array(), OFFSET, BLOCK - OFFSET);
    return ~(int) crc.getValue();
  }
}
