package dev.sandboxed.gvisor;

import dev.sandboxed.core.protocol.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * One thing that the keeper has tried on this machine.
 *
 * @param name what was tried
 * @param ok whether it works
 * @param required whether nothing starts without it
 * @param detail what was found
 * @param fix what to do about it; may be empty
 */
record HostCheck(String name, boolean ok, boolean required, String detail, String fix) {

  /** Lets a keeper try everything that sandboxes need. */
  static List<HostCheck> all(Path keeper) throws IOException, InterruptedException {
    var answer = Commands.run(List.of(keeper.toString(), "check"));
    return JsonObject.parse(ByteBuffer.wrap(answer.output().getBytes(StandardCharsets.UTF_8)))
        .array("checks")
        .orElse(List.of())
        .stream()
        .filter(JsonObject.class::isInstance)
        .map(check -> of((JsonObject) check))
        .toList();
  }

  private static HostCheck of(JsonObject check) {
    return new HostCheck(
        check.string("name").orElse("host"),
        check.flag("ok"),
        check.flag("required"),
        check.string("detail").orElse(""),
        check.string("fix").orElse(""));
  }
}
