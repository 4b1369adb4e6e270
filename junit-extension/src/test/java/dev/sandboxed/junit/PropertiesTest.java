package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Sandbox;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.reflect.Field;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestInstancePostProcessor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an application under test is told about a sandbox. */
class PropertiesTest {
  private static final String HERE = PropertiesTest.class.getName();

  @Sandboxed(
      env = {"POSTGRES_USER=me", "POSTGRES_DB=${not} filled in"},
      secrets = "PATH",
      ports = 8080,
      properties = {
        @SandboxProperty(name = "url", value = "jdbc:postgresql://${host}:${port:5432}/app"),
        @SandboxProperty(name = "user", value = "${env:POSTGRES_USER}"),
        @SandboxProperty(name = "database", value = "${env:POSTGRES_DB}"),
        @SandboxProperty(name = "secret", value = "<${env:PATH}>"),
        @SandboxProperty(name = "address", value = "${address:5432}"),
        @SandboxProperty(name = "host", value = "${host}"),
        @SandboxProperty(name = "host-of-port", value = "${host:5432}"),
        @SandboxProperty(name = "uri", value = "${uri:8080}/path"),
        @SandboxProperty(name = "text", value = "$${port:5432} costs $5 } {"),
        @SandboxProperty(name = "empty", value = "")
      })
  static class Every {
    @Test
    void isFilledIn(SandboxProperties properties, Sandbox sandbox) {
      var database = sandbox.tunnel(5432);
      var host = database.address().getAddress().getHostAddress();
      var port = database.address().getPort();
      assertThat(properties.sandbox().id()).isEqualTo(sandbox.id());
      assertThat(properties.toMap())
          .isEqualTo(
              Map.of(
                  "url",
                  "jdbc:postgresql://" + host + ":" + port + "/app",
                  "user",
                  "me",
                  "database",
                  "${not} filled in",
                  "secret",
                  "<" + System.getenv("PATH") + ">",
                  "address",
                  host + ":" + port,
                  "host",
                  host,
                  "host-of-port",
                  host,
                  "uri",
                  sandbox.tunnel(8080).uri() + "/path",
                  "text",
                  "${port:5432} costs $5 } {",
                  "empty",
                  ""));
      var registry = new HashMap<String, Supplier<Object>>();
      properties.forEach(registry::put);
      assertThat(registry.get("user").get()).isEqualTo("me");
      assertThat(properties.toString())
          .startsWith("properties of ")
          .endsWith(": " + String.join(", ", properties.names()))
          .doesNotContain(System.getenv("PATH"));
      assertThatThrownBy(() -> properties.get("password"))
          .isInstanceOf(InvalidSpecException.class)
          .hasMessage(
              "There is no property \"password\" of %s; there are: address, database, empty, host,"
                  + " host-of-port, secret, text, uri, url, user",
              sandbox);
    }
  }

  @Test
  void are_filled_in_with_tunnels_variables_and_secrets() {
    Engine.pass(Every.class).testEvents().assertStatistics(s -> s.succeeded(1));
  }

  @Sandboxed(
      properties = {
        @SandboxProperty(name = "of", value = "composed"),
        @SandboxProperty(name = "composed", value = "yes")
      })
  @Retention(RetentionPolicy.RUNTIME)
  @interface Composed {}

  @Sandboxed(
      scope = SandboxScope.CLASS,
      properties = {
        @SandboxProperty(name = "of", value = "class"),
        @SandboxProperty(name = "by", value = "class")
      })
  static class Gathered {
    @BeforeAll
    static void areThoseOfTheClass(SandboxProperties properties) {
      assertThat(properties.toMap()).isEqualTo(Map.of("of", "class", "by", "class"));
    }

    @Test
    void areThoseOfTheField(
        @Composed @Sandboxed(properties = @SandboxProperty(name = "by", value = "parameter"))
            SandboxProperties own,
        SandboxProperties shared) {
      assertThat(own.toMap())
          .isEqualTo(Map.of("of", "composed", "composed", "yes", "by", "parameter"));
      assertThat(shared.toMap()).isEqualTo(Map.of("of", "class", "by", "class"));
    }
  }

  @Test
  void are_gathered_and_the_nearest_counts_for_a_name() {
    Engine.pass(Gathered.class).testEvents().assertStatistics(s -> s.succeeded(1));
  }

  /** Reads a static field when an instance is made, as Spring reads dynamic properties. */
  static class Application implements TestInstancePostProcessor {
    @Override
    public void postProcessTestInstance(Object instance, ExtensionContext context)
        throws ReflectiveOperationException {
      Field field = instance.getClass().getDeclaredField("properties");
      var found = (SandboxProperties) field.get(null);
      assertThat(found).as("properties when the application starts").isNotNull();
      assertThat(found.get("address")).startsWith("127.0.0.1:");
    }
  }

