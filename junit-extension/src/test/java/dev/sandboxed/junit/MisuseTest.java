package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Image;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFiles;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What users get wrong is told with the element and the fix. None of this needs a sandbox. */
class MisuseTest {
  private static final String HERE = MisuseTest.class.getName();

  static class FinalField {
    @Sandboxed final Sandbox sandbox = null;

    @Test
    void test() {}
  }

  @Test
  void rejectsFinalFields() {
    assertThat(Engine.fail(FinalField.class))
        .isInstanceOf(ExtensionConfigurationException.class)
        .hasMessage(
            "@Sandboxed field [final dev.sandboxed.Sandbox %s$FinalField.sandbox] must not be"
                + " declared as final.",
            HERE);
  }

  static class WrongFieldType {
    @Sandboxed String sandbox;

    @Test
    void test() {}
  }

  @Test
  void rejectsFieldsOfOtherTypes() {
    assertThat(Engine.fail(WrongFieldType.class))
        .isInstanceOf(ExtensionConfigurationException.class)
        .hasMessage(
            "@Sandboxed field [java.lang.String %s$WrongFieldType.sandbox] must be of type"
                + " dev.sandboxed.Sandbox, dev.sandboxed.SandboxFiles or"
                + " dev.sandboxed.junit.SandboxProperties but is of type java.lang.String.",
            HERE);
  }

  static class WrongParameterType {
    @Test
    void test(@Sandboxed Process process) {}
  }

  @Test
  void rejectsParametersOfOtherTypes() {
    assertThat(Engine.fail(WrongParameterType.class))
        .isInstanceOf(ParameterResolutionException.class)
        .hasMessageEndingWith(
            ": @Sandboxed parameter [java.lang.Process process] in method [void"
                + " %s$WrongParameterType.test(java.lang.Process)] must be of type"
                + " dev.sandboxed.Sandbox, dev.sandboxed.SandboxFiles or"
                + " dev.sandboxed.junit.SandboxProperties but is of type java.lang.Process.",
            HERE);
  }

  static class StaticFieldPerMethod {
    @Sandboxed(scope = SandboxScope.METHOD)
    static Sandbox sandbox;

    @Test
    void test() {}
  }

  @Test
  void rejectsStaticFieldsWithTheScopeOfAMethod() {
    assertThat(Engine.fail(StaticFieldPerMethod.class))
        .hasMessage(
            "@Sandboxed(scope = METHOD) on field [static dev.sandboxed.Sandbox"
                + " %s$StaticFieldPerMethod.sandbox] cannot work, because it is static; leave out"
                + " the scope, or make it an instance field",
            HERE);
  }

  @Sandboxed
  static class BeforeAllPerMethod {
    @BeforeAll
    static void prepare(Sandbox sandbox) {}

    @Test
    void test() {}
  }

  @Test
  void rejectsTheSandboxOfATestMethodInBeforeAll() {
    assertThat(Engine.fail(BeforeAllPerMethod.class))
        .hasMessageEndingWith(
            ": The sandbox of class [%1$s$BeforeAllPerMethod] is made for each test method, so"
                + " parameter [dev.sandboxed.Sandbox sandbox] in method [static void"
                + " %1$s$BeforeAllPerMethod.prepare(dev.sandboxed.Sandbox)] cannot have it; set"
                + " scope = SandboxScope.CLASS on the class, annotate the parameter with"
                + " @Sandboxed, or ask for the sandbox in @BeforeEach",
            HERE);
  }

  static class BeforeAllParameterPerMethod {
    @BeforeAll
    static void prepare(@Sandboxed(scope = SandboxScope.METHOD) Sandbox sandbox) {}

    @Test
    void test() {}
  }

  @Test
  void rejectsTheScopeOfAMethodOnAParameterOfBeforeAll() {
    assertThat(Engine.fail(BeforeAllParameterPerMethod.class))
        .hasMessageEndingWith(
            ": @Sandboxed(scope = METHOD) on parameter [dev.sandboxed.Sandbox sandbox] in method"
                + " [static void %s$BeforeAllParameterPerMethod.prepare(dev.sandboxed.Sandbox)]"
                + " cannot work, because it belongs to no test method; leave out the scope, or ask"
                + " for the sandbox in @BeforeEach",
            HERE);
  }

