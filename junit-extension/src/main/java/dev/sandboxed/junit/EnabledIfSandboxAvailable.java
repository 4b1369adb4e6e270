package dev.sandboxed.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Disable a test where no sandbox can run, instead of letting it fail.
 *
 * <p>Once for all tests of a run a sandbox is started to see. Where that fails, the reason says
 * what is missing and how to mend it, as {@code mvn sandbox:doctor} does: {@link
 * dev.sandboxed.Backend#check}. Nothing is ever run without isolation instead.
 *
 * <pre>{@code
 * @Sandboxed
 * @EnabledIfSandboxAvailable
 * class GeneratedCodeTest {
 *   @Test
 *   void runs(Sandbox sandbox) {
 *     assertTrue(sandbox.exec("true").await().isSuccess());
 *   }
 * }
 * }</pre>
 *
 * <p>So that a run in CI cannot pass by skipping everything, set the configuration parameter {@link
 * #REQUIRED_PROPERTY_NAME} there: what would be disabled then fails, with the same reason.
 *
 * <p>An annotation on a method takes the place of the one on its class. Tests may run in parallel.
 * An attribute that has no meaning fails the test with a message that names it, its value and its
 * place.
 */
@Documented
@Inherited
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(SandboxAvailability.class)
public @interface EnabledIfSandboxAvailable {

  /**
   * The configuration parameter that, if {@code true}, lets tests fail that would be disabled:
   * {@value}.
   */
  String REQUIRED_PROPERTY_NAME = "sandboxed.required";

  /**
   * Names the backend that has to be able to run.
   *
   * @return such as {@code gvisor}; unless set, the one that the configuration parameter {@code
   *     sandboxed.backend} names, or else the one of the highest priority
   */
  String backend() default "";

  /**
   * Says how many of the host's GPUs have to be there for a sandbox.
   *
   * @return the number; none unless set
   */
  int gpu() default 0;

  /**
   * Says which GPUs they have to be.
   *
   * @return a part of their name, such as {@code H200}; any unless set
   */
  String gpuModel() default "";
}
