package dev.sandboxed.core.agent;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Exec;
import dev.sandboxed.ExecResult;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.OutputTail;
import dev.sandboxed.PtySize;
import dev.sandboxed.SandboxProcess;
import dev.sandboxed.Secret;
import dev.sandboxed.SecretMask;
import dev.sandboxed.core.protocol.Frame;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A command for the agent; see {@link Exec}. */
final class ExecCommand implements Exec {
  private static final ByteSize OUTPUT_LIMIT = ByteSize.parse("64m");

  /** JSON escapes can make a byte six; the frame's limit is 1 MiB. */
  private static final int MAX_BYTES = Frame.MAX_PAYLOAD_BYTES / 6 - 1024;

  private final AgentContext context;
  private final Settings settings;

  /** What a command is made of; never printed, since the environment may hold secrets. */
  private record Settings(
      List<String> argv,
      Map<String, String> env,
      String workdir,
      Optional<String> user,
      Optional<byte[]> input,
      Optional<Duration> timeout,
      Optional<PtySize> pty,
      ByteSize outputLimit,
      Mode mode,
      SecretMask mask) {
    @Override
    public String toString() {
      return mask.apply(argv).toString();
    }
  }

  /** What a command is run for. */
  private enum Mode {
    /** For a handle, whose user may write to stdin. */
    START,
    /** For the result. */
    AWAIT
  }

  private ExecCommand(AgentContext context, Settings settings) {
    this.context = context;
    this.settings = settings;
  }

