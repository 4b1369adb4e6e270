package dev.sandboxed;

import java.time.Instant;

/**
 * A named volume as {@link Volumes#list} shows it.
 *
 * @param name its name
 * @param created when it was made
 * @param inUse whether a sandbox that has it runs
 */
public record VolumeInfo(String name, Instant created, boolean inUse) {}
