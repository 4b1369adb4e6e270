package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.Optional;

/** Projects with a {@code pom.xml}. */
final class MavenEcosystem implements Ecosystem {
  private final HostCaches caches;
  private final HostTools tools;
  private final boolean warm;

  MavenEcosystem(HostCaches caches, HostTools tools, boolean warm) {
    this.caches = caches;
    this.tools = tools;
    this.warm = warm;
  }

  @Override
  public Optional<Recognition> recognise(Checkout checkout) {
    return checkout.hasFile(Reactor.NAME) ? Optional.of(recognised(checkout)) : Optional.empty();
  }

  private Recognition recognised(Checkout checkout) {
    var reactor = Reactor.read(checkout);
    var maven = ChosenMaven.of(NeededMaven.of(checkout, reactor), caches, tools);
    var jdk = ChosenJdk.of(NeededJdk.of(reactor), tools.jdks());
    var mounts = new ArrayList<>(maven.caches().maven());
    jdk.mount().ifPresent(mounts::add);
    var build = new MavenBuild(checkout, reactor, maven, jdk, warm);
    return new Recognition(
        "Maven",
        Reactor.NAME,
        reactor.keyFiles(checkout),
        mounts,
        build::plan,
        warm ? Optional.of(build.warmUp()) : Optional.empty());
  }
}
