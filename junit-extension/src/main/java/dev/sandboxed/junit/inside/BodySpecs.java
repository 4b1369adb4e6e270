package dev.sandboxed.junit.inside;

import dev.sandboxed.Image;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Mount;
import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.junit.DeclaredSandbox;
import dev.sandboxed.junit.inside.jvm.BodyMain;
import dev.sandboxed.junit.inside.jvm.Wire;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TimeZone;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;

/** Makes the spec of a sandbox whose entrypoint is a JVM that runs tests. Thread-safe. */
final class BodySpecs {
  /** The port inside that a debugger is tunnelled to. */
  static final int DEBUG_PORT = 5005;

  private static final Duration DEBUG_TIMEOUT = Duration.ofHours(8);

  /** What a JVM prints when a debugger can attach. To try the port would be to attach. */
  private static final String LISTENS = "Listening for transport dt_socket";

  private static final String WORKDIR = "/work";
  private static final System.Logger LOG = System.getLogger("dev.sandboxed");

  /** What of this JVM's own arguments changes what tests may do, and is nobody's secret. */
  private static final List<String> KEPT_ARGUMENTS =
      List.of("--add-", "--enable-", "--illegal-", "-ea", "-esa", "-da", "-dsa", "-Xss");

  private static final Set<String> KEPT_PAIRS =
      Set.of("--add-opens", "--add-exports", "--add-modules", "--add-reads");

  private final TestClassPath classPath = TestClassPath.ofThisJvm();
  private final InsideOptions options;
  private final AtomicBoolean warned = new AtomicBoolean();

  BodySpecs(InsideOptions options) {
    this.options = options;
  }

  /** Returns what the sandbox of a unit is created from. */
  SandboxSpec of(DeclaredSandbox declared) {
    var wanted = declared.spec();
    if (!wanted.command().isEmpty() || wanted.readyWhen().isPresent()) {
      throw new ExtensionConfigurationException(
          "@Sandboxed(execution = INSIDE) runs a JVM as the sandbox's command, so command and"
              + " readyWhen have no meaning; leave them out, or run the test outside");
    }
    var builder = wanted.toBuilder();
    if (wanted.workdir().isEmpty()) {
      builder.workdir(WORKDIR);
    }
    classPath.entries().forEach((target, source) -> builder.mount(target, Mount.readOnly(source)));
    if (!wanted.image().equals(Image.host())) {
      addJdk(builder);
    }
    addLanguage(builder, wanted);
    return options.debug() ? cold(builder) : warm(builder);
  }

  private SandboxSpec cold(SandboxBuilder builder) {
    if (options.debug()) {
      builder.timeout(DEBUG_TIMEOUT).readyWhen(ReadinessProbe.log(LISTENS));
    }
    return builder.command(command(false)).build();
  }

  /** Has every test start from a copy of a JVM that waits, unless that cannot be. */
  private SandboxSpec warm(SandboxBuilder builder) {
    if (options.snapshot()) {
      try {
        var base = builder.build();
        return base.toBuilder()
            .command(command(true))
            .readyWhen(ReadinessProbe.log(Pattern.quote(Wire.READY)))
            .snapshotWhenReady()
            .build();
      } catch (InvalidSpecException e) {
        if (!warned.getAndSet(true)) {
          LOG.log(
              System.Logger.Level.WARNING,
              "Tests that run inside boot a JVM each, which takes a while: {0}",
              e.getMessage());
        }
      }
    }
    return cold(builder);
  }

  private List<String> command(boolean warm) {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xshare:auto"));
    if (InsideTestEngine.class.desiredAssertionStatus()) {
      command.add("-ea");
    }
    var given = ManagementFactory.getRuntimeMXBean().getInputArguments();
    for (var i = 0; i < given.size(); i++) {
      var argument = given.get(i);
      if (KEPT_ARGUMENTS.stream().anyMatch(argument::startsWith)) {
        command.add(argument);
        if (KEPT_PAIRS.contains(argument) && i + 1 < given.size()) {
          command.add(given.get(++i));
        }
      }
    }
    command.add("-Duser.timezone=" + TimeZone.getDefault().getID());
    command.add("-Duser.language=" + Locale.getDefault().getLanguage());
    command.add("-Duser.country=" + Locale.getDefault().getCountry());
    command.add("-Dfile.encoding=" + System.getProperty("file.encoding"));
    command.addAll(options.jvmArguments());
    if (options.debug()) {
      command.add(
          "-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=127.0.0.1:" + DEBUG_PORT);
    }
    command.addAll(List.of("-cp", classPath.inside(), BodyMain.class.getName()));
    if (warm) {
      command.add("warm");
    }
    return command;
  }

  /** Shows this JVM's JDK where it is here, with what distributions keep of it elsewhere. */
  private static void addJdk(SandboxBuilder builder) {
    var home = Path.of(System.getProperty("java.home"));
    builder.mount(home.toString(), Mount.readOnly(home));
    var settings = Path.of("/etc", String.valueOf(home.getFileName()));
    for (var elsewhere :
        List.of(settings, Path.of("/etc/java-" + Runtime.version().feature() + "-openjdk"))) {
      if (Files.isDirectory(elsewhere)) {
        builder.mount(elsewhere.toString(), Mount.readOnly(elsewhere));
        return;
      }
    }
  }

  /** File names and defaults depend on it; it says nothing of the user. */
  private static void addLanguage(SandboxBuilder builder, SandboxSpec wanted) {
    for (var name : List.of("LANG", "LC_ALL", "LC_CTYPE")) {
      var value = System.getenv(name);
      if (value != null && !wanted.env().containsKey(name)) {
        builder.env(name, value);
      }
    }
  }
}
