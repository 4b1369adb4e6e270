package dev.sandboxed.benchmarks;

import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Connections out of a sandbox under a policy and into it through a tunnel, against the host's
 * loopback and against gVisor with a network device.
 */
final class NetworkBenchmark {
  private static final String GIBIBYTE = Long.toString(1L << 30);
  private static final String PINGS = "2000";
  private static final String KNOCKS = "500";
  private static final String HELD = "1000";
  private static final int INSIDE = 7000;
  private static final Duration LONG = Duration.ofHours(1);

  /** 2 Gbit/s. */
  private static final double RATE_AIM = 250;

  private static final double LATENCY_AIM = 0.6;

  private final Workbench bench;
  private final Path probe;
  private final Path work;
  private final int rounds;

  NetworkBenchmark(Workbench bench, Path probe, Path work, int rounds) {
    this.bench = bench;
    this.probe = probe;
    this.work = work;
    this.rounds = rounds;
  }

  /** Runs the probe as a client of some server and returns the lines it prints. */
  private interface Client {
    List<String> run(String what, String number) throws Exception;
  }

  /** The same client and server, put together in one way. */
  private record Way(String name, Client client) {
    double first(String what, String number) throws Exception {
      return Double.parseDouble(client.run(what, number).get(0));
    }
  }

  void run(Report report) throws Exception {
    var server = new ProcessBuilder(probe.toString(), "serve", "127.0.0.1:0").start();
    try (var listening = server.inputReader(StandardCharsets.UTF_8)) {
      var address = listening.readLine();
      var named = address.replace("127.0.0.1", "host.sandbox");
      try (var out = bench.builder().timeout(LONG).network(NetworkPolicy.allow(named)).create();
          var in = bench.builder().timeout(LONG).create();
          var served = serve(in);
          var veth = new Closing(VethRunsc.start(bench.runsc(), bench.image(), probe, work))) {
        var tunnel = "127.0.0.1:" + in.tunnel(INSIDE).address().getPort();
        var host = new Way("host's loopback", (what, n) -> host(what, address, n));
        var ways = new ArrayList<>(List.of(host));
        veth.runsc()
            .ifPresent(v -> ways.add(new Way("runsc --network=sandbox on a veth", v::probe)));
        var outward = new Way("ours, out of a sandbox", (what, n) -> inside(out, what, named, n));
        var inward =
            new Way("ours, into a sandbox by a tunnel", (what, n) -> host(what, tunnel, n));
        ways.add(outward);
        ways.add(inward);
        measure(report, ways);
      } finally {
        server.getOutputStream().close();
        server.waitFor();
      }
    }
  }

  private void measure(Report report, List<Way> ways) throws Exception {
    var send = of(report, "MiB/s", "client sends 1 GiB", ways, w -> w.first("send", GIBIBYTE));
    var receive = of(report, "MiB/s", "client gets 1 GiB", ways, w -> w.first("receive", GIBIBYTE));
    var ping = of(report, "ms", "a byte there and back", ways, w -> w.first("ping", PINGS) / 1e3);
    of(report, "1/s", "500 connections in a row", ways, w -> w.first("knock", KNOCKS));
    var slowest =
        of(
            report,
            "ms",
            "the slowest of 500 connections",
            ways,
            w -> Double.parseDouble(w.client().run("knock", KNOCKS).get(1)));
    var held = of(report, "", "connections held at once", ways, w -> w.first("hold", HELD));
    var last = ways.size() - 1;
    for (var i : new int[] {last - 1, last}) {
      var name = ways.get(i).name();
      report.aims().add(rate(name + ", client sends", send.get(i)));
      report.aims().add(rate(name + ", client gets", receive.get(i)));
      report
          .aims()
          .add(
              Aim.atMost(
                  "network: " + name + ", added latency",
                  "ms",
                  LATENCY_AIM,
                  ping.get(i).median() - ping.get(0).median()));
      report
          .aims()
          .add(Aim.atLeast("network: " + name + ", at once", "", 1000, held.get(i).median()));
      report
          .aims()
          .add(
              Aim.atMost(
                  "network: " + name + ", slowest of 500 connects",
                  "ms",
                  100,
                  slowest.get(i).worst5Percent()));
    }
  }

  private static Aim rate(String name, Samples samples) {
    return Aim.atLeast("network: " + name, "MB/s", RATE_AIM, Clock.megabytes(samples.median()));
  }

  private interface PerWay {
    double take(Way way) throws Exception;
  }

  private List<Samples> of(Report report, String unit, String what, List<Way> ways, PerWay value)
      throws Exception {
    var measured = new Rounds(unit);
    for (var way : ways) {
      measured.measure("network: %s: %s".formatted(way.name(), what), () -> value.take(way));
    }
    var samples = measured.run(1, rounds);
    report.samples().addAll(samples);
    return samples;
  }

  private static SandboxProcess serve(Sandbox sandbox) {
    var process = sandbox.exec(Workbench.PROBE, "serve", "127.0.0.1:" + INSIDE).start();
    if (process.stdout().lines().findFirst().isEmpty()) {
      throw new IllegalStateException("The server inside does not listen: " + process.waitFor());
    }
    return process;
  }

  private static List<String> inside(Sandbox sandbox, String what, String address, String number) {
    return sandbox.exec(Workbench.PROBE, what, address, number).await().stdout().lines().toList();
  }

  private List<String> host(String what, String address, String number) throws Exception {
    var process =
        new ProcessBuilder(probe.toString(), what, address, number)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    var out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException("probe %s %s failed".formatted(what, address));
    }
    return out.lines().toList();
  }

  /** Lets what may not be there be closed. */
  private record Closing(Optional<VethRunsc> runsc) implements AutoCloseable {
    @Override
    public void close() throws Exception {
      if (runsc.isPresent()) {
        runsc.get().close();
      }
    }
  }
}
