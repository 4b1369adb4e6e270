package dev.sandboxed.junit.plan;

import java.lang.reflect.Method;
import java.util.LinkedHashSet;
import java.util.Set;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.engine.support.store.Namespace;
import org.junit.platform.engine.support.store.NamespacedHierarchicalStore;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestPlan;

/**
 * Tells the extension which tests are going to run, so that sandboxes are prepared for these and no
 * others. JUnit's launcher finds it by {@link java.util.ServiceLoader}; nobody else needs it.
 */
public final class SandboxedTestPlans implements LauncherSessionListener {

  /** Called by {@link java.util.ServiceLoader}. */
  public SandboxedTestPlans() {}

  @Override
  public void launcherSessionOpened(LauncherSession session) {
    session.getLauncher().registerTestExecutionListeners(new Listener(session.getStore()));
  }

  /** Keeps the plan that is executed where the extension finds it. */
  private static final class Listener implements TestExecutionListener {
    private static final Namespace NAMESPACE = Namespace.create(PlannedTests.class);

    private final NamespacedHierarchicalStore<Namespace> store;

    Listener(NamespacedHierarchicalStore<Namespace> store) {
      this.store = store;
    }

    @Override
    public void testPlanExecutionStarted(TestPlan plan) {
      PlannedTests planned = container -> methods(plan, container);
      store.put(NAMESPACE, PlannedTests.class, planned);
    }

    @Override
    public void testPlanExecutionFinished(TestPlan plan) {
      store.remove(NAMESPACE, PlannedTests.class);
    }

    private static Set<Method> methods(TestPlan plan, String container) {
      var methods = new LinkedHashSet<Method>();
      for (var test : plan.getChildren(UniqueId.parse(container))) {
        test.getSource()
            .filter(MethodSource.class::isInstance)
            .map(MethodSource.class::cast)
            .ifPresent(s -> methods.add(s.getJavaMethod()));
      }
      return methods;
    }
  }
}
