package dev.sandboxed.junit.diagnosis;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Connection;
import dev.sandboxed.Connection.Verdict;
import dev.sandboxed.Image;
import dev.sandboxed.Limits;
import dev.sandboxed.LogLine;
import dev.sandboxed.OutputTail;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.Secret;
import dev.sandboxed.SecretMask;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The text about one sandbox of a failed test: bounded, without secrets, and safe to print on a
 * terminal, since most of it comes from inside.
 */
public final class Summary {
  private static final int MAX_CONNECTIONS = 500;
  private static final int MAX_LOG = 256 << 10;
  private static final int MAX_IMAGE = 2000;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT).withZone(ZoneOffset.UTC);

  private final StringBuilder text = new StringBuilder();
  private final Facts facts;
  private final SecretMask mask;

  private Summary(Facts facts, SecretMask mask) {
    this.facts = facts;
    this.mask = mask;
  }

  /**
   * Writes the text.
   *
   * @param facts what is known of the sandbox, or will be soon
   * @param subject what the sandbox belongs to
   * @param commands describes what ran, without secrets
   * @param mask takes the secrets out
   */
  public static String of(Facts facts, String subject, String commands, SecretMask mask) {
    var summary = new Summary(facts, mask);
    summary.text.append("Sandbox %s of %s\n\n".formatted(facts.sandbox().id(), subject));
    summary.properties();
    summary.section("What ran", commands);
    summary.section("What it tried to reach", summary.connections());
    facts.changes().ifPresent(c -> summary.section("What it changed", summary.changes(c)));
    summary.section("The end of its log (times in UTC)", summary.log());
    return summary.text.toString();
  }

  private void properties() {
    var sandbox = facts.sandbox();
    var spec = sandbox.spec();
    property("Status", Facts.state(sandbox.poll()));
    property("Start-up", Startup.describe(sandbox.startup()));
    property("Limits", limits(spec.limits()));
    property(
        "Timeout",
        seconds(spec.timeout().toMillis())
            + spec.idleTimeout().map(t -> ", idle " + seconds(t.toMillis())).orElse(""));
    property("Image", image(spec.image()));
    property("Command", spec.command().isEmpty() ? "none" : command(spec.command()));
    property("Variables", variables(spec));
    property("Network", spec.network().policy().map(policy -> "to " + policy).orElse("no network"));
    property("Mounts", String.join(", ", mounts(spec)));
  }

  private void property(String name, String value) {
    if (!value.isEmpty()) {
      text.append("%-10s %s\n".formatted(name, clean(value)));
    }
  }

  private void section(String title, String content) {
    text.append(
        "\n%s\n%s\n%s\n"
            .formatted(title, "-".repeat(title.length()), content.isEmpty() ? "nothing" : content));
  }

  private String connections() {
    return facts
        .connections()
        .get(this::connections, why -> "It is not known what it tried to reach: " + clean(why));
  }

  private String connections(List<Connection> all) {
    // Refused ones first: they are what a test fails of.
    var shown =
        all.stream()
            .sorted(Comparator.comparing((Connection c) -> c.verdict() != Verdict.REFUSED))
            .limit(MAX_CONNECTIONS)
            .map(c -> TIME.format(c.at()) + " " + clean(c.toString()))
            .collect(Collectors.toCollection(ArrayList::new));
    if (all.size() > shown.size()) {
      shown.add("and %,d others".formatted(all.size() - shown.size()));
    }
    return String.join("\n", shown);
  }

  private String changes(Inquiry<Changes> changes) {
    return changes.get(Changes::list, why -> "It is not known what it changed: " + clean(why));
  }

  private String log() {
    return facts
        .log()
        .map(log -> log.get(this::log, why -> "Its log cannot be read: " + clean(why)))
        .orElse("");
  }

  private String log(List<LogLine> lines) {
    var chosen = new ArrayDeque<String>();
    var length = 0;
    for (var i = lines.size() - 1; i >= 0 && length < MAX_LOG; i--) {
      var line = lines.get(i);
      var shown =
          "%s %-6s %s"
              .formatted(
                  TIME.format(line.at()),
                  line.source().name().toLowerCase(Locale.ROOT),
                  clean(line.text()));
      length += shown.length() + 1;
      chosen.addFirst(shown);
    }
    return String.join("\n", chosen);
  }

  private String clean(String words) {
    return OutputTail.printable(mask.apply(words));
  }

  private String command(List<String> words) {
    return OutputTail.commandLine(mask.apply(words));
  }

  private static String limits(Limits limits) {
    return "memory %s, cpus %s, disk %s, processes %,d"
        .formatted(
            limits.memory().map(ByteSize::toString).orElse("half of the machine's"),
            limits.cpus().isPresent() ? String.valueOf(limits.cpus().getAsDouble()) : "no limit",
            limits.disk(),
            limits.processes());
  }

  private static String seconds(long millis) {
    return millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
  }

  private static String image(Image image) {
    var name =
        image instanceof Image.HostImage
            ? "the host's tools"
            : image instanceof Image.RegistryImage registry
                ? registry.reference().toString()
                : image.toString();
    return name.length() > MAX_IMAGE ? name.substring(0, MAX_IMAGE) + "…" : name;
  }

  private static String variables(SandboxSpec spec) {
    // Their names are enough: values that nobody has called secret may be so all the same.
    return Stream.concat(
            spec.env().keySet().stream(),
            spec.secrets().stream().map(Secret::name).map(name -> name + " (secret)"))
        .collect(Collectors.joining(", "));
  }

  private static List<String> mounts(SandboxSpec spec) {
    return Stream.concat(
            spec.mounts().entrySet().stream()
                .map(
                    m ->
                        "%s at %s (%s)"
                            .formatted(
                                m.getValue().source(),
                                m.getKey(),
                                m.getValue().access().name().toLowerCase(Locale.ROOT))),
            spec.volumes().keySet().stream().map("a volume at %s"::formatted))
        .toList();
  }
}
