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
 * <p>On a class or a test method it lets every parameter of type {@link dev.sandboxed.Sandbox},
 * {@link dev.sandboxed.SandboxFiles} or {@link SandboxProperties} be resolved: in the constructor,
 * in lifecycle methods and in the tests. All of them mean the same sandbox, the test's, which is
 * fresh for each test method unless {@link #scope} says otherwise.
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
 * lives as long as the class, or longer if that is said.
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
 * <p>A test that asks for no sandbox has none. A sandbox is ended when the test, or what else its
 * {@link SandboxScope} names, is over, and never used for another. While a test runs, the sandbox
 * of the next is prepared, where {@link dev.sandboxed.SandboxPool#obstacle} sees nothing against
 * it; its timeouts count from when it is injected. {@link #POOL_PROPERTY_NAME} switches that off.
 *
 * <h2>Which settings apply</h2>
 *
 * <p>Attribute by attribute, the nearest annotation that sets it: the one of the field or
 * parameter, of the test method, of the class, its superclasses and interfaces, and of the classes
 * that enclose a {@code @Nested} one. On each of them a composed annotation, which carries
 * {@code @Sandboxed} itself, counts like {@code @Sandboxed} but after it. Then comes the JUnit
 * configuration parameter named with each attribute, then its default. {@link #env}, {@link
 * #mounts}, {@link #volumes}, {@link #files}, {@link #secrets}, {@link #tags} and {@link
 * #properties} are gathered from all of them, the nearest winning for the same variable, target,
 * key or name.
 *
 * <h2>When a test fails</h2>
 *
 * <p>Its failure carries, as a suppressed exception and as a report entry, the last commands that
 * ran in its sandboxes: each with its exit reason and the ends of stdout and stderr; and the
 * destinations outside that they tried to reach. It names the files that are attached to the test's
 * report, which tell more of each of them: see {@link #diagnostics}.
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

  /**
   * The configuration parameter for {@link #files}, {@code source:target} or {@code
   * source:target:mode}, apart by commas, the source a path of the host or {@code classpath:} and a
   * name from the top of the class path: {@value}.
   */
  String FILES_PROPERTY_NAME = "sandboxed.files";

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

  /** The configuration parameter for {@link #readyTimeout}: {@value}. */
  String READY_TIMEOUT_PROPERTY_NAME = "sandboxed.readyTimeout";

  /** The configuration parameter for {@link #backend}: {@value}. */
  String BACKEND_PROPERTY_NAME = "sandboxed.backend";

  /** The configuration parameter for {@link #app}: {@value}. */
  String APP_PROPERTY_NAME = "sandboxed.app";

  /** The configuration parameter for {@link #tags}, {@code a=1, b=2}: {@value}. */
  String TAGS_PROPERTY_NAME = "sandboxed.tags";

  /**
   * The configuration parameter for {@link #customizer}, the name of a class, which is applied
   * before all others: {@value}.
   */
  String CUSTOMIZER_PROPERTY_NAME = "sandboxed.customizer";

  /**
   * The configuration parameter for {@link #scope}, its name in any case such as {@code class}:
   * {@value}.
   */
  String SCOPE_PROPERTY_NAME = "sandboxed.scope";

  /**
   * The configuration parameter for {@link #diagnostics}, {@code off}, {@code summary} or {@code
   * full}: {@value}.
   */
  String DIAGNOSTICS_PROPERTY_NAME = "sandboxed.diagnostics";

  /**
   * The configuration parameter that, if {@code true}, has a memory snapshot taken of each sandbox
   * of a failed test; its failure says how to start a copy: {@value}.
   */
  String DIAGNOSTICS_SNAPSHOT_PROPERTY_NAME = "sandboxed.diagnostics.snapshot";

  /**
   * The configuration parameter for {@link #execution}, {@code inside} or {@code outside}:
   * {@value}.
   */
  String EXECUTION_PROPERTY_NAME = "sandboxed.execution";

  /**
   * The configuration parameter that, if {@code true}, has each test that runs inside wait for a
   * debugger, whose address is printed: {@value}.
   */
  String INSIDE_DEBUG_PROPERTY_NAME = "sandboxed.inside.debug";

  /**
   * The configuration parameter that, if {@code false}, has a JVM boot for each test that runs
   * inside, in place of a copy of one that has: {@value}.
   */
  String INSIDE_SNAPSHOT_PROPERTY_NAME = "sandboxed.inside.snapshot";

  /**
   * The configuration parameter for how many tests run inside at a time, as many as there are
   * processors unless set: {@value}.
   */
  String INSIDE_PARALLELISM_PROPERTY_NAME = "sandboxed.inside.parallelism";

  /**
   * The configuration parameter for further arguments of the JVMs inside, apart by spaces:
   * {@value}.
   */
  String INSIDE_JVM_ARGUMENTS_PROPERTY_NAME = "sandboxed.inside.jvmArguments";

  /**
   * The configuration parameter for the names of system properties that tests inside get as they
   * are here, apart by commas: {@value}.
   */
  String INSIDE_SYSTEM_PROPERTIES_PROPERTY_NAME = "sandboxed.inside.systemProperties";

  /**
   * The configuration parameter that, if {@code false}, lets every sandbox be created only when its
   * test asks for it: {@value}.
   */
  String POOL_PROPERTY_NAME = "sandboxed.pool";

  /**
   * The configuration parameter that bounds how many sandboxes live at the same time, 1 or more:
   * {@value}. A test waits for its first sandbox until there is room; what it wants further, and
   * what classes share, is started at once.
   */
  String MAX_LIVE_PROPERTY_NAME = "sandboxed.maxLive";

  /**
   * Names the root file system.
   *
   * @return {@code host} for the host's own tools, the default; {@code directory:<path>} for a
   *     directory's copy; {@code tar:<path>} for the contents of a tar file; anything else is a
   *     reference to an image of a registry, such as {@code python:3.12-slim}
   */
  String image() default "";

  /**
   * Names a class that makes the root file system, in place of {@link #image}: an image of steps,
   * for instance. The nearest annotation that sets either of the two counts.
   *
   * @return a class with a constructor without parameters
   */
  Class<? extends ImageFactory> imageFactory() default ImageFactory.class;

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
   * Puts files into the sandbox before anything runs in it: from the class path, from the host or
   * in words.
   *
   * @return the files, each with a target of its own
   */
  SandboxFile[] files() default {};

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
   * Joins the sandboxes of one test, or those of one class, hierarchy, execution or session, that
   * have such a name: they find each other by it, and reach each other's {@link #ports}. Sandboxes
   * of different scopes are apart.
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
   * Says when what the sandbox runs is ready: it is injected only then, and a test whose sandbox
   * does not get ready fails with what was seen last and the end of the sandbox's output.
   *
   * @return the probes, of which each has to succeed; none unless set, and the sandbox is injected
   *     as soon as it answers
   */
  Probe[] readyWhen() default {};

  /**
   * Sets how long the probes of {@link #readyWhen} may take in all; wherever it is set, it has no
   * effect where there are none, or on the boot that {@link SnapshotMode#READY} takes a snapshot
   * of, which has 5 minutes.
   *
   * @return a number and a unit such as {@code 30s}; 5 minutes unless set
   */
  String readyTimeout() default "";

  /**
   * Says what the sandbox starts from: nothing, so that it is booted; or a snapshot with the memory
   * of one that was ready, or that a method with {@link SandboxSetup @SandboxSetup} had set up.
   *
   * @return booted unless set
   */
  SnapshotMode snapshot() default SnapshotMode.DEFAULT;

  /**
   * Logs every command and file call with its duration; on as soon as one of the annotations or the
   * configuration parameter says so.
   *
   * @return whether to
   */
  boolean verbose() default false;

  /**
   * Says what is written down about the sandbox when a test that can have used it fails: files that
   * are attached to the test's report, and named in its failure.
   *
   * @return all that there is unless set
   */
  DiagnosticsMode diagnostics() default DiagnosticsMode.DEFAULT;

  /**
   * Says by which properties an application under test finds what runs in the sandbox; {@link
   * SandboxProperties} hands them on.
   *
   * @return the properties, each with a name of its own
   */
  SandboxProperty[] properties() default {};

  /**
   * Names what creates the sandbox; a name that none has fails the test with those that are there.
   *
   * @return the name of a {@link dev.sandboxed.Backend}, such as {@code gvisor}; the default one
   *     unless set
   */
  String backend() default "";

  /**
   * Sets the app, the namespace that the sandbox's name is unique in.
   *
   * @return 1 to 63 letters, digits, {@code .}, {@code _} and {@code -}, beginning with a letter or
   *     a digit; {@code default} unless set
   */
  String app() default "";

  /**
   * Names the sandbox, for {@code mvn sandbox:shell} and {@link dev.sandboxed.Sandbox#fromName}: no
   * other of its app can have the name while it runs, so that tests which run in parallel need
   * names, or apps, of their own.
   *
   * @return of the same form as {@link #app}; without a name unless set
   */
  String name() default "";

  /**
   * Tags the sandbox, for {@link dev.sandboxed.Sandbox#list(dev.sandboxed.SandboxFilter)}.
   *
   * @return {@code key=value} each
   */
  String[] tags() default {};

  /**
   * Names a class that says in code what annotations cannot. Those of all annotations are applied,
   * the farthest first.
   *
   * @return a class with a constructor without parameters
   */
  Class<? extends SandboxCustomizer> customizer() default SandboxCustomizer.class;

  /**
   * Says which tests share the sandbox.
   *
   * @return a fresh one for each test method unless set
   */
  SandboxScope scope() default SandboxScope.DEFAULT;

  /**
   * Says where the code of the tests runs: here, with a sandbox to use; or in a sandbox itself, in
   * a JVM for each test method, or for each class with {@link SandboxScope#CLASS}.
   *
   * <p>On a test method or on a class. The class is neither initialised nor instantiated in this
   * JVM if all its tests run inside.
   *
   * @return outside unless set
   */
  TestExecution execution() default TestExecution.DEFAULT;
}