  static class MethodWithScopeOfClass {
    @Sandboxed(scope = SandboxScope.CLASS)
    @Test
    void test(Sandbox sandbox) {}
  }

  @Test
  void rejectsTheScopeOfAClassOnATestMethod() {
    assertThat(Engine.fail(MethodWithScopeOfClass.class))
        .hasMessageEndingWith(
            ": @Sandboxed(scope = CLASS) on method [void"
                + " %s$MethodWithScopeOfClass.test(dev.sandboxed.Sandbox)] cannot work, because its"
                + " sandbox is its own; leave out the scope, or put the annotation on the class",
            HERE);
  }

  @Sandboxed
  @TestInstance(TestInstance.Lifecycle.PER_CLASS)
  static class ConstructorOfOneInstance {
    ConstructorOfOneInstance(Sandbox sandbox) {}

    @Test
    void test() {}
  }

  @Test
  void rejectsTheSandboxOfATestMethodInTheConstructorOfOneInstanceForAll() {
    assertThat(Engine.fail(ConstructorOfOneInstance.class))
        .hasMessageEndingWith(
            ": parameter [dev.sandboxed.Sandbox sandbox] in constructor"
                + " [%1$s$ConstructorOfOneInstance(dev.sandboxed.Sandbox)] cannot have the sandbox"
                + " of a test method, because the instance is made once for the whole class; set"
                + " scope = SandboxScope.CLASS, or ask for the sandbox in the test methods",
            HERE);
  }

  @Sandboxed
  static class AnnotatedLifecycleMethod {
    @BeforeEach
    @Sandboxed(memory = "64m")
    void prepare(Sandbox sandbox) {}

    @Test
    void test() {}
  }

  @Test
  void rejectsTheAnnotationOnLifecycleMethods() {
    assertThat(Engine.fail(AnnotatedLifecycleMethod.class))
        .hasMessageEndingWith(
            ": @Sandboxed has no meaning on the lifecycle method [void"
                + " %s$AnnotatedLifecycleMethod.prepare(dev.sandboxed.Sandbox)]; put it on the"
                + " class, on the test methods or on the parameter",
            HERE);
  }

  static class NoAnnotation extends TakesSandbox {}

  static class AnnotationElsewhere {
    @Test
    void test(Sandbox sandbox, @Sandboxed SandboxFiles files) {}
  }

  @Test
  void leavesParametersThatNoAnnotationCoversToJUnit() {
    assertThat(Engine.fail(NoAnnotation.class))
        .hasMessageStartingWith("No ParameterResolver registered for parameter");
    assertThat(Engine.fail(AnnotationElsewhere.class))
        .hasMessageStartingWith("No ParameterResolver registered for parameter");
  }

  @Sandboxed(memory = "12x")
  static class BadMemory extends TakesSandbox {}

  static class BadDisk {
    @Test
    void test(@Sandboxed(disk = "1k") Sandbox sandbox) {}
  }

  static class BadCpus {
    @Sandboxed(cpus = -1)
    Sandbox sandbox;

    @Test
    void test() {}
  }

  static class BadProcesses {
    @Test
    @Sandboxed(processes = -3)
    void test(Sandbox sandbox) {}
  }

  @Sandboxed(timeout = "soon")
  static class BadTimeout extends TakesSandbox {}

  @Sandboxed(idleTimeout = "25h")
  static class BadIdleTimeout extends TakesSandbox {}

  @Sandboxed(image = "Debian:12")
  static class BadImage extends TakesSandbox {}

  abstract static class AbstractFactory implements ImageFactory {}

  @Sandboxed(imageFactory = AbstractFactory.class)
  static class NoInstance extends TakesSandbox {}

  static class FactoryWithParameter implements ImageFactory {
    FactoryWithParameter(String text) {
      assertThat(text).isNotNull();
    }

    @Override
    public Image image() {
      return Image.host();
    }
  }

  @Sandboxed(imageFactory = FactoryWithParameter.class)
  static class NoConstructor extends TakesSandbox {}

