package services;

import dev.sandboxed.junit.Probe;
import dev.sandboxed.junit.SandboxProperty;
import dev.sandboxed.junit.Sandboxed;
import dev.sandboxed.junit.SnapshotMode;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A PostgreSQL of its own for each test, or for the class whose static field has it, up and running;
 * and what Spring Boot is told about it.
 */
@Sandboxed(
    imageFactory = Debian.Postgres.class,
    command = {"pg_ctlcluster", "--foreground", "15", "main", "start"},
    env = {"PGDATABASE=postgres", "PGUSER=postgres"},
    memory = "512m",
    ports = 5432,
    readyWhen = @Probe(exec = {"pg_isready", "--quiet"}),
    snapshot = SnapshotMode.READY,
    properties = {
      @SandboxProperty(
          name = "spring.datasource.url",
          value = "jdbc:postgresql://${host}:${port:5432}/${env:PGDATABASE}"),
      @SandboxProperty(name = "spring.datasource.username", value = "${env:PGUSER}")
    })
@Target({ElementType.TYPE, ElementType.FIELD, ElementType.PARAMETER})
@Retention(RetentionPolicy.RUNTIME)
@interface PostgresSandbox {}
