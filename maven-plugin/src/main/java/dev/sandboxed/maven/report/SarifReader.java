package dev.sandboxed.maven.report;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads SARIF 2.1.0 that tools have written inside a sandbox. Not thread-safe.
 *
 * <p>It is hostile: depth, lengths and numbers are bounded, nothing that it refers to is looked up,
 * and of what it says only rules, levels, messages and places in the checkout are taken.
 */
public final class SarifReader {
  private static final int MAX_RUNS = 50;
  private static final int MAX_DEPTH = 64;
  private static final int MAX_STRING = 4 << 20;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNameLength(1_000)
                  .maxNumberLength(100)
                  .maxStringLength(MAX_STRING)
                  .build())
          // Names come from hostile files: a table of all that were ever seen would be theirs.
          .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
          .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
          .build();

  private final InsidePaths paths;
  private final UnaryOperator<String> safe;

  /**
   * Makes a reader.
   *
   * @param root the checkout inside, absolute
   * @param workdir what relative paths begin from, absolute
   * @param safe makes a text from inside one line without secrets that is safe to show
   */
  public SarifReader(Path root, Path workdir, UnaryOperator<String> safe) {
    paths = new InsidePaths(root, workdir);
    this.safe = safe;
  }

  /**
   * Reads a file.
   *
   * @param in its content, of bounded length; not closed
   * @return what was found, {@value LintOutput#MAX_FINDINGS} findings at most
   * @throws InvalidReportException if it is no such file
   */
  public List<Finding> read(InputStream in) throws InvalidReportException {
    var file = new File();
    try (var parser = JSON.createParser(ObjectReadContext.empty(), in)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new InvalidReportException("it is no JSON object");
      }
      file.read(parser);
      if (parser.nextToken() != null) {
        throw new InvalidReportException("something follows its end");
      }
    } catch (JacksonException e) {
      var where = e.getLocation();
      throw new InvalidReportException(
          "it is no JSON, or nested too deep, at line %d"
              .formatted(where == null ? 0 : where.getLineNr()),
          e);
    }
    if (!file.version.equals("2.1.0") || !file.hasRuns) {
      throw new InvalidReportException("it is no SARIF of version 2.1.0");
    }
    return List.copyOf(file.findings);
  }

  /** What a file has. */
  private final class File {
    private final List<Finding> findings = new ArrayList<>();
    private String version = "";
    private boolean hasRuns;
    private int runs;

    private void read(JsonParser parser) {
      JsonMembers.object(
          parser,
          Map.of(
              "version",
              p -> version = JsonMembers.text(p, SarifRun.MAX_NAME),
              "runs",
              this::readRuns));
    }

    private void readRuns(JsonParser parser) {
      hasRuns = parser.currentToken() == JsonToken.START_ARRAY;
      JsonMembers.array(parser, this::readRun);
    }

    private void readRun(JsonParser parser) {
      if (++runs > MAX_RUNS) {
        parser.skipChildren();
        return;
      }
      var run = new SarifRun(paths, safe);
      run.read(parser, LintOutput.MAX_FINDINGS - findings.size());
      findings.addAll(run.findings());
    }
  }
}
