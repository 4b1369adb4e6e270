package dev.sandboxed.junit;

import dev.sandboxed.Backend;
import dev.sandboxed.BackendUnavailableException;
import dev.sandboxed.Backends;
import dev.sandboxed.GpuUnavailableException;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.SandboxException;
import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.platform.commons.support.AnnotationSupport;

/** Decides for {@link EnabledIfSandboxAvailable @EnabledIfSandboxAvailable}. */
class SandboxAvailability implements ExecutionCondition {
  private static final Namespace NAMESPACE = Namespace.create(SandboxAvailability.class);

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    var declared = declared(context);
    if (declared.isEmpty()) {
      return ConditionEvaluationResult.enabled("@EnabledIfSandboxAvailable is not present");
    }
    if (declared.get().backend().isEmpty() && RoundBackend.isAroundRounds(context)) {
      return ConditionEvaluationResult.enabled("Each round has a backend of its own");
    }
    var needs = Needs.of(declared.get(), context);
    var obstacle = obstacle(needs, context);
    if (obstacle.isEmpty()) {
      return ConditionEvaluationResult.enabled("Sandboxes can run on this machine");
    }
    if (isRequired(context)) {
      throw new BackendUnavailableException(
          "%s\nThe configuration parameter %s = true lets this fail, where the test would be disabled otherwise."
              .formatted(obstacle.get(), EnabledIfSandboxAvailable.REQUIRED_PROPERTY_NAME));
    }
    return ConditionEvaluationResult.disabled(obstacle.get());
  }

  /** Returns the annotation of the test, or else of its class or of those that enclose it. */
  private static Optional<EnabledIfSandboxAvailable> declared(ExtensionContext context) {
    return context
        .getTestMethod()
        .flatMap(m -> AnnotationSupport.findAnnotation(m, EnabledIfSandboxAvailable.class))
        .or(
            () ->
                Request.classes(context).stream()
                    .map(c -> AnnotationSupport.findAnnotation(c, EnabledIfSandboxAvailable.class))
                    .flatMap(Optional::stream)
                    .findFirst());
  }

  /** Returns why sandboxes cannot run, checked once for the whole run. */
  private static Optional<String> obstacle(Needs needs, ExtensionContext context) {
    return context
        .getRoot()
        .getStore(NAMESPACE)
        .getOrComputeIfAbsent(needs, Needs::check, Answer.class)
        .obstacle();
  }

  private static boolean isRequired(ExtensionContext context) {
    var name = EnabledIfSandboxAvailable.REQUIRED_PROPERTY_NAME;
    try {
      return context
          .getConfigurationParameter(name)
          .map(String::strip)
          .filter(text -> !text.isEmpty())
          .map(Settings::bool)
          .orElse(false);
    } catch (InvalidSpecException e) {
      throw new ExtensionConfigurationException(
          "%s, a configuration parameter: %s".formatted(name, e.getMessage()), e);
    }
  }

  /**
   * What was found.
   *
   * @param obstacle why sandboxes cannot run; empty if they can
   */
  private record Answer(Optional<String> obstacle) {}

  /**
   * What is asked for.
   *
   * @param backend its name; empty for the default one
   * @param gpu how many GPUs
   * @param gpuModel a part of their name; may be empty
   */
  private record Needs(String backend, int gpu, String gpuModel) {

    static Needs of(EnabledIfSandboxAvailable declared, ExtensionContext context) {
      var backend =
          Optional.of(declared.backend())
              .filter(name -> !name.isEmpty())
              .or(() -> RoundBackend.parameter(Backends.BACKEND_PROPERTY, context))
              .map(String::strip)
              .orElse("");
      var needs = new Needs(backend, declared.gpu(), declared.gpuModel());
      try {
        needs.requireMeaning();
      } catch (InvalidSpecException e) {
        throw new ExtensionConfigurationException(
            "@EnabledIfSandboxAvailable(gpu = %d, gpuModel = \"%s\") on %s: %s"
                .formatted(
                    needs.gpu(),
                    needs.gpuModel(),
                    context
                        .getTestMethod()
                        .map(Declared::name)
                        .orElseGet(() -> Declared.name(context.getRequiredTestClass())),
                    e.getMessage()),
            e);
      }
      return needs;
    }

    private void requireMeaning() {
      if (gpu == 0 && !gpuModel.isEmpty()) {
        throw new InvalidSpecException(
            "no GPU is asked for; set gpu = 1, or more, beside gpuModel");
      }
      sandbox().build();
    }

    Answer check() {
      try (var opened = backend.isEmpty() ? Backends.open() : Backends.open(backend)) {
        return new Answer(obstacle(opened));
      } catch (BackendUnavailableException e) {
        return new Answer(Optional.of(String.valueOf(e.getMessage())));
      }
    }

    /** Starts a sandbox, which says more than a look at the machine, and looks where it fails. */
    private Optional<String> obstacle(Backend opened) {
      try {
        sandbox().backend(opened).create().close();
        return Optional.empty();
      } catch (BackendUnavailableException | GpuUnavailableException e) {
        return Optional.of(String.valueOf(e.getMessage()));
      } catch (SandboxException e) {
        // Of what the machine is not to blame for, the tests tell by failing.
        return Backend.Finding.obstacle(opened.check());
      }
    }

    private SandboxBuilder sandbox() {
      var builder = Sandbox.builder();
      if (gpu == 0) {
        return builder;
      }
      return gpuModel.isEmpty() ? builder.gpu(gpu) : builder.gpu(gpu, gpuModel);
    }
  }
}
