package dev.sandboxed.benchmarks;

import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/** A container of Testcontainers, of an image that is there, without a network. */
final class PlainContainer extends GenericContainer<PlainContainer> {

  PlainContainer(String image, String runtime, String... command) {
    super(DockerImageName.parse(image));
    withImagePullPolicy(name -> false);
    withNetworkMode("none");
    withCreateContainerCmdModifier(create -> create.getHostConfig().withRuntime(runtime));
    withCommand(command);
  }
}
