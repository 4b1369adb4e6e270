package dev.sandboxed.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Give a test its own sandbox.
 *
 * <p>On a class or a test method it lets every parameter of type {@link dev.sandboxed.Sandbox} or
 * {@link dev.sandboxed.SandboxFiles} be resolved: in the constructor, in lifecycle methods and in
 * the tests. All of them mean the same sandbox, the test's, which is fresh for each test method
 * unless {@link #scope} says otherwise.
 *
 * <pre>{@code
 * @Sandboxed(memory = "512m", timeout = "30s")
 * class GeneratedCodeTest {
 *   @Test
 *   void addsUp(Sandbox sandbox) {
 *     var result = sandbox.exec("python3", "-c", "print(1 + 1)").await();
 *     assertEquals("2\n", result.stdout());
 *   }
 * }
 * }</pre>
 *
 * <p>On a field or a parameter it asks for a sandbox that belongs to this field or parameter alone;
 * so one test can have several, each with its own settings. Fields must not be final. A static
 * field, and a parameter of a {@code @BeforeAll} or {@code @AfterAll} method, has a sandbox that
 * lives as long as the class.
 *
 * <pre>{@code
 * class TwoSandboxesTest {
 *   @Sandboxed(env = "ROLE=server")
 *   Sandbox server;
 *
 *   @Test
 *   void areApart(@Sandboxed(env = "ROLE=client") Sandbox client) {
 *     assertNotEquals(server.id(), client.id());
 *   }
 * }
 * }</pre>
 *
 * <p>A sandbox is created when its parameter or field is injected, not before. It is ended when the
 * test, or for the scope {@link SandboxScope#CLASS} the class, is over.
 *
 * <h2>Which settings apply</h2>
 *
 * <p>Attribute by attribute, the nearest annotation that sets it: the one of the field or
 * parameter, of the test method, of the class, its superclasses and interfaces, and of the classes
 * that enclose a {@code @Nested} one. On each of them a composed annotation, which carries
 * {@code @Sandboxed} itself, counts like {@code @Sandboxed} but after it. Then comes the JUnit
 * configuration parameter named with each attribute, then its default. {@link #env}, {@link
 * #mounts}, {@link #volumes} and {@link #secrets} are gathered from all of them, the nearest
 * winning for the same variable or target.
 *
 * <h2>When a test fails</h2>
 *
 * <p>Its failure carries, as a suppressed exception and as a report entry, the last commands that
 * ran in its sandboxes: each with its exit reason and the ends of stdout and stderr; and the
 * destinations outside that they tried to reach.
 *
 * <p>Tests may run in parallel. A setting that has no meaning fails the test with a message that
 * names it, its value and its place.
 */
@Documented
@Inherited
@Target({ElementType.TYPE, ElementType.METHOD, ElementType.FIELD, ElementType.PARAMETER})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(SandboxExtension.class)
public @interface Sandboxed {

  /** The configuration parameter for {@link #image}: {@value}. */
  String IMAGE_PROPERTY_NAME = "sandboxed.image";

  /** The configuration parameter for {@link #command}, its arguments apart by spaces: {@value}. */
  String COMMAND_PROPERTY_NAME = "sandboxed.command";

  /** The configuration parameter for {@link #env}, {@code A=1, B=2}: {@value}. */
  String ENV_PROPERTY_NAME = "sandboxed.env";

  /** The configuration parameter for {@link #workdir}: {@value}. */
  String WORKDIR_PROPERTY_NAME = "sandboxed.workdir";

  /**
   * The configuration parameter for {@link #mounts}, {@code source:target} or {@code
   * source:target:access} with {@code copy_on_write}, {@code read_only} or {@code writable}, apart
   * by commas: {@value}.
   */
  String MOUNTS_PROPERTY_NAME = "sandboxed.mounts";

  /** The configuration parameter for {@link #secrets}, apart by commas: {@value}. */
  String SECRETS_PROPERTY_NAME = "sandboxed.secrets";

  /** The configuration parameter for {@link #memory}: {@value}. */
  String MEMORY_PROPERTY_NAME = "sandboxed.memory";

  /** The configuration parameter for {@link #cpus}: {@value}. */
  String CPUS_PROPERTY_NAME = "sandboxed.cpus";

  /** The configuration parameter for {@link #disk}: {@value}. */
  String DISK_PROPERTY_NAME = "sandboxed.disk";

  /** The configuration parameter for {@link #processes}: {@value}. */
  String PROCESSES_PROPERTY_NAME = "sandboxed.processes";

  /** The configuration parameter for {@link #gpu}: {@value}. */
  String GPU_PROPERTY_NAME = "sandboxed.gpu";

  /** The configuration parameter for {@link #gpuModel}: {@value}. */
  String GPU_MODEL_PROPERTY_NAME = "sandboxed.gpuModel";

  /** The configuration parameter for {@link #network}, apart by commas: {@value}. */
  String NETWORK_PROPERTY_NAME = "sandboxed.network";

  /** The configuration parameter for {@link #networkDeny}, apart by commas: {@value}. */
  String NETWORK_DENY_PROPERTY_NAME = "sandboxed.networkDeny";

  /** The configuration parameter for {@link #ports}, apart by commas: {@value}. */
  String PORTS_PROPERTY_NAME = "sandboxed.ports";

  /** The configuration parameter for {@link #timeout}: {@value}. */
  String TIMEOUT_PROPERTY_NAME = "sandboxed.timeout";

  /** The configuration parameter for {@link #idleTimeout}: {@value}. */
  String IDLE_TIMEOUT_PROPERTY_NAME = "sandboxed.idleTimeout";

  /** The configuration parameter for {@link #verbose}, {@code true} or {@code false}: {@value}. */
  String VERBOSE_PROPERTY_NAME = "sandboxed.verbose";

  /** The configuration parameter for {@link #scope}, {@code method} or {@code class}: {@value}. */
  String SCOPE_PROPERTY_NAME = "sandboxed.scope";

  /**
   * Names the root file system.
   *
   * @return {@code host} for the host's own tools, the default; {@code directory:<path>} for a
   *     directory's copy; {@code tar:<path>} for the contents of a tar file; anything else is a
   *     reference to an image of a registry, such as {@code python:3.12-slim}
   */
  String image() default "";

  /**
   * Names the entrypoint: the sandbox ends when it ends.
   *
   * @return the program and its arguments; none unless set, and the sandbox stays up for commands
   */
  String[] command() default {};

  /**
   * Sets environment variables of every process inside.
   *
   * @return {@code NAME=value} each
   */
  String[] env() default {};

  /**
   * Sets where processes start and relative paths begin.
   *
   * @return an absolute path; made if it is missing
   */
  String workdir() default "";

  /**
   * Shows host directories inside.
   *
   * @return the mounts, each with a target of its own
   */
  SandboxMount[] mounts() default {};

  /**
   * Gives the sandbox named volumes, which outlive it.
   *
   * @return the volumes, each once and with a target of its own
   */
  SandboxVolume[] volumes() default {};

  /**
   * Takes variables of the host as secrets: every process inside sees them, and their values are
   * masked in reports and messages.
   *
   * @return the names of environment variables, which the host must have
   */
  String[] secrets() default {};

  /**
   * Limits the memory of everything inside.
   *
   * @return a number and a unit such as {@code 512m} or {@code 2g}, 16 MiB at least; half of the
   *     machine's unless set
   */
  String memory() default "";

  /**
   * Limits the processors' time.
   *
   * @return how many processors' time, such as {@code 1.5}; no limit unless set
   */
  double cpus() default 0;

  /**
   * Limits what can be written to the root file system; it counts as memory, too.
   *
   * @return a number and a unit such as {@code 256m}; 4 GiB unless set
   */
  String disk() default "";

  /**
   * Limits the processes and threads inside.
   *
   * @return the number; 4096 unless set
   */
  int processes() default 0;

  /**
   * Gives the sandbox graphics processors of the host; a host without fails the test.
   *
   * @return how many, 64 at most; none unless set
   */
  int gpu() default 0;

  /**
   * Says of which model the processors of {@link #gpu} must be; wherever it is set, it has no
   * effect where no processors are wanted.
   *
   * @return a part of the name that {@code nvidia-smi -L} shows, such as {@code H200}
   */
  String gpuModel() default "";

  /**
   * Allows destinations outside; nothing is reachable unless set.
   *
   * @return patterns such as {@code *.example.org}, {@code api.example.com:443} or {@code
   *     203.0.113.0/24}, and the words {@code none}, {@code build-tools} and {@code everything}, as
   *     {@link dev.sandboxed.NetworkPolicy#parse} reads them
   */
  String[] network() default {};

  /**
   * Closes destinations that {@link #network} would allow; wherever it is set, it has no effect
   * where no network is.
   *
   * @return patterns such as {@code admin.example.org}
   */
  String[] networkDeny() default {};

  /**
   * Joins the sandboxes of one test, or those of one class, that have such a name: they find each
   * other by it, and reach each other's {@link #ports}. Sandboxes of tests and of classes are
   * apart.
   *
   * @return 1 to 63 of {@code a-z}, {@code 0-9} and {@code -}, beginning with a letter; alone
   *     unless set
   * @see dev.sandboxed.SandboxNetwork
   */
  String joinAs() default "";

  /**
   * Declares TCP ports inside, which have a tunnel from the start; {@link Tunnel @Tunnel} and
   * {@link dev.sandboxed.Sandbox#tunnel} reach other ports too.
   *
   * @return from 1 to 65535 each; 64 at most
   */
  int[] ports() default {};

  /**
   * Sets how long the sandbox may live, whatever runs in it.
   *
   * @return a number and a unit such as {@code 30s} or {@code 10m}, 24 hours at most; 5 minutes
   *     unless set
   */
  String timeout() default "";

  /**
   * Ends the sandbox when nothing ran in it for this long.
   *
   * @return a number and a unit such as {@code 30s}, 24 hours at most; off unless set
   */
  String idleTimeout() default "";

  /**
   * Logs every command and file call with its duration; on as soon as one of the annotations or the
   * configuration parameter says so.
   *
   * @return whether to
   */
  boolean verbose() default false;

  /**
   * Says which tests share the sandbox.
   *
   * @return a fresh one for each test method unless set
   */
  SandboxScope scope() default SandboxScope.DEFAULT;
}
