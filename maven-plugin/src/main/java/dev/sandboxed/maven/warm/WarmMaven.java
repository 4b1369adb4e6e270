package dev.sandboxed.maven.warm;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Properties;
import org.codehaus.plexus.classworlds.ClassWorld;
import org.codehaus.plexus.classworlds.launcher.Launcher;
import org.codehaus.plexus.classworlds.realm.NoSuchRealmException;

/**
 * Runs Maven a few times inside a sandbox, then waits for somebody who needs it, runs it once more,
 * and ends with its exit code. A snapshot of the sandbox's memory is taken while it waits, so that
 * each copy begins with a Maven whose classes are loaded and compiled.
 *
 * <p>It is copied into the sandbox on its own, next to the class path of the Maven there, and so
 * has but one class, and needs nothing else of the plugin. It takes a directory, in which it finds
 *
 * <ul>
 *   <li>{@code warm-up}: the arguments of the first runs, each ended by a NUL character;
 *   <li>{@code request}: a pipe, from which it reads a line before the last run;
 *   <li>{@code arguments}: from then on, the directory that Maven takes for the root of the
 *       project, and the arguments, likewise.
 * </ul>
 *
 * <p>Between the two it prints {@link #WARM} to both of its outputs, on a line of its own.
 */
public final class WarmMaven {
  /** What it prints when it is warm. */
  public static final String WARM = "sandboxed: Maven is warm";

  private static final String ROOT = "maven.multiModuleProjectDirectory";

  /** From here on more runs make the next ones hardly faster: 2.8 after 3.0, 3.5 and 4.1 s. */
  private static final int MAX_RUNS = 6;

  /** Large projects take long for a run, and are warm sooner. */
  private static final long ENOUGH_NANOS = 15_000_000_000L;

  /** Whoever waits for it would rather have a cold one. */
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private WarmMaven() {}

  /**
   * Runs it.
   *
   * @param args the directory
   * @throws Exception if there is no Maven on the class path, or the directory is not as said above
   */
  public static void main(String[] args) throws Exception {
    var directory = Path.of(args[0]);
    var launcher = new Launcher();
    launcher.setSystemClassLoader(WarmMaven.class.getClassLoader());
    try (var configuration =
        Files.newInputStream(Path.of(System.getProperty("classworlds.conf")))) {
      launcher.configure(configuration);
    }
    var limit = new Thread(WarmMaven::giveUp, "sandbox-warm-up-limit");
    limit.setDaemon(true);
    limit.start();
    warmUp(launcher, arguments(directory.resolve("warm-up")));
    limit.interrupt();
    System.gc();
    // What came last may not have ended its line.
    System.out.printf("%n%s%n", WARM);
    System.err.printf("%n%s%n", WARM);
    await(directory.resolve("request"));
    var request = arguments(directory.resolve("arguments"));
    System.setProperty(ROOT, request[0]);
    System.exit(run(launcher, Arrays.copyOfRange(request, 1, request.length)));
  }

  private static void warmUp(Launcher launcher, String[] arguments) throws Exception {
    var begin = System.nanoTime();
    for (var runs = 0; runs < MAX_RUNS && System.nanoTime() - begin < ENOUGH_NANOS; runs++) {
      var properties = new Properties();
      properties.putAll(System.getProperties());
      var loader = Thread.currentThread().getContextClassLoader();
      InputStream in = System.in;
      PrintStream out = System.out;
      PrintStream err = System.err;
      var realms = new HashSet<String>();
      launcher.getWorld().getRealms().forEach(realm -> realms.add(realm.getId()));
      run(launcher, arguments);
      // As if it had not run: the next one makes what it needs by the same names.
      for (var realm : launcher.getWorld().getRealms()) {
        if (!realms.contains(realm.getId())) {
          dispose(launcher.getWorld(), realm.getId());
        }
      }
      System.setIn(in);
      System.setOut(out);
      System.setErr(err);
      Thread.currentThread().setContextClassLoader(loader);
      System.setProperties(properties);
    }
  }

  private static void giveUp() {
    try {
      Thread.sleep(LIMIT.toMillis());
      System.err.printf("%nThe POMs alone take longer than %s%n", LIMIT);
      Runtime.getRuntime().halt(1);
    } catch (InterruptedException e) {
      // It is warm.
    }
  }

  private static void dispose(ClassWorld world, String realm) {
    try {
      world.disposeRealm(realm);
    } catch (NoSuchRealmException e) {
      // Another has taken it along.
    }
  }

  /** Does what Maven's launcher does, and returns the exit code. */
  private static int run(Launcher launcher, String[] arguments) throws Exception {
    try {
      Thread.currentThread().setContextClassLoader(launcher.getMainRealm());
      var code =
          launcher
              .getMainClass()
              .getMethod("main", String[].class, ClassWorld.class)
              .invoke(null, arguments, launcher.getWorld());
      return code instanceof Integer exit ? exit : 0;
    } catch (InvocationTargetException e) {
      e.printStackTrace();
      return 100;
    }
  }

  private static void await(Path request) throws IOException {
    try (BufferedReader lines = Files.newBufferedReader(request)) {
      lines.readLine();
    }
  }

  private static String[] arguments(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.UTF_8).split("\0");
  }
}
