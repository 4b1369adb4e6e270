package dev.sandboxed.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the pages for readers show must be true: their Java compiles, their links lead somewhere.
 */
class DocumentationTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern JAVA = Pattern.compile("(?ms)^```java\\n(.*?)^```$");
  private static final Pattern LINK =
      Pattern.compile("\\]\\((?!https?:|#|mailto:)([^)#\\s]+)[^)]*\\)");
  private static final Pattern DECLARATION =
      Pattern.compile("(?m)^(public |final |abstract )*(class|interface|@interface|record) (\\w+)");
  private static final String IMPORTS =
      """
      import dev.sandboxed.*;
      import dev.sandboxed.assertj.*;
      import dev.sandboxed.junit.*;
      import static dev.sandboxed.assertj.SandboxAssertions.*;
      import static org.assertj.core.api.Assertions.*;
      import static org.junit.jupiter.api.Assertions.assertEquals;
      import static java.time.Duration.*;
      import java.lang.annotation.*;
      import java.net.*;
      import java.nio.file.*;
      import java.time.*;
      import java.util.*;
      import org.junit.jupiter.api.*;
      import org.junit.jupiter.api.extension.*;
      """;

  @TempDir Path classes;

  @TestFactory
  Stream<DynamicTest> javaSnippetsCompile() throws IOException {
    var tests = new ArrayList<DynamicTest>();
    for (var page : pages()) {
      var snippets = JAVA.matcher(Files.readString(page));
      while (snippets.find()) {
        var snippet = snippets.group(1);
        var name = ROOT.relativize(page) + ": " + snippet.lines().findFirst().orElse("");
        tests.add(DynamicTest.dynamicTest(name, () -> compile(snippet)));
      }
    }
    assertThat(tests).isNotEmpty();
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> linksLeadSomewhere() throws IOException {
    var tests = new ArrayList<DynamicTest>();
    for (var page : pages()) {
      var links = LINK.matcher(Files.readString(page));
      while (links.find()) {
        var target = page.resolveSibling(links.group(1)).normalize();
        tests.add(
            DynamicTest.dynamicTest(
                ROOT.relativize(page) + " → " + links.group(1), () -> assertThat(target).exists()));
      }
    }
    assertThat(tests).isNotEmpty();
    return tests.stream();
  }

  private static List<Path> pages() throws IOException {
    try (var docs = Files.walk(ROOT.resolve("docs"))) {
      return Stream.concat(
              Stream.of(ROOT.resolve("README.md"), ROOT.resolve("CHANGELOG.md")),
              docs.filter(p -> p.toString().endsWith(".md")).sorted())
          .toList();
    }
  }

  private void compile(String snippet) {
    var statements = !DECLARATION.matcher(snippet).find();
    var source =
        statements
            ? IMPORTS
                + "class Snippet { void run(String source) throws Exception {\n"
                + snippet
                + "\n}}"
            : IMPORTS + snippet;
    var compiler = ToolProvider.getSystemJavaCompiler();
    var messages = new StringWriter();
    var task =
        compiler.getTask(
            messages,
            null,
            null,
            List.of(
                "-d",
                classes.toString(),
                "-proc:none",
                "-classpath",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path"))),
            null,
            List.of(source(statements ? "Snippet" : firstPublic(snippet), source)));
    assertThat(task.call()).as("%s%n%s", messages, source).isTrue();
  }

  private static String firstPublic(String snippet) {
    var matcher = DECLARATION.matcher(snippet);
    while (matcher.find()) {
      if (matcher.group().startsWith("public ")) {
        return matcher.group(3);
      }
    }
    return "Snippet";
  }

  private static JavaFileObject source(String name, String text) {
    var uri = URI.create("string:///" + name.toLowerCase(Locale.ROOT) + "/" + name + ".java");
    return new SimpleJavaFileObject(uri, JavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return text;
      }
    };
  }
}
