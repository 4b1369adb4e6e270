package dev.sandboxed;

import java.time.Instant;

/**
 * What a file in a volume is; symbolic links are described themselves.
 *
 * @param name the last part of its path; bytes that are no UTF-8 are replaced
 * @param path its path in the volume, without a slash at its beginning
 * @param type what it is; anything but a file, a directory or a symbolic link is shown as a FIFO
 * @param size its size in bytes
 * @param modified when its contents changed
 */
public record VolumeFile(
    String name, String path, FileStat.FileType type, long size, Instant modified) {}
