package dev.sandboxed.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Prepare what the sandboxes of a test class start from: a schema, data, a warm cache. The method
 * runs once, in a sandbox that is then snapshotted with its memory; each test of the class gets a
 * copy of that. It needs {@link SnapshotMode#AFTER_SETUP}.
 *
 * <pre>{@code
 * @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
 * class OrdersTest {
 *   @SandboxSetup
 *   static void load(SandboxFiles files) {
 *     files.write("/tmp/orders", "1 apple\n");
 *   }
 *
 *   @Test
 *   void startsWithOneOrder(Sandbox sandbox) {
 *     assertEquals("1 apple\n", sandbox.files().readText("/tmp/orders"));
 *   }
 * }
 * }</pre>
 *
 * <p>Its parameters are resolved like those of a test method. Those of type {@link
 * dev.sandboxed.Sandbox} and {@link dev.sandboxed.SandboxFiles}, and those with {@link
 * Tunnel @Tunnel}, mean the sandbox that is set up; it is ready if {@link Sandboxed#readyWhen} says
 * when that is, and ends when the snapshot is taken.
 *
 * <p>The method returns nothing, is not private, and is static unless the test class has one
 * instance for all its tests. Methods of superclasses and interfaces run first, those of a class
 * before those of its {@code @Nested} ones, which start from its snapshot; without a method of its
 * own a nested class shares that of the class around it. Of several in one class the order is
 * always the same, but not an obvious one. They run when the first test asks for its sandbox, after
 * {@code @BeforeAll}; and once more for each kind of sandbox with other settings that tests of the
 * class ask for.
 *
 * <p>If one fails, each test that wants a copy fails with that as its cause.
 */
@Documented
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
public @interface SandboxSetup {}
