package dev.sandboxed.core.agent;

import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.core.protocol.JsonObject;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Writes readiness probes the way keepers and agents read them, and reads them again. */
final class ReadinessMessage {
  private ReadinessMessage() {}

  static JsonObject of(ReadinessProbe probe) {
    if (probe instanceof ReadinessProbe.Tcp tcp) {
      return single("tcp", tcp.port(), tcp.interval(), tcp.attemptTimeout());
    }
    if (probe instanceof ReadinessProbe.Http http) {
      var request = new LinkedHashMap<String, @Nullable Object>();
      request.put("port", http.port());
      request.put("path", http.path());
      request.put("status", http.status() == 0 ? null : http.status());
      return single("http", JsonObject.of(request), http.interval(), http.attemptTimeout());
    }
    if (probe instanceof ReadinessProbe.Exec exec) {
      return single("exec", exec.command(), exec.interval(), exec.attemptTimeout());
    }
    if (probe instanceof ReadinessProbe.Log log) {
      return JsonObject.of(Map.of("log", log.pattern()));
    }
    if (probe instanceof ReadinessProbe.AllOf all) {
      return JsonObject.of(Map.of("all", all.probes().stream().map(p -> of(p)).toList()));
    }
    var any = (ReadinessProbe.AnyOf) probe;
    return JsonObject.of(Map.of("any", any.probes().stream().map(p -> of(p)).toList()));
  }

  /** Reads what {@link #of} wrote; empty if it is nothing of the kind. */
  static Optional<ReadinessProbe> parse(JsonObject message) {
    var interval = time(message, "intervalMillis", ReadinessProbe.DEFAULT_INTERVAL);
    var attempt = time(message, "attemptMillis", ReadinessProbe.DEFAULT_ATTEMPT_TIMEOUT);
    var tcp = message.number("tcp");
    if (tcp.isPresent()) {
      return Optional.of(new ReadinessProbe.Tcp((int) tcp.getAsLong(), interval, attempt));
    }
    var http = message.object("http");
    if (http.isPresent()) {
      return Optional.of(
          new ReadinessProbe.Http(
              (int) http.get().number("port").orElse(0),
              http.get().string("path").orElse(""),
              (int) http.get().number("status").orElse(0),
              interval,
              attempt));
    }
    var exec = message.array("exec");
    if (exec.isPresent()) {
      return Optional.of(new ReadinessProbe.Exec(strings(exec.get()), interval, attempt));
    }
    var log = message.string("log");
    if (log.isPresent()) {
      return Optional.of(new ReadinessProbe.Log(log.get()));
    }
    var all = message.array("all");
    return all.isPresent()
        ? Optional.of(new ReadinessProbe.AllOf(members(all.get())))
        : message.array("any").map(any -> new ReadinessProbe.AnyOf(members(any)));
  }

  private static JsonObject single(
      String kind, Object value, Duration interval, Duration attemptTimeout) {
    var message = new LinkedHashMap<String, @Nullable Object>();
    message.put(kind, value);
    message.put("intervalMillis", millis(interval, ReadinessProbe.DEFAULT_INTERVAL));
    message.put("attemptMillis", millis(attemptTimeout, ReadinessProbe.DEFAULT_ATTEMPT_TIMEOUT));
    return JsonObject.of(message);
  }

  private static @Nullable Long millis(Duration time, Duration otherwise) {
    return time.equals(otherwise) ? null : time.toMillis();
  }

  private static Duration time(JsonObject message, String name, Duration otherwise) {
    var millis = message.number(name);
    return millis.isPresent() ? Duration.ofMillis(millis.getAsLong()) : otherwise;
  }

  private static List<ReadinessProbe> members(List<?> messages) {
    return messages.stream()
        .filter(JsonObject.class::isInstance)
        .flatMap(m -> parse((JsonObject) m).stream())
        .toList();
  }

  private static List<String> strings(List<?> values) {
    return values.stream().filter(String.class::isInstance).map(String.class::cast).toList();
  }
}
