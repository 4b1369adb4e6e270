package dev.sandboxed.maven.project;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Projects with a makefile that has a target {@code test} or {@code check}. */
final class MakeEcosystem implements Ecosystem {
  /** Gives up no blank or name that it has taken, or a long line would take for ever. */
  private static final Pattern RULE = Pattern.compile("(?m)^([\\w.%/-][\\w.%/ -]*+):(?!=|:=)");

  @Override
  public Optional<Recognition> recognise(Checkout checkout) {
    return checkout
        .firstFile("GNUmakefile", "makefile", "Makefile")
        .flatMap(
            file ->
                target(checkout.read(file).orElse(""))
                    .map(
                        t ->
                            new Recognition(
                                "Make", file, List.of(), List.of(), inside -> plan(t))));
  }

  private static Optional<String> target(String makefile) {
    var targets =
        RULE.matcher(makefile)
            .results()
            .flatMap(r -> Stream.of(r.group(1).split(" +")))
            .collect(Collectors.toSet());
    return Stream.of("test", "check").filter(targets::contains).findFirst();
  }

  private static TestPlan plan(String target) {
    return new TestPlan(
        List.of(Step.of(Phase.TEST, "make " + target, "make", target)),
        Map.of(),
        new ReportSource.None("Make writes no test reports"));
  }
}
