package dev.sandboxed.core.image;

/**
 * What a pruning removed.
 *
 * @param images number of files
 * @param bytes their length
 */
public record PruneReport(int images, long bytes) {}
