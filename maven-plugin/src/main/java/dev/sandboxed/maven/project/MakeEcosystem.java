package dev.sandboxed.maven.project;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Projects with a makefile that has a target {@code test} or {@code check}. */
final class MakeEcosystem implements Ecosystem {

  @Override
  public Optional<Recognition> recognise(Checkout checkout) {
    return checkout
        .firstFile("GNUmakefile", "makefile", "Makefile")
        .flatMap(
            file ->
                target(checkout.read(file).orElse(""))
                    .map(t -> new Recognition("Make", file, List.of(), inside -> plan(t))));
  }

  private static Optional<String> target(String makefile) {
    return List.of("test", "check").stream()
        .filter(
            t ->
                Pattern.compile("(?m)^([\\w.%/-]+ +)*" + t + "( +[\\w.%/-]+)* *:(?!=|:=)")
                    .matcher(makefile)
                    .find())
        .findFirst();
  }

  private static TestPlan plan(String target) {
    return new TestPlan(
        List.of(Step.of("make", target)),
        Map.of(),
        new ReportSource.None("Make writes no test reports"));
  }
}
