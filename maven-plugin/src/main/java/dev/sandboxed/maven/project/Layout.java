package dev.sandboxed.maven.project;

/** Where things are inside. */
public final class Layout {
  /** The checkout. */
  public static final String CHECKOUT = "/work";

  /** What the plugin itself writes: settings and reports. */
  public static final String SCRATCH = "/sandbox";

  /** What keeps a build tool warm, and who asks it to run. */
  public static final String WARM = SCRATCH + "/warm";

  static final String MAVEN_REPOSITORY = "/caches/maven-repository";

  /** The Maven of the host, where it is no part of the system. */
  public static final String MAVEN_HOME = "/caches/maven-home";

  /** A JDK of the host that is no part of the system. */
  public static final String JDK = "/caches/jdk";

  static final String NPM_CACHE = "/caches/npm";
  static final String PNPM_STORE = "/caches/pnpm-store";
  static final String YARN_CACHE = "/caches/yarn";
  static final String YARN_BERRY = "/caches/yarn-berry";
  static final String COREPACK_HOME = "/caches/corepack";
  static final String UV_CACHE = "/caches/uv";
  static final String POETRY_CACHE = "/caches/poetry";
  static final String GO_MODULES = "/caches/go-modules";
  static final String GO_BUILD = "/caches/go-build";
  static final String GRADLE_HOME = "/caches/gradle";
  static final String CARGO_HOME = "/caches/cargo";

  private Layout() {}
}
