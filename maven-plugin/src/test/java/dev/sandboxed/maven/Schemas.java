package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Checks what is written against the schemas that are published. */
final class Schemas {
  private static final Path PUBLISHED = Path.of("../docs/schema");

  private Schemas() {}

  /** Fails unless a file is JSON as a schema of {@code docs/schema} has it. */
  static void assertValid(Path json, String schema) throws IOException {
    var text = Files.readString(json);
    assertThat(violations(text, schema)).as(text).isEmpty();
  }

  /** Returns what a schema of {@code docs/schema} has against a text in YAML, or in JSON. */
  static List<String> violations(String yaml, String schema) throws IOException {
    return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
        .getSchema(Files.readString(path(schema)))
        .validate(yaml, InputFormat.YAML)
        .stream()
        .map(Error::toString)
        .toList();
  }

  /** Returns the file of a schema. */
  static Path path(String schema) {
    return PUBLISHED.resolve(schema);
  }
}
