package dev.sandboxed.maven.project;

import java.io.IOException;

/**
 * The tools of Java that there are for projects which need others than the usual ones.
 *
 * @param mavenVersion the version of the running Maven; empty if it is not known
 * @param mavens where other Mavens come from
 * @param jdks the JDKs of the host
 */
public record HostTools(String mavenVersion, MavenDistributions mavens, HostJdks jdks) {
  /** A host of which nothing is known. */
  public static final HostTools NONE =
      new HostTools(
          "",
          range -> {
            throw new IOException("there is no repository to fetch it from");
          },
          HostJdks.NONE);
}
