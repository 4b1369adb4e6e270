package dev.sandboxed.maven.project;

/** Where things are inside. */
public final class Layout {
  /** The checkout. */
  public static final String CHECKOUT = "/work";

  /** What the plugin itself writes: settings and reports. */
  public static final String SCRATCH = "/sandbox";

  static final String MAVEN_REPOSITORY = "/caches/maven-repository";
  static final String MAVEN_HOME = "/caches/maven-home";
  static final String NPM_CACHE = "/caches/npm";
  static final String GO_MODULES = "/caches/go-modules";
  static final String GO_BUILD = "/caches/go-build";
  static final String CARGO_HOME = "/caches/cargo";

  private Layout() {}
}
