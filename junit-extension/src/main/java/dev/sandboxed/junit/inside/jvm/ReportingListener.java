package dev.sandboxed.junit.inside.jvm;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;

/** Makes events of what JUnit's launcher tells its listeners. */
final class ReportingListener implements TestExecutionListener {
  private static final int MAX_NAME = 4096;

  private final EventWriter to;

  ReportingListener(EventWriter to) {
    this.to = to;
  }

  @Override
  public void dynamicTestRegistered(TestIdentifier test) {
    var members = new LinkedHashMap<String, Object>();
    members.put("id", test.getUniqueId());
    test.getParentId().ifPresent(parent -> members.put("parent", parent));
    members.put("name", cut(test.getDisplayName()));
    members.put("legacy", cut(test.getLegacyReportingName()));
    members.put("type", test.getType().name());
    to.write(Wire.REGISTERED, members);
  }

  @Override
  public void executionStarted(TestIdentifier test) {
    to.write(Wire.STARTED, Map.of("id", test.getUniqueId()));
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    to.write(Wire.SKIPPED, Map.of("id", test.getUniqueId(), "reason", cut(reason)));
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    var members = new LinkedHashMap<String, Object>();
    members.put("id", test.getUniqueId());
    members.put("status", result.getStatus().name());
    result.getThrowable().ifPresent(t -> members.put("failure", FailureText.of(t)));
    to.write(Wire.FINISHED, members);
  }

  @Override
  public void reportingEntryPublished(TestIdentifier test, ReportEntry entry) {
    to.write(Wire.ENTRY, Map.of("id", test.getUniqueId(), "entries", entry.getKeyValuePairs()));
  }

  private static String cut(String text) {
    return text.length() > MAX_NAME ? text.substring(0, MAX_NAME) + "…" : text;
  }
}
