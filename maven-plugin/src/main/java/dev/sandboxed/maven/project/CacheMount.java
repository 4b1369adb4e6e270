package dev.sandboxed.maven.project;

import java.nio.file.Path;

/**
 * A cache of a build tool that the sandbox sees copy-on-write.
 *
 * @param source the host's directory
 * @param target its absolute path inside
 */
public record CacheMount(Path source, String target) {}
