package dev.sandboxed.gvisor;

import dev.sandboxed.Image;
import dev.sandboxed.OutputTail;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.SecretMask;
import dev.sandboxed.core.protocol.JsonObject;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/** Writes what other processes of the user can see of a sandbox: nothing secret. */
final class Labels {
  private static final int MAX_TEXT = 1000;

  private Labels() {}

  static JsonObject of(SandboxSpec spec) {
    var labels = new LinkedHashMap<String, @Nullable Object>();
    labels.put("app", spec.labels().app());
    labels.put("name", spec.labels().name().orElse(null));
    labels.put("tags", spec.labels().tags());
    labels.put("image", image(spec.image()));
    if (!spec.command().isEmpty()) {
      labels.put(
          "command", OutputTail.commandLine(SecretMask.of(spec.secrets()).apply(spec.command())));
    }
    return JsonObject.of(labels);
  }

  private static String image(Image image) {
    if (image instanceof Image.HostImage) {
      return "host";
    }
    if (image instanceof Image.DirectoryImage directory) {
      return shortened("directory " + directory.path());
    }
    if (image instanceof Image.TarImage tar) {
      return shortened("tar " + tar.path());
    }
    if (image instanceof Image.RegistryImage registry) {
      return shortened(registry.reference().toString());
    }
    return shortened(image.toString());
  }

  private static String shortened(String text) {
    var shown = OutputTail.printable(text);
    return shown.length() > MAX_TEXT ? shown.substring(0, MAX_TEXT) + "…" : shown;
  }
}
