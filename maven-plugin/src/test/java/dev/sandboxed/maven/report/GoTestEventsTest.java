package dev.sandboxed.maven.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class GoTestEventsTest {
  private final GoTestEvents events = new GoTestEvents();

  @Test
  void turnsEventsIntoSuitesAndShowsFailures() {
    var shown =
        feed(
            """
            {"Action":"start","Package":"example.org/lru"}
            {"Action":"run","Package":"example.org/lru","Test":"TestGet"}
            {"Action":"output","Package":"example.org/lru","Test":"TestGet","Output":"=== RUN   TestGet\\n"}
            {"Action":"output","Package":"example.org/lru","Test":"TestGet","Output":"--- PASS: TestGet (0.01s)\\n"}
            {"Action":"pass","Package":"example.org/lru","Test":"TestGet","Elapsed":0.01}
            {"Action":"run","Package":"example.org/lru","Test":"TestPut"}
            {"Action":"output","Package":"example.org/lru","Test":"TestPut","Output":"    lru_test.go:9: got 1\\n"}
            {"Action":"output","Package":"example.org/lru","Test":"TestPut","Output":"--- FAIL: TestPut (0.02s)\\n"}
            {"Action":"fail","Package":"example.org/lru","Test":"TestPut","Elapsed":0.02}
            {"Action":"output","Package":"example.org/lru","Test":"TestOff","Output":"    lru_test.go:12: not now\\n"}
            {"Action":"skip","Package":"example.org/lru","Test":"TestOff","Elapsed":0}
            {"Action":"output","Package":"example.org/lru","Output":"FAIL\\n"}
            {"Action":"fail","Package":"example.org/lru","Elapsed":0.1}
            """);
    assertThat(shown)
        .containsExactly("    lru_test.go:9: got 1", "--- FAIL: TestPut (0.02s)", "FAIL");
    assertThat(events.suites())
        .containsExactly(
            new TestSuite(
                "example.org/lru",
                List.of(
                    new TestCase("example.org/lru", "TestGet", 0.01, Outcome.PASSED, "", ""),
                    new TestCase(
                        "example.org/lru",
                        "TestPut",
                        0.02,
                        Outcome.FAILED,
                        "lru_test.go:9: got 1",
                        "    lru_test.go:9: got 1\n--- FAIL: TestPut (0.02s)\n"),
                    new TestCase(
                        "example.org/lru",
                        "TestOff",
                        0,
                        Outcome.SKIPPED,
                        "lru_test.go:12: not now",
                        "    lru_test.go:12: not now\n"))));
  }

  @Test
  void reportsAPackageThatDoesNotBuild() {
    var shown =
        feed(
            """
            {"ImportPath":"a [a.test]","Action":"build-output","Output":"# a [a.test]\\n"}
            {"ImportPath":"a [a.test]","Action":"build-output","Output":"./a_test.go:3:1: undefined: x\\n"}
            {"ImportPath":"a [a.test]","Action":"build-fail"}
            {"Action":"output","Package":"a","Output":"FAIL\\ta [build failed]\\n"}
            {"Action":"fail","Package":"a","Elapsed":0,"FailedBuild":"a [a.test]"}
            """);
    assertThat(shown)
        .containsExactly("# a [a.test]", "./a_test.go:3:1: undefined: x", "FAIL\ta [build failed]");
    assertThat(events.suites())
        .containsExactly(
            new TestSuite(
                "a",
                List.of(
                    new TestCase(
                        "a",
                        "[package]",
                        0,
                        Outcome.ERROR,
                        "The package failed outside of its tests",
                        "FAIL\ta [build failed]\n"))));
  }

  @Test
  void takesATestThatNeverEndedAsFailed() {
    feed("{\"Action\":\"run\",\"Package\":\"a\",\"Test\":\"TestHang\"}");
    assertThat(events.suites().get(0).cases())
        .containsExactly(
            new TestCase("a", "TestHang", 0, Outcome.FAILED, "The test did not finish", ""));
  }

  @Test
  void showsWhatIsNoEventAsItIs() {
    assertThat(feed("go: downloading\n{\"Action\":\n{}\n[1]\n{\"Action\":{\"a\":1}}"))
        .containsExactly("go: downloading", "{\"Action\":", "{}", "[1]", "{\"Action\":{\"a\":1}}");
    assertThat(events.suites()).isEmpty();
  }

  @Test
  void boundsWhatItKeeps() {
    var output = "x".repeat(10_000);
    for (var i = 0; i < 100; i++) {
      events.accept(
          "{\"Action\":\"output\",\"Package\":\"a\",\"Test\":\"T\",\"Output\":\"" + output + "\"}");
    }
    assertThat(events.suites().get(0).cases().get(0).detail())
        .hasSizeLessThan(GoTestEvents.MAX_OUTPUT + 10);
    for (var i = 0; i < GoTestEvents.MAX_TESTS + 100; i++) {
      events.accept("{\"Action\":\"pass\",\"Package\":\"a\",\"Test\":\"T" + i + "\"}");
    }
    assertThat(events.suites().get(0).cases()).hasSize(GoTestEvents.MAX_TESTS);
  }

  @Test
  void boundsNames() {
    var name = "x".repeat(100_000);
    events.accept("{\"Action\":\"pass\",\"Package\":\"" + name + "\",\"Test\":\"" + name + "\"}");
    var suite = events.suites().get(0);
    assertThat(suite.name()).hasSize(GoTestEvents.MAX_NAME);
    assertThat(suite.cases().get(0).name()).hasSize(GoTestEvents.MAX_NAME);
  }

  @Property(tries = 1000)
  void neverFails(
      @ForAll @StringLength(max = 60) String noise,
      @ForAll @StringLength(max = 20) String name,
      @ForAll int where) {
    var line =
        "{\"Action\":\"fail\",\"Package\":\"a\",\"Test\":\"%s\",\"Elapsed\":1e9}".formatted(name);
    var at = Math.floorMod(where, line.length());
    var hostile = new GoTestEvents();
    hostile.accept(noise);
    hostile.accept("{" + noise);
    hostile.accept(line.substring(0, at) + noise + line.substring(at));
    assertThat(hostile.suites()).hasSizeLessThan(4);
  }

  private List<String> feed(String lines) {
    var shown = new ArrayList<String>();
    lines.lines().forEach(l -> shown.addAll(events.accept(l)));
    return shown;
  }
}
