package dev.sandboxed;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a list of running sandboxes says about one of them, as it was then.
 *
 * @param id its id, for {@link Sandbox#fromId}
 * @param app its app
 * @param name its name, if it has one
 * @param tags its tags
 * @param created when it was created
 * @param image what it was made from, for people to read
 * @param command its entrypoint as one would type it, cut after 1,000 characters; empty for none
 * @param timeout how long it may live
 * @param idleTimeout how long it may be idle
 * @param detached whether it lives on without the process that created it
 * @param ports the ports inside that were declared
 * @param readiness whether what it runs is ready
 */
public record SandboxInfo(
    String id,
    String app,
    Optional<String> name,
    Map<String, String> tags,
    Instant created,
    String image,
    String command,
    Duration timeout,
    Optional<Duration> idleTimeout,
    boolean detached,
    List<Integer> ports,
    Readiness readiness) {

  /** What is known of whether a sandbox is ready. */
  public enum Readiness {
    /** It has no readiness probe. */
    UNKNOWN,
    /** Its probe has not succeeded yet. */
    WAITING,
    /** Its probe has succeeded. */
    READY
  }

  /** Copies the values. */
  public SandboxInfo {
    tags = Map.copyOf(tags);
    ports = List.copyOf(ports);
  }
}
