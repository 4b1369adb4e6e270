package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.testkit.engine.EngineTestKit;

class InsideByConfigurationTest {
  private static final String MARKER = "sandboxed.test.marker";

  /** A class of somebody who knows nothing of sandboxes. */
  static class UnmodifiedFixture {
    static {
      try {
        Files.writeString(Path.of(System.getProperty(MARKER)), "initialised");
      } catch (IOException e) {
        // There is no such directory inside.
      }
    }

    @Test
    void runs() {
      System.getProperties().setProperty("changed", "by a test inside");
    }
  }

  static class MixedFixture {
    @Test
    void outside() {
      assertThat(Path.of("pom.xml")).exists();
    }

    @Test
    @Sandboxed(execution = TestExecution.INSIDE)
    void inside() {
      assertThat(Path.of("pom.xml")).doesNotExist();
    }
  }

  @Sandboxed(execution = TestExecution.OUTSIDE)
  static class StaysOutsideFixture {
    @Test
    void outside() {
      assertThat(Path.of("pom.xml")).exists();
    }
  }

  @Sandboxed(execution = TestExecution.INSIDE)
  static class InsideFixture {
    @Test
    void inside() {}
  }

  @Test
  void an_unmodified_class_runs_inside_and_is_not_even_initialised_here(@TempDir Path directory) {
    var marker = directory.resolve("mark");
    System.setProperty(MARKER, marker.toString());
    try {
      var inside =
          Map.of(
              Sandboxed.EXECUTION_PROPERTY_NAME,
              "inside",
              Sandboxed.INSIDE_SYSTEM_PROPERTIES_PROPERTY_NAME,
              MARKER);
      assertThat(launch(inside, UnmodifiedFixture.class))
          .containsExactly("sandboxed-inside runs() SUCCESSFUL");
      assertThat(marker).doesNotExist();
      assertThat(System.getProperty("changed")).isNull();
      assertThat(launch(Map.of(), UnmodifiedFixture.class))
          .containsExactly("junit-jupiter runs() SUCCESSFUL");
      assertThat(marker).exists();
    } finally {
      System.clearProperty(MARKER);
      System.clearProperty("changed");
    }
  }

  @Test
  void the_nearest_annotation_counts_more() {
    assertThat(launch(Map.of(), MixedFixture.class))
        .containsExactlyInAnyOrder(
            "junit-jupiter outside() SUCCESSFUL", "sandboxed-inside inside() SUCCESSFUL");
    assertThat(
            launch(Map.of(Sandboxed.EXECUTION_PROPERTY_NAME, "inside"), StaysOutsideFixture.class))
        .containsExactly("junit-jupiter outside() SUCCESSFUL");
  }

  @Test
  void nothing_that_belongs_inside_runs_here_by_accident() {
    var failed =
        EngineTestKit.engine("junit-jupiter")
            .selectors(selectClass(InsideFixture.class))
            .execute()
            .testEvents()
            .failed()
            .list();
    assertThat(failed).hasSize(1);
    assertThat(failed.get(0).getRequiredPayload(TestExecutionResult.class).getThrowable().get())
        .hasStackTraceContaining("is to run inside a sandbox, but Jupiter's own engine runs it");
  }

  private static List<String> launch(Map<String, String> parameters, Class<?> fixture) {
    var finished = new ArrayList<String>();
    var request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectClass(fixture))
            .configurationParameters(parameters)
            .build();
    LauncherFactory.create()
        .execute(
            request,
            new TestExecutionListener() {
              @Override
              public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                if (test.isTest()) {
                  finished.add(
                      "%s %s %s"
                          .formatted(
                              test.getUniqueIdObject().getEngineId().orElse(""),
                              test.getUniqueIdObject().getLastSegment().getValue(),
                              result.getStatus()));
                }
              }
            });
    return finished;
  }
}
