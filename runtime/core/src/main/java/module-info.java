/** The API, the agent client and the image store: everything but a backend. */
module dev.sandboxed.core {
  requires transitive org.jspecify;
  requires com.github.luben.zstd_jni;
  requires java.net.http;
  requires java.xml;
  requires tools.jackson.core;
  requires tools.jackson.databind;
  requires tools.jackson.dataformat.toml;
  requires tools.jackson.dataformat.yaml;

  exports dev.sandboxed;
  exports dev.sandboxed.core.agent to
      dev.sandboxed.gvisor;
  exports dev.sandboxed.core.build to
      dev.sandboxed.gvisor;
  exports dev.sandboxed.core.buildtools to
      dev.sandboxed.gvisor;
  exports dev.sandboxed.core.gpu to
      dev.sandboxed.gvisor;
  exports dev.sandboxed.core.image to
      dev.sandboxed.gvisor;
  exports dev.sandboxed.core.network to
      dev.sandboxed.gvisor;
  exports dev.sandboxed.core.protocol to
      dev.sandboxed.gvisor,
      dev.sandboxed.junit;
  exports dev.sandboxed.core.registry to
      dev.sandboxed.gvisor;
  exports dev.sandboxed.core.volume to
      dev.sandboxed.gvisor;
  exports dev.sandboxed.core.binaries to
      dev.sandboxed.gvisor,
      dev.sandboxed.junit;

  uses dev.sandboxed.Backend.Provider;
}