  static class BadSteps implements ImageFactory {
    @Override
    public Image image() {
      return Image.host().workdir("work");
    }
  }

  @Sandboxed(imageFactory = BadSteps.class)
  static class FailingFactory extends TakesSandbox {}

  @Sandboxed(image = "host", imageFactory = BadSteps.class)
  static class ImageAndFactory extends TakesSandbox {}

  @Sandboxed(workdir = "work")
  static class BadWorkdir extends TakesSandbox {}

  @Sandboxed(env = {"A=1", "PATH"})
  static class BadEnv extends TakesSandbox {}

  @Sandboxed(mounts = @SandboxMount(source = "src", target = "/root"))
  static class BadMount extends TakesSandbox {}

  @Sandboxed(
      mounts = {
        @SandboxMount(source = "src", target = "/work"),
        @SandboxMount(source = "target", target = "/work")
      })
  static class TwoMounts extends TakesSandbox {}

  @Sandboxed(volumes = @SandboxVolume(name = "pip", target = "/tmp"))
  static class BadVolume extends TakesSandbox {}

  @Sandboxed(volumes = @SandboxVolume(name = "a/b", target = "/cache"))
  static class BadVolumeName extends TakesSandbox {}

  @Sandboxed(secrets = {"PATH", "NO_SUCH_VARIABLE"})
  static class MissingSecret extends TakesSandbox {}

  @Sandboxed(network = {"example.org", "https://example.com"})
  static class BadNetwork extends TakesSandbox {}

  @Sandboxed(network = "example.org", networkDeny = "*")
  static class BadNetworkDeny extends TakesSandbox {}

  @Sandboxed(ports = {80, 70000})
  static class BadPorts extends TakesSandbox {}

  @BadComposed
  static class BadByComposition extends TakesSandbox {}