  static ExecCommand of(AgentContext context, List<String> argv) {
    if (argv.isEmpty()) {
      throw new InvalidSpecException("The command is empty; name the program to run");
    }
    Checks.notEmpty("command's first element", argv.get(0));
    argv.forEach(argument -> Checks.noNul("command argument", argument));
    return new ExecCommand(
        context,
        new Settings(
            List.copyOf(argv),
            context.env(),
            context.workdir(),
            context.user(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            OUTPUT_LIMIT,
            Mode.START,
            context.mask()));
  }

  @Override
  public Exec workdir(String workdir) {
    var absolute = Checks.path(context.workdir(), workdir);
    var s = settings;
    return with(
        new Settings(
            s.argv,
            s.env,
            absolute,
            s.user,
            s.input,
            s.timeout,
            s.pty,
            s.outputLimit,
            s.mode,
            s.mask));
  }

  @Override
  public Exec env(String name, String value) {
    return env(Map.of(name, value));
  }

  @Override
  public Exec env(Map<String, String> variables) {
    var env = new LinkedHashMap<>(settings.env);
    variables.forEach(
        (name, value) ->
            env.put(
                Checks.envName(name),
                Checks.noNul("value of the environment variable " + name, value)));
    var s = settings;
    return with(
        new Settings(
            s.argv,
            Map.copyOf(env),
            s.workdir,
            s.user,
            s.input,
            s.timeout,
            s.pty,
            s.outputLimit,
            s.mode,
            s.mask));
  }

  @Override
  public Exec secret(Secret secret) {
    var s = settings;
    var env = new LinkedHashMap<>(s.env);
    env.put(secret.name(), secret.reveal());
    return with(
        new Settings(
            s.argv,
            Map.copyOf(env),
            s.workdir,
            s.user,
            s.input,
            s.timeout,
            s.pty,
            s.outputLimit,
            s.mode,
            s.mask.and(List.of(secret))));
  }

  @Override
  public Exec user(String user) {
    var s = settings;
    return with(
        new Settings(
            s.argv,
            s.env,
            s.workdir,
            Optional.of(Checks.notEmpty("user", user)),
            s.input,
            s.timeout,
            s.pty,
            s.outputLimit,
            s.mode,
            s.mask));
  }

  @Override
  public Exec stdin(byte[] bytes) {
    var s = settings;
    return with(
        new Settings(
            s.argv,
            s.env,
            s.workdir,
            s.user,
            Optional.of(bytes.clone()),
            s.timeout,
            s.pty,
            s.outputLimit,
            s.mode,
            s.mask));
  }

  @Override
  public Exec timeout(Duration timeout) {
    var s = settings;
    return with(
        new Settings(
            s.argv,
            s.env,
            s.workdir,
            s.user,
            s.input,
            Optional.of(Checks.timeout(timeout)),
            s.pty,
            s.outputLimit,
            s.mode,
            s.mask));
  }

  @Override
  public Exec pty(PtySize size) {
    var s = settings;
    return with(
        new Settings(
            s.argv,
            s.env,
            s.workdir,
            s.user,
            s.input,
            s.timeout,
            Optional.of(size),
            s.outputLimit,
            s.mode,
            s.mask));
  }

  @Override
  public Exec outputLimit(ByteSize limit) {
    var s = settings;
    return with(
        new Settings(
            s.argv, s.env, s.workdir, s.user, s.input, s.timeout, s.pty, limit, s.mode, s.mask));
  }

  @Override
  public List<String> command() {
    return settings.argv;
  }

  @Override
  public SandboxProcess start() {
    var process = RemoteProcess.start(context, in(Mode.START));
    return Waits.join(process.whenStarted(), "the start of " + program(), process::close);
  }

  @Override
  public CompletableFuture<SandboxProcess> startAsync() {
    var process = RemoteProcess.start(context, in(Mode.START));
    return Waits.expose(process.whenStarted(), context.executor(), process::close);
  }

  @Override
  public ExecResult await() {
    var run = ExecRun.start(context, in(Mode.AWAIT));
    return Waits.join(run.result(), "the end of " + program(), run::cancel);
  }

  @Override
  public CompletableFuture<ExecResult> awaitAsync() {
    var run = ExecRun.start(context, in(Mode.AWAIT));
    return Waits.expose(run.result(), context.executor(), run::cancel);
  }

  /** Returns the program for messages. */
  String program() {
    return OutputTail.commandLine(settings.mask.apply(settings.argv.subList(0, 1)));
  }

  /** Returns what takes the secrets out of messages. */
  SecretMask mask() {
    return settings.mask;
  }

  /** Returns the command for messages. */
  String shown() {
    return OutputTail.commandLine(settings.mask.apply(settings.argv));
  }

  Optional<byte[]> input() {
    return settings.input;
  }

  Optional<Duration> timeout() {
    return settings.timeout;
  }

  boolean hasPty() {
    return settings.pty.isPresent();
  }

  ByteSize outputLimit() {
    return settings.outputLimit;
  }

  String workdir() {
    return settings.workdir;
  }

  Optional<String> user() {
    return settings.user;
  }

  String searchPath() {
    return settings.env.getOrDefault("PATH", "");
  }

  /** Returns the request for the agent. */
  Map<String, @Nullable Object> message() {
    var bytes =
        settings.argv.stream().mapToLong(ExecCommand::length).sum()
            + settings.env.entrySet().stream()
                .mapToLong(e -> length(e.getKey()) + length(e.getValue()))
                .sum();
    if (bytes > MAX_BYTES) {
      throw new InvalidSpecException(
          "The command and its environment have %,d bytes, more than the %,d possible; pass long data by stdin or a file"
              .formatted(bytes, MAX_BYTES));
    }
    var message = new LinkedHashMap<String, @Nullable Object>();
    message.put("op", "exec");
    message.put("argv", settings.argv);
    message.put("cwd", settings.workdir);
    message.put("env", settings.env);
    message.put("user", settings.user.orElse(null));
    message.put("stdin", settings.mode != Mode.AWAIT || settings.input.isPresent());
    message.put("timeoutMillis", settings.timeout.map(t -> Math.max(1, t.toMillis())).orElse(null));
    message.put(
        "pty", settings.pty.map(p -> Map.of("rows", p.rows(), "cols", p.columns())).orElse(null));
    return message;
  }

  private Exec with(Settings changed) {
    return new ExecCommand(context, changed);
  }

  private ExecCommand in(Mode mode) {
    var s = settings;
    return new ExecCommand(
        context,
        new Settings(
            s.argv,
            s.env,
            s.workdir,
            s.user,
            s.input,
            s.timeout,
            s.pty,
            s.outputLimit,
            mode,
            s.mask));
  }

  private static int length(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
