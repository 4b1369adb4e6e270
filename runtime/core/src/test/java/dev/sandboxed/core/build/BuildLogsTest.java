package dev.sandboxed.core.build;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.ImageStep;
import dev.sandboxed.core.terminal.StatusLine;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

class BuildLogsTest {
  private final ImageStep step = ImageStep.run("make");

  @Test
  void a_printed_log_is_plain_lines() {
    var shown = new ArrayList<String>();
    var log = BuildLogs.printed(shown::add);
    log.waiting(step);
    log.started(step);
    log.line(step, "cc a.c");
    log.finished(step, Duration.ofMillis(1234));
    log.failed(step);
    assertThat(shown)
        .containsExactly(
            "[image] another build is at it, and is waited for: run make",
            "[image] run make",
            "[image]   cc a.c",
            "[image] done in 1.2 s: run make",
            "[image] failed: run make");
  }

  @Test
  void a_terminal_shows_what_goes_on_and_nothing_once_it_is_done() {
    var shown = new ArrayList<String>();
    var log = BuildLogs.watched(new StatusLine(shown::add, true));
    log.started(step);
    log.line(step, "cc a.c");
    log.finished(step, Duration.ofSeconds(1));
    assertThat(shown.get(0)).isEqualTo("\r\u001b[KBuilding the image: run make");
    assertThat(shown.get(shown.size() - 1)).isEqualTo("\r\u001b[K");
    shown.clear();
    log = BuildLogs.watched(new StatusLine(shown::add, false));
    log.started(step);
    log.line(step, "cc a.c");
    log.failed(step);
    assertThat(shown).isEmpty();
  }
}
