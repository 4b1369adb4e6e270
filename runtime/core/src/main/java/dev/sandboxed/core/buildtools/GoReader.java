package dev.sandboxed.core.buildtools;

import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Asks Go for its module proxies, its checksum database and what it fetches directly. */
final class GoReader implements ToolReader {
  private static final List<String> PLAIN =
      List.of("GONOPROXY", "GONOSUMDB", "GOPRIVATE", "GOINSECURE");
  private static final Pattern PROXY = Pattern.compile("([^,|]*)([,|]?)");
  private static final int HTTPS = 443;

  @Override
  public String tool() {
    return "Go";
  }

  @Override
  public Optional<ToolConfiguration> read(HostCommands tools)
      throws IOException, InterruptedException {
    var go = tools.environment().program("go");
    if (go.isEmpty()) {
      return Optional.empty();
    }
    var variables =
        env(tools, go.get(), List.of())
            .orElseThrow(() -> new IOException("\"go env -json\" fails; run it to see why"));
    // Before Go 1.23 one cannot tell.
    var changed = env(tools, go.get(), List.of("-changed"));
    return Optional.of(read(variables, name -> changed.map(c -> c.has(name)).orElse(true)));
  }

  private static Optional<JsonObject> env(HostCommands tools, Path go, List<String> options)
      throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of(go.toString(), "env", "-json"));
    command.addAll(options);
    command.addAll(List.of("GOPROXY", "GOSUMDB"));
    command.addAll(PLAIN);
    // A toolchain that GOTOOLCHAIN names would be downloaded first.
    var answer = tools.run(command, Path.of("/"), Map.of("GOTOOLCHAIN", "local"));
    if (!answer.succeeded()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          JsonObject.parse(ByteBuffer.wrap(answer.output().getBytes(StandardCharsets.UTF_8))));
    } catch (ProtocolException e) {
      return Optional.empty();
    }
  }

  /**
   * Reads the variables.
   *
   * @param isChanged says of a variable whether the user has set it
   */
  static ToolConfiguration read(JsonObject variables, Predicate<String> isChanged) {
    var builder = new ToolConfiguration.Builder("Go");
    var proxies = variables.string("GOPROXY").orElse("");
    builder.environment("GOPROXY", proxies(proxies, isChanged.test("GOPROXY"), builder));
    var sums = variables.string("GOSUMDB").orElse("");
    builder.environment("GOSUMDB", sums(sums, isChanged.test("GOSUMDB"), builder));
    direct(variables.string("GONOPROXY").orElse(""), builder);
    for (var name : PLAIN) {
      builder.environment(name, variables.string(name).orElse(""));
    }
    return builder.build();
  }

  /** Allows the proxies of a list, and returns the list as it may be passed on. */
  private static String proxies(String list, boolean changed, ToolConfiguration.Builder builder) {
    var clean = new StringBuilder();
    var matcher = PROXY.matcher(list);
    while (matcher.find()) {
      var entry = matcher.group(1).strip();
      var kept = Optional.of(entry);
      if (!entry.isEmpty() && !entry.equals("direct") && !entry.equals("off")) {
        kept =
            allow(entry.contains("://") ? entry : "https://" + entry, changed, "GOPROXY", builder);
      }
      if (kept.isPresent() && !entry.isEmpty()) {
        clean.append(kept.get()).append(matcher.group(2));
      }
    }
    return clean.toString().replaceFirst("[,|]$", "");
  }

  /** Allows the database of a setting like {@code name+hash+key url}, which is no secret. */
  private static String sums(String setting, boolean changed, ToolConfiguration.Builder builder) {
    var parts = setting.strip().split("\\s+");
    var name = parts[0];
    if (name.isEmpty() || name.equals("off")) {
      return setting.strip();
    }
    var url = parts.length > 1 ? parts[1] : "https://" + name.split("\\+", 2)[0];
    var clean = allow(url, changed, "GOSUMDB", builder);
    return parts.length > 1 ? clean.map(c -> name + " " + c).orElse("") : name;
  }

  private static Optional<String> allow(
      String url, boolean changed, String source, ToolConfiguration.Builder builder) {
    return changed ? builder.allow(url, source) : builder.allowDefault(url, "Go's defaults");
  }

  /** Allows the servers of modules that are not asked of a proxy, as far as patterns name them. */
  private static void direct(String patterns, ToolConfiguration.Builder builder) {
    for (var pattern : patterns.split(",")) {
      var host = pattern.strip().split("/", 2)[0];
      if (host.isEmpty()) {
        continue;
      }
      var below = host.startsWith("*.");
      var name = RemoteUrl.name(below ? host.substring(2) : host).filter(n -> n.contains("."));
      if (name.isPresent()) {
        builder.allowName((below ? "*." : "") + name.get(), HTTPS, "GONOPROXY");
      } else {
        builder.warn(
            "a pattern of GONOPROXY or GOPRIVATE names no one host, and so allows none; allow the"
                + " servers of these modules by name");
      }
    }
  }
}
