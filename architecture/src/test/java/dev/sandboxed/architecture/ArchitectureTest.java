package dev.sandboxed.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ArchitectureTest {
  private JavaClasses classes;

  @BeforeAll
  void readClasses() {
    classes =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.sandboxed");
  }

  @Test
  void the_classes_of_all_modules_are_seen() {
    assertThat(classes)
        .extracting(JavaClass::getPackageName)
        .contains(
            "dev.sandboxed",
            "dev.sandboxed.assertj",
            "dev.sandboxed.core.binaries",
            "dev.sandboxed.gvisor",
            "dev.sandboxed.junit",
            "dev.sandboxed.maven");
  }

  @Test
  void packages_do_not_depend_on_each_other_in_circles() {
    SlicesRuleDefinition.slices().assignedFrom(PACKAGES).should().beFreeOfCycles().check(classes);
  }

  @Test
  void the_api_stands_alone() {
    noClasses()
        .that()
        .resideInAPackage("dev.sandboxed")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.sandboxed.*..")
        .check(classes);
  }

  @Test
  void only_the_gvisor_backend_and_its_users_know_it() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.sandboxed", "dev.sandboxed.core..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.sandboxed.gvisor..")
        .check(classes);
  }

  @Test
  void the_api_names_only_types_of_java_and_its_own() {
    classes()
        .that()
        .resideInAPackage("dev.sandboxed")
        .should(nameInSignaturesOnly("java.", "dev.sandboxed"))
        .check(classes);
  }

  @Test
  void the_junit_extension_names_only_types_of_java_junit_and_the_api() {
    classes()
        .that()
        .resideInAPackage("dev.sandboxed.junit")
        .should(
            nameInSignaturesOnly(
                "java.", "org.junit.jupiter.api.", "dev.sandboxed", "dev.sandboxed.junit"))
        .check(classes);
  }

  @Test
  void the_assertions_know_the_api_alone() {
    noClasses()
        .that()
        .resideInAPackage("dev.sandboxed.assertj..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.sandboxed.core..", "dev.sandboxed.gvisor..", "dev.sandboxed.junit..")
        .check(classes);
  }

  private static final SliceAssignment PACKAGES =
      new SliceAssignment() {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
          return SliceIdentifier.of(javaClass.getPackageName());
        }

        @Override
        public String getDescription() {
          return "packages";
        }
      };

  /**
   * What users can see of a class names only types of the given packages; a name that ends in a dot
   * includes the packages below.
   */
  private static ArchCondition<JavaClass> nameInSignaturesOnly(String... packages) {
    List<String> allowed = List.of(packages);
    Predicate<JavaClass> isAllowed =
        type ->
            type.isPrimitive()
                || allowed.stream()
                    .anyMatch(
                        name ->
                            name.endsWith(".")
                                ? type.getPackageName().startsWith(name)
                                    || type.getPackageName()
                                        .equals(name.substring(0, name.length() - 1))
                                : type.getPackageName().equals(name));
    return new ArchCondition<>("name only types of %s in signatures", allowed) {
      @Override
      public void check(JavaClass owner, ConditionEvents events) {
        if (!isVisible(owner)) {
          return;
        }
        signatureTypes(owner)
            .forEach(
                type -> {
                  if (!isAllowed.test(type)) {
                    events.add(
                        SimpleConditionEvent.violated(
                            owner,
                            "%s shows %s to its users".formatted(owner.getName(), type.getName())));
                  }
                });
      }
    };
  }

  private static boolean isVisible(JavaClass type) {
    return type.getModifiers().contains(JavaModifier.PUBLIC)
        && type.getEnclosingClass().map(ArchitectureTest::isVisible).orElse(true);
  }

  private static Set<JavaClass> signatureTypes(JavaClass owner) {
    Set<JavaClass> types = new LinkedHashSet<>();
    owner.getSuperclass().ifPresent(type -> add(types, type));
    owner.getInterfaces().forEach(type -> add(types, type));
    for (JavaMember member : owner.getMembers()) {
      if (!member.getModifiers().contains(JavaModifier.PUBLIC)
          && !member.getModifiers().contains(JavaModifier.PROTECTED)) {
        continue;
      }
      if (member instanceof JavaField field) {
        add(types, field.getType());
      } else if (member instanceof JavaCodeUnit codeUnit) {
        add(types, codeUnit.getReturnType());
        codeUnit.getParameterTypes().forEach(type -> add(types, type));
        types.addAll(codeUnit.getExceptionTypes());
      }
    }
    return types;
  }

  private static void add(Set<JavaClass> types, JavaType type) {
    type.getAllInvolvedRawTypes().forEach(raw -> types.add(raw.getBaseComponentType()));
  }
}
