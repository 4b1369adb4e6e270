package dev.sandboxed.junit.inside.jvm;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectUniqueId;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.platform.engine.TestEngine;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** The main class of the JVM inside: runs the tests of one request and ends. */
public final class BodyMain {
  private BodyMain() {}

  /**
   * Waits for a request, runs its tests and ends the JVM, whatever threads are left.
   *
   * @param arguments {@code warm} runs a test of our own first, so that what is needed is loaded
   * @throws IOException if there is no request
   */
  public static void main(String[] arguments) throws IOException {
    var stdin = System.in;
    var protocol =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.US_ASCII);
    if (List.of(arguments).contains("warm")) {
      warmUp();
    }
    protocol.print(Wire.READY + "\n");
    protocol.flush();
    var request = BodyRequest.read(stdin);
    System.setIn(InputStream.nullInputStream());
    run(request, new EventWriter(protocol, request.nonce()));
    Runtime.getRuntime().halt(0);
  }

  private static void run(BodyRequest request, EventWriter events) {
    System.setOut(events.stream(false));
    System.setErr(events.stream(true));
    request.properties().forEach(System::setProperty);
    try {
      var builder =
          LauncherDiscoveryRequestBuilder.request()
              .configurationParameters(request.parameters())
              .configurationParameter(Wire.INSIDE_PARAMETER, "true");
      request.ids().forEach(id -> builder.selectors(selectUniqueId(id)));
      launcher(true).execute(builder.build(), new ReportingListener(events));
    } catch (RuntimeException | Error e) {
      events.write(Wire.BROKEN, Map.of("failure", FailureText.of(e)));
    }
    events.write(Wire.END, Map.of());
  }

  /** Loads and compiles what every test needs: all copies of this JVM have it then. */
  private static void warmUp() {
    var out = System.out;
    var err = System.err;
    var nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    var events = new EventWriter(nowhere, "");
    System.setOut(events.stream(false));
    System.setErr(events.stream(true));
    try {
      var request =
          LauncherDiscoveryRequestBuilder.request()
              .selectors(selectClass(WarmUp.class))
              .configurationParameter(Wire.INSIDE_PARAMETER, "true")
              .enableImplicitConfigurationParameters(false)
              .build();
      launcher(false).execute(request, new ReportingListener(events));
      System.gc();
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  /** What listens to tests does so outside; sessions may set up what tests need. */
  private static Launcher launcher(boolean withSessionListeners) {
    return LauncherFactory.create(
        LauncherConfig.builder()
            .enableTestEngineAutoRegistration(false)
            .enableTestExecutionListenerAutoRegistration(false)
            .enableLauncherDiscoveryListenerAutoRegistration(false)
            .enablePostDiscoveryFilterAutoRegistration(false)
            .enableLauncherSessionListenerAutoRegistration(withSessionListeners)
            .addTestEngines(jupiter())
            .build());
  }

  private static TestEngine jupiter() {
    for (var engine : ServiceLoader.load(TestEngine.class)) {
      if (engine.getId().equals(Wire.JUPITER)) {
        return engine;
      }
    }
    throw new IllegalStateException("The class path has no engine " + Wire.JUPITER);
  }
}
