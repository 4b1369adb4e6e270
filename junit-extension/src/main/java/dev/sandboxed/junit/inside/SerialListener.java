package dev.sandboxed.junit.inside;

import org.junit.platform.engine.EngineExecutionListener;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.reporting.FileEntry;
import org.junit.platform.engine.reporting.ReportEntry;

/** Tells a listener one thing at a time: few expect tests that run at the same time. */
final class SerialListener implements EngineExecutionListener {
  private final EngineExecutionListener to;

  SerialListener(EngineExecutionListener to) {
    this.to = to;
  }

  @Override
  public synchronized void dynamicTestRegistered(TestDescriptor descriptor) {
    to.dynamicTestRegistered(descriptor);
  }

  @Override
  public synchronized void executionSkipped(TestDescriptor descriptor, String reason) {
    to.executionSkipped(descriptor, reason);
  }

  @Override
  public synchronized void executionStarted(TestDescriptor descriptor) {
    to.executionStarted(descriptor);
  }

  @Override
  public synchronized void executionFinished(
      TestDescriptor descriptor, TestExecutionResult result) {
    to.executionFinished(descriptor, result);
  }

  @Override
  public synchronized void reportingEntryPublished(TestDescriptor descriptor, ReportEntry entry) {
    to.reportingEntryPublished(descriptor, entry);
  }

  @Override
  public synchronized void fileEntryPublished(TestDescriptor descriptor, FileEntry file) {
    to.fileEntryPublished(descriptor, file);
  }
}
