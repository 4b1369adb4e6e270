package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.sandboxed.Sandbox;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that run more than once. */
class RepetitionTest {
  private static final List<Sandbox> SEEN = new ArrayList<>();

  @BeforeEach
  void forget() {
    SEEN.clear();
  }

  private static long distinct() {
    return SEEN.stream().distinct().count();
  }

  @Sandboxed
  static class Repeated {
    @RepeatedTest(2)
    void repeated(Sandbox sandbox) {
      SEEN.add(sandbox);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "b"})
    void parameterized(String text, Sandbox sandbox) {
      SEEN.add(sandbox);
      assertThat(sandbox.exec("printf", text).await().stdout()).isEqualTo(text);
    }

    @TestTemplate
    @ExtendWith(Twice.class)
    void template(Sandbox sandbox) {
      SEEN.add(sandbox);
    }
  }

  static class Twice implements TestTemplateInvocationContextProvider {
    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
      return true;
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(
        ExtensionContext context) {
      return Stream.of(
          new TestTemplateInvocationContext() {}, new TestTemplateInvocationContext() {});
    }
  }

  @Test
  void givesEachInvocationAFreshSandbox() {
    Engine.pass(Repeated.class).testEvents().assertStatistics(s -> s.succeeded(6));

    assertThat(SEEN).hasSize(6);
    assertThat(distinct()).isEqualTo(6);
  }

  @Sandboxed
  static class Dynamic {
    @TestFactory
    Stream<DynamicTest> factory(Sandbox sandbox) {
      return Stream.of("a", "b")
          .map(
              text ->
                  dynamicTest(
                      text,
                      () -> {
                        SEEN.add(sandbox);
                        assertThat(sandbox.exec("printf", text).await().stdout()).isEqualTo(text);
                      }));
    }
  }

  @Test
  void givesTheDynamicTestsOfOneFactoryOneSandbox() {
    Engine.pass(Dynamic.class).testEvents().assertStatistics(s -> s.succeeded(2));

    assertThat(SEEN).hasSize(2);
    assertThat(distinct()).isEqualTo(1);
    assertThat(SEEN.get(0).poll()).isPresent();
  }

  @ParameterizedClass
  @ValueSource(strings = {"a", "b"})
  @Sandboxed(scope = SandboxScope.CLASS)
  static class OfClass {
    OfClass(String text, @Sandboxed(scope = SandboxScope.METHOD) Sandbox own) {
      assertThat(own.exec("printf", text).await().stdout()).isEqualTo(text);
    }

    @Test
    void test(Sandbox sandbox) {
      SEEN.add(sandbox);
    }
  }

  @Test
  void sharesTheSandboxOfAParameterizedClass() {
    Engine.pass(OfClass.class).testEvents().assertStatistics(s -> s.succeeded(2));

    assertThat(SEEN).hasSize(2);
    assertThat(distinct()).isEqualTo(1);
  }
}
