package dev.sandboxed.junit.inside;

import dev.sandboxed.junit.Sandboxed;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.platform.commons.JUnitException;
import org.junit.platform.engine.ConfigurationParameters;

/**
 * What the configuration says about all tests that run inside.
 *
 * @param debug whether each waits for a debugger
 * @param snapshot whether they start from copies of one JVM
 * @param parallelism how many run at a time
 * @param jvmArguments further arguments of the JVMs
 * @param parameters the configuration parameters that they get
 * @param properties the system properties that they get
 */
record InsideOptions(
    boolean debug,
    boolean snapshot,
    int parallelism,
    List<String> jvmArguments,
    Map<String, String> parameters,
    Map<String, String> properties) {

  static InsideOptions of(ConfigurationParameters configuration) {
    var debug = configuration.getBoolean(Sandboxed.INSIDE_DEBUG_PROPERTY_NAME).orElse(false);
    var properties = new LinkedHashMap<String, String>();
    list(configuration, Sandboxed.INSIDE_SYSTEM_PROPERTIES_PROPERTY_NAME, ",")
        .forEach(
            name -> {
              var value = System.getProperty(name);
              if (value != null) {
                properties.put(name, value);
              }
            });
    return new InsideOptions(
        debug,
        configuration.getBoolean(Sandboxed.INSIDE_SNAPSHOT_PROPERTY_NAME).orElse(true),
        debug ? 1 : parallelism(configuration),
        list(configuration, Sandboxed.INSIDE_JVM_ARGUMENTS_PROPERTY_NAME, "\\s+"),
        parameters(configuration),
        Map.copyOf(properties));
  }

  private static int parallelism(ConfigurationParameters configuration) {
    var name = Sandboxed.INSIDE_PARALLELISM_PROPERTY_NAME;
    var text = configuration.get(name).map(String::strip);
    try {
      var number = text.map(Integer::valueOf).orElseGet(Runtime.getRuntime()::availableProcessors);
      if (number > 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Told with the others.
    }
    throw new JUnitException(
        "%s = %s is not a number of tests; write one such as 4".formatted(name, text.orElse("")));
  }

  private static List<String> list(
      ConfigurationParameters configuration, String name, String separator) {
    return Arrays.stream(configuration.get(name).orElse("").split(separator))
        .map(String::strip)
        .filter(t -> !t.isEmpty())
        .toList();
  }

  /** Of JUnit's parameters that come from system properties only JUnit's own and ours go in. */
  private static Map<String, String> parameters(ConfigurationParameters configuration) {
    var parameters = new LinkedHashMap<String, String>();
    for (var name : configuration.keySet()) {
      Optional<String> value = configuration.get(name);
      var isOurs = name.startsWith("junit.") || name.startsWith("sandboxed.");
      if (value.isPresent() && (isOurs || !value.get().equals(System.getProperty(name)))) {
        parameters.put(name, value.get());
      }
    }
    return Map.copyOf(parameters);
  }
}
