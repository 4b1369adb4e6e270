package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.IllegalConnectorArgumentsException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.platform.testkit.engine.EngineTestKit;

/** A test that runs inside waits for a debugger, which reaches it through a tunnel. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
@ResourceLock(Resources.SYSTEM_OUT)
class InsideDebugTest {
  private static final Pattern WAITS =
      Pattern.compile("runs\\(\\) waits for a debugger at ([0-9.]+):(\\d+)");

  @Sandboxed(execution = TestExecution.INSIDE)
  static class WaitingFixture {
    @Test
    void runs() {
      assertThat(Path.of("pom.xml")).doesNotExist();
    }
  }

  @Test
  void a_debugger_attaches_through_the_tunnel_and_lets_the_test_go_on() throws Exception {
    var printed = new ByteArrayOutputStream();
    var out = System.out;
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      var run =
          CompletableFuture.supplyAsync(
              () ->
                  EngineTestKit.engine("sandboxed-inside")
                      .selectors(selectClass(WaitingFixture.class))
                      .configurationParameter(Sandboxed.INSIDE_DEBUG_PROPERTY_NAME, "true")
                      .execute());
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> run.isDone() || WAITS.matcher(text(printed)).find());
      assertThat(run).as("before a debugger attaches").isNotDone();
      // Once, as people do: the JVM listens when its address is told.
      var vm = attach(text(printed));
      assertThat(vm.allThreads()).anyMatch(thread -> thread.name().equals("main"));
      vm.dispose();

      run.join().testEvents().assertStatistics(s -> s.started(1).succeeded(1));
    } finally {
      System.setOut(out);
    }
  }

  private static String text(ByteArrayOutputStream printed) {
    return printed.toString(StandardCharsets.UTF_8);
  }

  private static VirtualMachine attach(String printed)
      throws IOException, IllegalConnectorArgumentsException {
    var address = WAITS.matcher(printed);
    assertThat(address.find()).isTrue();
    var connector =
        Bootstrap.virtualMachineManager().attachingConnectors().stream()
            .filter(c -> c.transport().name().equals("dt_socket"))
            .findFirst()
            .orElseThrow();
    var arguments = connector.defaultArguments();
    arguments.get("hostname").setValue(address.group(1));
    arguments.get("port").setValue(address.group(2));
    return connector.attach(arguments);
  }
}