  @Sandboxed(disk = "big")
  @Retention(RetentionPolicy.RUNTIME)
  @interface BadComposed {}

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          BadMemory        | @Sandboxed(memory = "12x") on class [$BadMemory]: "12x" is not a size; write a number and a unit, such as 512m or 2g
          BadDisk          | @Sandboxed(disk = "1k") on parameter [dev.sandboxed.Sandbox sandbox] in method [void $BadDisk.test(dev.sandboxed.Sandbox)]: The disk limit is 1k; it must be 1 MiB at least
          BadCpus          | @Sandboxed(cpus = -1.0) on field [dev.sandboxed.Sandbox $BadCpus.sandbox]: The cpu limit is -1.0; it must be from 0.01 to 4096 processors
          BadProcesses     | @Sandboxed(processes = -3) on method [void $BadProcesses.test(dev.sandboxed.Sandbox)]: The limit of processes is -3; it must be 1 at least
          BadTimeout       | @Sandboxed(timeout = "soon") on class [$BadTimeout]: "soon" is not a duration; write a number and a unit, such as 500ms, 30s or 5m
          BadIdleTimeout   | @Sandboxed(idleTimeout = "25h") on class [$BadIdleTimeout]: The idle timeout is PT25H; it must be more than zero and at most 24 hours
          BadImage         | @Sandboxed(image = "Debian:12") on class [$BadImage]: "Debian:12" is not an image; write host, directory:<path>, tar:<path> or a registry's reference: "Debian:12" is not an image reference: the name "Debian" is malformed; names have lower-case letters and digits, in parts joined by '.', '_', '__' or '-'
          NoInstance       | @Sandboxed(imageFactory = $AbstractFactory.class) on class [$NoInstance]: no instance can be made of it; write a class that is not abstract, and static where it is within another
          NoConstructor    | @Sandboxed(imageFactory = $FactoryWithParameter.class) on class [$NoConstructor]: it has no constructor without parameters; write one
          FailingFactory   | @Sandboxed(imageFactory = $BadSteps.class) on class [$FailingFactory] failed: dev.sandboxed.InvalidSpecException: The working directory "work" is not an absolute, normalised path; write it like /work/src
          ImageAndFactory  | @Sandboxed on class [$ImageAndFactory] has both image = "host" and imageFactory = $BadSteps.class; leave one of them out
          BadWorkdir       | @Sandboxed(workdir = "work") on class [$BadWorkdir]: The working directory "work" is not an absolute, normalised path; write it like /work/src
          BadNetwork       | @Sandboxed(network = "example.org, https://example.com") on class [$BadNetwork]: "https://example.com" is not a network pattern: "https" is not tcp or udp; write only the host and perhaps a port, such as example.org:443
          BadNetworkDeny   | @Sandboxed(networkDeny = "*") on class [$BadNetworkDeny]: "*" is not a network pattern: it denies every host; leave it out: what no rule allows is closed, or add a port
          BadPorts         | @Sandboxed(ports = [80, 70000]) on class [$BadPorts]: There is no port 70000; ports are numbers from 1 to 65535
          BadEnv           | @Sandboxed(env = "PATH") on class [$BadEnv]: "PATH" is not an environment variable; write NAME=value
          TwoMounts        | @Sandboxed(mounts = "target at /work") on class [$TwoMounts]: two mounts have the target /work; use each target once
          BadVolume        | @Sandboxed(volumes = "pip at /tmp") on class [$BadVolume]: The volume pip cannot be mounted at /tmp, which the sandbox needs itself; choose a path of its own, such as /work
          BadVolumeName    | @Sandboxed(volumes = "a/b at /cache") on class [$BadVolumeName]: "a/b" is not a name for a volume; use 1 to 63 letters, digits, '.', '_' and '-', beginning with a letter or digit, such as pip-cache
          MissingSecret    | @Sandboxed(secrets = "NO_SUCH_VARIABLE") on class [$MissingSecret]: The host has no environment variable NO_SUCH_VARIABLE to take a secret from; set it, or use Secret.of
          BadByComposition | @Sandboxed(disk = "big") on annotation [$BadComposed]: "big" is not a size; write a number and a unit, such as 512m or 2g
          """)
  void namesTheAttributeTheElementAndTheFormOfABadValue(String fixture, String message)
      throws ClassNotFoundException {
    var failure = Engine.fail(Class.forName(HERE + "$" + fixture));

    assertThat(failure).hasMessageEndingWith(message.replace("$", HERE + "$"));
  }

  @Test
  void rejectsMountsOverWhatTheSandboxNeeds() {
    assertThat(Engine.fail(BadMount.class))
        .hasMessageContaining(
            "@Sandboxed(mounts = \"src at /root\") on class [%s$BadMount]: ", HERE)
        .hasMessageEndingWith(
            " cannot be mounted at /root, which the sandbox needs itself; choose a path of its own,"
                + " such as /work");
  }

  @Sandboxed
  static class Plain extends TakesSandbox {}

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          sandboxed.memory    | 12x     | "12x" is not a size; write a number and a unit, such as 512m or 2g
          sandboxed.cpus      | two     | "two" is not a number of processors; write one such as 2 or 0.5
          sandboxed.processes | many    | "many" is not a number of processes; write one such as 64
          sandboxed.network   | a b     | "a b" is not a network pattern: it holds white space; give each pattern by itself, without any
          sandboxed.ports     | http    | "http" is not a list of ports; write numbers such as 8080, 9090
          sandboxed.verbose   | yes     | "yes" is neither true nor false; write one of them
          sandboxed.scope     | default | "default" is not known; write method, class, hierarchy, execution or session
          sandboxed.maxLive   | 0       | "0" is not a number of sandboxes; write 1 or more, or leave it out for no bound
          sandboxed.maxLive   | all     | "all" is not a number of sandboxes; write 1 or more, or leave it out for no bound
          sandboxed.env       | A=1, B  | "B" is not an environment variable; write NAME=value
          sandboxed.mounts    | src     | "src" is not a mount; write source:target or source:target:access
          sandboxed.mounts    | .:/w:rw | "rw" is not known; write copy_on_write, read_only or writable
          """)
  void namesTheConfigurationParameterOfABadValue(String name, String value, String message) {
    assertThat(Engine.fail(Plain.class, Map.of(name, value)))
        .hasMessageEndingWith(": %s = %s, a configuration parameter: %s", name, value, message);
  }
}
