package dev.sandboxed.core.image;

import java.nio.file.Path;

/**
 * A host directory that an image shows read-only.
 *
 * @param source the directory, absolute
 * @param target where it is shown, an absolute path inside
 */
public record HostMount(Path source, String target) {}
