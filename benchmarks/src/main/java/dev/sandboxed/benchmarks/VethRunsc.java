package dev.sandboxed.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * gVisor with a network device of its own, as container platforms run it: {@code --network=sandbox}
 * on one end of a veth pair, a server on the other. Both ends are in network namespaces made for
 * it, so that the machine's own network is not touched. Needs root and {@code ip}.
 */
final class VethRunsc implements AutoCloseable {
  private static final String SERVER = "10.231.7.1";
  private static final String CLIENT = "10.231.7.2";

  private final Path runsc;
  private final Path state;
  private final String name;
  private final List<Process> processes = new ArrayList<>();
  private String address = "";

  private VethRunsc(Path runsc, Path state) {
    this.runsc = runsc;
    this.state = state;
    name = "sbxbench" + ProcessHandle.current().pid();
  }

  /**
   * Starts the server and the container.
   *
   * @param image a directory with the probe
   * @return empty where this user cannot make network namespaces
   */
  static Optional<VethRunsc> start(Path runsc, Path image, Path probe, Path directory)
      throws Exception {
    var veth = new VethRunsc(runsc, Files.createDirectories(directory.resolve("veth")));
    if (!veth.command(List.of("ip", "netns", "add", veth.server()))) {
      return Optional.empty();
    }
    try {
      veth.connect();
      veth.serve(probe);
      veth.runContainer(image);
      return Optional.of(veth);
    } catch (Exception e) {
      veth.close();
      throw e;
    }
  }

  /** Runs the probe in the container, against the server, and returns the lines it prints. */
  List<String> probe(String what, String number) throws Exception {
    var process =
        new ProcessBuilder(
                runsc.toString(),
                "--root",
                state.resolve("root").toString(),
                "exec",
                name,
                Workbench.PROBE,
                what,
                address,
                number)
            .redirectError(state.resolve("stderr").toFile())
            .start();
    var out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(
          "probe " + what + " failed: " + Files.readString(state.resolve("stderr")));
    }
    return out.lines().toList();
  }

  private String server() {
    return name + "s";
  }

  private String client() {
    return name + "c";
  }

  private void connect() throws Exception {
    must("ip", "netns", "add", client());
    must(
        "ip", "link", "add", "veth0", "netns", server(), "type", "veth", "peer", "name", "eth0",
        "netns", client());
    must("ip", "-n", server(), "addr", "add", SERVER + "/30", "dev", "veth0");
    must("ip", "-n", server(), "link", "set", "veth0", "up");
    must("ip", "-n", client(), "addr", "add", CLIENT + "/30", "dev", "eth0");
    must("ip", "-n", client(), "link", "set", "eth0", "up");
  }

  private void serve(Path probe) throws IOException {
    address = firstLine("ip", "netns", "exec", server(), probe.toString(), "serve", SERVER + ":0");
  }

  private void runContainer(Path image) throws IOException {
    var bundle = Files.createDirectories(state.resolve("bundle"));
    Files.writeString(
        bundle.resolve("config.json"),
        """
        {
          "ociVersion": "1.0.2",
          "process": {"user": {"uid": 0, "gid": 0}, "args": ["%s", "wait"], "cwd": "/", "env": []},
          "root": {"path": "%s", "readonly": true},
          "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
          "linux": {"namespaces": [
            {"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"},
            {"type": "network", "path": "/run/netns/%s"}
          ]}
        }
        """
            .formatted(Workbench.PROBE, image, client()));
    var process =
        new ProcessBuilder(
                runsc.toString(),
                "--root",
                state.resolve("root").toString(),
                "--ignore-cgroups",
                "--network=sandbox",
                "run",
                "--bundle",
                bundle.toString(),
                name)
            .redirectError(state.resolve("stderr").toFile())
            .start();
    processes.add(process);
    Streams.firstByte(process.getInputStream(), 0);
  }

  private String firstLine(String... command) throws IOException {
    var process =
        new ProcessBuilder(command).redirectError(state.resolve("stderr").toFile()).start();
    processes.add(process);
    var line = process.inputReader(StandardCharsets.UTF_8).readLine();
    if (line == null) {
      throw new IOException(
          List.of(command) + " printed nothing: " + Files.readString(state.resolve("stderr")));
    }
    return line;
  }

  private void must(String... command) throws Exception {
    if (!command(List.of(command))) {
      throw new IOException(
          List.of(command) + " failed: " + Files.readString(state.resolve("stderr")));
    }
  }

  private boolean command(List<String> command) throws Exception {
    try {
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(state.resolve("stderr").toFile())
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      Files.writeString(state.resolve("stderr"), e.getMessage());
      return false;
    }
  }

  /** Ends both programs by the end of their stdin, and removes the namespaces. */
  @Override
  public void close() throws Exception {
    for (var process : processes) {
      process.getOutputStream().close();
      process.waitFor();
    }
    // runsc makes it for the processes that start its sandboxes, and leaves it.
    command(List.of("umount", state.resolve("root/null-netns").toString()));
    command(List.of("ip", "netns", "del", client()));
    command(List.of("ip", "netns", "del", server()));
  }
}
