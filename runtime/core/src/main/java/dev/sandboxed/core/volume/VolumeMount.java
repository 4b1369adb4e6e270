package dev.sandboxed.core.volume;

import java.nio.file.Path;
import java.util.List;

/**
 * What a keeper is told of a volume that its sandbox gets.
 *
 * @param name what users call it
 * @param lock the file that it holds a lock on, together with others
 * @param data the directory with the volume's files
 * @param path which directory in it the sandbox gets; sandboxes can change what leads there at any
 *     time. Empty for the whole volume
 */
public record VolumeMount(String name, Path lock, Path data, List<String> path) {}
