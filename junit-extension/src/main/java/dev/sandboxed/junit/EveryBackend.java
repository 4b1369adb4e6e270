package dev.sandboxed.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.ClassTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Run a test class once on every backend that is present, each time under the backend's name.
 *
 * <p>Present is what {@link dev.sandboxed.Backends#names} finds on the class path. In each round
 * the sandboxes of {@link Sandboxed @Sandboxed} are of that backend, unless an annotation names
 * another.
 *
 * <pre>{@code
 * @EveryBackend
 * @Sandboxed
 * class GeneratedCodeTest {
 *   @Test
 *   void runs(Sandbox sandbox) {
 *     assertTrue(sandbox.exec("true").await().isSuccess());
 *   }
 * }
 * }</pre>
 *
 * <p>On a backend that cannot run on this machine the tests fail and say why; with {@link
 * EnabledIfSandboxAvailable @EnabledIfSandboxAvailable} beside it they are disabled there.
 *
 * <p>Sandboxes of the scope {@link SandboxScope#CLASS} live for one round. What JUnit runs once for
 * all rounds can have none: {@code @BeforeAll} and {@code @AfterAll} methods, static fields, and
 * the constructor and fields of an instance that is made once for the class. It is an error to ask
 * for one there.
 */
@Documented
@Inherited
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ClassTemplate
@ExtendWith(EveryBackendRounds.class)
public @interface EveryBackend {}