  @ExtendWith(Application.class)
  static class PerMethod {
    @Sandboxed(properties = @SandboxProperty(name = "address", value = "${address:80}"))
    static SandboxProperties properties;

    @Test
    void runs() {
      assertThat(properties.sandbox().exec("true").await().isSuccess()).isTrue();
    }

    @Test
    void runsInTheSame() {
      assertThat(properties.sandbox().poll()).isEmpty();
    }
  }

  @ExtendWith(Application.class)
  @TestInstance(Lifecycle.PER_CLASS)
  static class PerClass {
    @Sandboxed(properties = @SandboxProperty(name = "address", value = "${address:80}"))
    static SandboxProperties properties;

    @Test
    void runs() {
      assertThat(properties.sandbox().exec("true").await().isSuccess()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(classes = {PerMethod.class, PerClass.class})
  void are_in_static_fields_before_an_instance_is_made(Class<?> fixture) {
    Engine.pass(fixture);
  }

  @Sandboxed
  static class None {
    @Test
    void test(SandboxProperties properties) {}
  }

  @Sandboxed(properties = @SandboxProperty(name = "a", value = "${prot:80}"))
  static class UnknownWord {
    @Test
    void test(SandboxProperties properties) {}
  }

  @Sandboxed(properties = @SandboxProperty(name = "a", value = "${port:80"))
  static class Unclosed {
    @Test
    void test(SandboxProperties properties) {}
  }

  @Sandboxed(properties = @SandboxProperty(name = "a", value = "${port:70000}"))
  static class NoPort {
    @Test
    void test(SandboxProperties properties) {}
  }

  @Sandboxed(properties = @SandboxProperty(name = "a", value = "secret ${host}"))
  static class NoPortForHost {
    @Test
    void test(SandboxProperties properties) {}
  }

  @Sandboxed(properties = @SandboxProperty(name = "a", value = "secret ${env:PASSWORD}"))
  static class NoVariable {
    @Test
    void test(SandboxProperties properties) {}
  }

  @Sandboxed(properties = @SandboxProperty(name = " ", value = "a"))
  static class NoName {
    @Test
    void test(SandboxProperties properties) {}
  }

  @Sandboxed(
      properties = {
        @SandboxProperty(name = "a", value = "1"),
        @SandboxProperty(name = "a", value = "2")
      })
  static class SameName {
    @Test
    void test(SandboxProperties properties) {}
  }

  @Sandboxed(
      snapshot = SnapshotMode.AFTER_SETUP,
      properties = @SandboxProperty(name = "a", value = "1"))
  static class InSetup {
    @SandboxSetup
    static void load(SandboxProperties properties) {}

    @Test
    void test(Sandbox sandbox) {}
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          None          | parameter [dev.sandboxed.junit.SandboxProperties properties] in method [void $None.test(dev.sandboxed.junit.SandboxProperties)] has no properties to be given; declare some with @Sandboxed(properties = @SandboxProperty(...))
          UnknownWord   | @Sandboxed(properties = "a") on class [$UnknownWord]: "${prot:80}" cannot be filled in; write ${port:5432}, ${host:5432}, ${host}, ${address:5432}, ${uri:8080} or ${env:NAME}, and $${ for ${ itself
          Unclosed      | @Sandboxed(properties = "a") on class [$Unclosed]: "${port:80" cannot be filled in; write ${port:5432}, ${host:5432}, ${host}, ${address:5432}, ${uri:8080} or ${env:NAME}, and $${ for ${ itself
          NoPort        | @Sandboxed(properties = "a") on class [$NoPort]: There is no port 70000; ports are numbers from 1 to 65535
          NoPortForHost | @Sandboxed(properties = "a") on class [$NoPortForHost]: no port says which tunnel ${host} is of; write ${host:5432}, or declare ports
          NoVariable    | @Sandboxed(properties = "a") on class [$NoVariable]: the sandbox is given no variable PASSWORD, by neither env nor secrets; give it one, those of its image are not known
          NoName        | @Sandboxed(properties = " ") on class [$NoName]: a property has no name; name it
          SameName      | @Sandboxed(properties = "a") on class [$SameName]: two properties have the name a; use each name once
          InSetup       | parameter [dev.sandboxed.junit.SandboxProperties properties] in method [static void $InSetup.load(dev.sandboxed.junit.SandboxProperties)] cannot have properties, which are those of the copies; ask for @Tunnel or the Sandbox
          """)
  void name_what_is_wrong_and_where_without_the_value(String fixture, String message)
      throws ClassNotFoundException {
    var expected = message.replace("[$", "[" + HERE + "$").replace("void $", "void " + HERE + "$");

    assertThat(Engine.fail(Class.forName(HERE + "$" + fixture)))
        .satisfiesAnyOf(
            failure -> assertThat(failure).hasMessageEndingWith(expected),
            failure -> assertThat(failure).rootCause().hasMessageEndingWith(expected));
  }
}
