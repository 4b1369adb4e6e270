package dev.sandboxed;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a sandbox may use of the machine.
 *
 * @param cpus processors' time, more than zero; empty for no limit
 * @param memory memory of everything inside, 16 MiB at least; empty for half of the machine's
 * @param disk what may be written to the root file system; it lives in memory and counts as memory
 * @param processes processes and threads inside, at least 1
 */
public record Limits(OptionalDouble cpus, Optional<ByteSize> memory, ByteSize disk, int processes) {
  private static final ByteSize MIN_MEMORY = ByteSize.parse("16m");
  private static final Limits DEFAULTS =
      new Limits(OptionalDouble.empty(), Optional.empty(), ByteSize.parse("4g"), 4096);

  /**
   * Checks the values.
   *
   * @throws InvalidSpecException if one is out of its bounds
   */
  public Limits {
    if (cpus.isPresent() && !(cpus.getAsDouble() >= 0.01 && cpus.getAsDouble() <= 4096)) {
      throw new InvalidSpecException(
          "The cpu limit is %s; it must be from 0.01 to 4096 processors"
              .formatted(cpus.getAsDouble()));
    }
    if (memory.isPresent() && memory.get().compareTo(MIN_MEMORY) < 0) {
      throw new InvalidSpecException(
          "The memory limit is %s; a sandbox needs %s at least"
              .formatted(memory.get(), MIN_MEMORY));
    }
    if (disk.bytes() < 1 << 20) {
      throw new InvalidSpecException(
          "The disk limit is %s; it must be 1 MiB at least".formatted(disk));
    }
    if (processes < 1) {
      throw new InvalidSpecException(
          "The limit of processes is %d; it must be 1 at least".formatted(processes));
    }
  }

  /**
   * Returns the defaults: half of the machine's memory, 4 GiB of disk, 4096 processes.
   *
   * @return the limits
   */
  public static Limits defaults() {
    return DEFAULTS;
  }

  Limits withCpus(double value) {
    return new Limits(OptionalDouble.of(value), memory, disk, processes);
  }

  Limits withMemory(ByteSize value) {
    return new Limits(cpus, Optional.of(value), disk, processes);
  }

  Limits withDisk(ByteSize value) {
    return new Limits(cpus, memory, value, processes);
  }

  Limits withProcesses(int value) {
    return new Limits(cpus, memory, disk, value);
  }
}
