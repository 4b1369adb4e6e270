/** Sandboxes for JUnit tests. */
module dev.sandboxed.junit {
  requires transitive dev.sandboxed.core;
  requires dev.sandboxed.gvisor;
  requires io.github.javadiffutils;
  requires java.management;
  requires transitive org.junit.jupiter.api;
  requires static org.junit.platform.launcher;

  exports dev.sandboxed.junit;

  provides org.junit.platform.launcher.LauncherSessionListener with
      dev.sandboxed.junit.plan.SandboxedTestPlans;
  provides org.junit.platform.launcher.LauncherDiscoveryListener with
      dev.sandboxed.junit.inside.InsideTestsFilter.Configuration;
  provides org.junit.platform.launcher.PostDiscoveryFilter with
      dev.sandboxed.junit.inside.InsideTestsFilter;
  provides org.junit.platform.engine.TestEngine with
      dev.sandboxed.junit.inside.InsideTestEngine;

  uses org.junit.platform.engine.TestEngine;

  // JUnit instantiates the extension behind the annotation.
  opens dev.sandboxed.junit to
      org.junit.platform.commons;
}
