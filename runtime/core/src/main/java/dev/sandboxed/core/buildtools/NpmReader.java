package dev.sandboxed.core.buildtools;

import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Asks npm for its registries: the one for all packages, and those of scopes. */
final class NpmReader implements ToolReader {
  /** Where the settings lie inside, between what a project says and what npm has built in. */
  static final String SETTINGS = "/etc/sandboxed/npmrc";

  private static final String DEFAULTS = "npm's defaults";

  /** In the list that is not JSON, npm masks passwords; in the other it leaves such URLs out. */
  private static final Pattern ENTRY = Pattern.compile("([@A-Za-z][^ =]*) = (.*)");

  private static final Pattern SECTION = Pattern.compile("; \"([a-z]+)\" config from (.*)");
  private static final Pattern SCOPE = Pattern.compile("@[A-Za-z0-9._~-]{1,214}:registry");

  @Override
  public String tool() {
    return "npm";
  }

  @Override
  public Optional<ToolConfiguration> read(HostCommands tools)
      throws IOException, InterruptedException {
    var npm = tools.environment().program("npm");
    if (npm.isEmpty()) {
      return Optional.empty();
    }
    var answer =
        tools.run(
            List.of(npm.get().toString(), "config", "list", "--long", "--no-json"),
            Path.of("/"),
            Map.of("npm_config_update_notifier", "false", "npm_config_logs_max", "0"));
    if (!answer.succeeded()) {
      throw new IOException("\"npm config list\" fails; run it to see why");
    }
    return Optional.of(read(answer.output()));
  }

  /** Reads what {@code npm config list --long} prints. */
  static ToolConfiguration read(String list) {
    var builder = new ToolConfiguration.Builder("npm");
    var settings = new ArrayList<String>();
    var proxies = new LinkedHashMap<String, String>();
    var exceptions = List.<String>of();
    var source = DEFAULTS;
    for (var line : list.lines().toList()) {
      var section = SECTION.matcher(line);
      if (section.matches()) {
        source =
            section.group(1).equals("default")
                ? DEFAULTS
                : section.group(1).equals("env") ? "npm_config_… variables" : section.group(2);
        continue;
      }
      var entry = ENTRY.matcher(line);
      if (!entry.matches()) {
        continue;
      }
      var name = entry.group(1);
      var value = value(entry.group(2));
      if (name.equals("registry") || SCOPE.matcher(name).matches()) {
        var url =
            source.equals(DEFAULTS)
                ? builder.allowDefault(value, source)
                : builder.allow(value, source);
        url.ifPresent(clean -> settings.add(name + "=" + clean));
      } else if (name.equals("strict-ssl") && value.equals("false")) {
        settings.add("strict-ssl=false");
      } else if (name.equals("cafile") && value.startsWith("/")) {
        builder.certificates(Path.of(value));
      } else if (name.equals("https-proxy") || name.equals("proxy")) {
        proxies.put(value, source);
      } else if (name.equals("noproxy")) {
        exceptions = List.of(value.split("[\\s,]+"));
      }
    }
    for (var proxy : proxies.entrySet()) {
      if (!proxy.getKey().isEmpty()) {
        builder.proxy(proxy.getKey(), exceptions, proxy.getValue());
      }
    }
    if (!settings.isEmpty()) {
      builder.file(SETTINGS, String.join("\n", settings) + "\n");
      builder.environment("npm_config_globalconfig", SETTINGS);
    }
    return builder.build();
  }

  /** Returns a string, or the strings of an array with commas; anything else as it stands. */
  private static String value(String json) {
    try {
      var parsed =
          JsonObject.parse(
              ByteBuffer.wrap(("{\"value\":" + json + "}").getBytes(StandardCharsets.UTF_8)));
      if (parsed.array("value").isPresent()) {
        return String.join(",", parsed.array("value").get().stream().map(String::valueOf).toList());
      }
      return parsed.string("value").orElse(json.equals("null") ? "" : json);
    } catch (ProtocolException e) {
      return "";
    }
  }
}
