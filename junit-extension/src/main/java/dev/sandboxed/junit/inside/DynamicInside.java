package dev.sandboxed.junit.inside;

import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.TestSource;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.engine.support.descriptor.AbstractTestDescriptor;

/** A test or container that came up while a test ran inside. */
final class DynamicInside extends AbstractTestDescriptor {
  private final Type type;
  private final String legacyName;

  DynamicInside(
      UniqueId id, String name, String legacyName, Type type, @Nullable TestSource source) {
    super(id, name, source);
    this.type = type;
    this.legacyName = legacyName;
  }

  @Override
  public Type getType() {
    return type;
  }

  @Override
  public String getLegacyReportingName() {
    return legacyName;
  }
}
