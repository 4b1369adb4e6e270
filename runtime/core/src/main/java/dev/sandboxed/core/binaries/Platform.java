package dev.sandboxed.core.binaries;

import dev.sandboxed.BackendUnavailableException;
import java.util.Locale;

/** A platform that programs are bundled for. */
public enum Platform {
  /** Linux on 64-bit Intel and AMD processors. */
  LINUX_X86_64("linux-x86_64"),
  /** Linux on 64-bit ARM processors. */
  LINUX_AARCH64("linux-aarch64");

  private final String id;

  Platform(String id) {
    this.id = id;
  }

  /** The name used in artifact classifiers and resource paths. */
  public String id() {
    return id;
  }

  /** The platform of this process. */
  public static Platform current() {
    return of(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
  }

  /** The platform with these values of {@code os.name} and {@code os.arch}. */
  static Platform of(String osName, String osArch) {
    if (!osName.equals("Linux")) {
      throw new BackendUnavailableException(
          "gVisor runs on Linux only, and this is '%s': run in a Linux machine or a Linux virtual machine (on Windows, WSL 2)."
              .formatted(osName));
    }
    return switch (osArch.toLowerCase(Locale.ROOT)) {
      case "amd64", "x86_64" -> LINUX_X86_64;
      case "aarch64", "arm64" -> LINUX_AARCH64;
      default ->
          throw new BackendUnavailableException(
              "gVisor is bundled for x86_64 and aarch64, and this Java runs on '%s': use a 64-bit JDK on one of those."
                  .formatted(osArch));
    };
  }
}
