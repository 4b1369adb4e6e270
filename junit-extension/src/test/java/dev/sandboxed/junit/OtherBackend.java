package dev.sandboxed.junit;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Opens a backend of another name, which has the embedded one do the work and notes its calls. */
public final class OtherBackend implements Backend.Provider {
  static final String NAME = "other";

  /** The names of the methods that were called, by whichever test. */
  static final List<String> CALLS = new CopyOnWriteArrayList<>();

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public Backend open() {
    var embedded = Backends.open("gvisor");
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, method, arguments) -> call(proxy, embedded, method, arguments));
  }

  private static Object call(Object proxy, Backend embedded, Method method, Object... arguments)
      throws Throwable {
    return switch (method.getName()) {
      case "name" -> NAME;
      case "equals" -> proxy == arguments[0];
      case "hashCode" -> System.identityHashCode(proxy);
      default -> {
        CALLS.add(method.getName());
        yield delegate(embedded, method, arguments);
      }
    };
  }

  private static Object delegate(Backend embedded, Method method, Object... arguments)
      throws Throwable {
    try {
      return method.invoke(embedded, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
