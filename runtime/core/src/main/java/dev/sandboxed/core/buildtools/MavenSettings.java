package dev.sandboxed.core.buildtools;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;
import org.xml.sax.helpers.DefaultHandler;

/**
 * What a {@code settings.xml} says about where artifacts come from; never its servers, which hold
 * the passwords.
 *
 * @param mirrors in their order, which counts
 * @param profiles by id
 * @param activeProfiles the ids of those that are active
 * @param proxies the active HTTP proxies
 */
record MavenSettings(
    List<Mirror> mirrors,
    Map<String, Profile> profiles,
    Set<String> activeProfiles,
    List<ToolProxy> proxies) {

  static final MavenSettings EMPTY = new MavenSettings(List.of(), Map.of(), Set.of(), List.of());

  private static final long MAX_FILE = 4 << 20;

  /** What stands in for some repositories. */
  record Mirror(String id, String mirrorOf, String url, boolean blocked, String source) {}

  /**
   * A repository.
   *
   * @param releases whether it has releases, as it is written; empty where it is not
   * @param snapshots the same for snapshots
   */
  record Repository(
      String id,
      String url,
      Optional<String> layout,
      Optional<String> releases,
      Optional<String> snapshots,
      String source) {}

  /**
   * A profile.
   *
   * @param activeByDefault whether it is active unless another is
   * @param conditional whether something else than its name activates it
   */
  record Profile(
      String id,
      boolean activeByDefault,
      boolean conditional,
      List<Repository> repositories,
      List<Repository> pluginRepositories) {}

  /**
   * Reads a file; one that is not there says nothing.
   *
   * @throws IOException if it cannot be read; the message holds nothing of its text
   */
  static MavenSettings read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return EMPTY;
    }
    if (Files.size(file) > MAX_FILE) {
      throw new IOException(file + " is larger than 4 MiB, and not read");
    }
    return parse(Files.readString(file), file.toString());
  }

  /** Reads the text of a file. */
  static MavenSettings parse(String xml, String source) throws IOException {
    var root = root(xml, source);
    var mirrors = new ArrayList<Mirror>();
    for (var mirror : list(root, "mirrors", "mirror")) {
      mirrors.add(
          new Mirror(
              text(mirror, "id").orElse("default"),
              text(mirror, "mirrorOf").orElse(""),
              text(mirror, "url").orElse(""),
              text(mirror, "blocked").orElse("").equals("true"),
              source));
    }
    var profiles = new LinkedHashMap<String, Profile>();
    for (var element : list(root, "profiles", "profile")) {
      var profile = profile(element, source);
      profiles.putIfAbsent(profile.id(), profile);
    }
    var active = new LinkedHashSet<String>();
    for (var element : list(root, "activeProfiles", "activeProfile")) {
      active.add(element.getTextContent().strip());
    }
    var proxies = new ArrayList<ToolProxy>();
    for (var element : list(root, "proxies", "proxy")) {
      proxy(element, source).ifPresent(proxies::add);
    }
    return new MavenSettings(List.copyOf(mirrors), Map.copyOf(profiles), active, proxies);
  }

  /** Reads the repositories that a POM has for all projects. */
  static Profile superPom(String xml, String source) throws IOException {
    return profile(root(xml, source), source);
  }

  /** Returns these settings, with the others' where they say nothing of their own. */
  MavenSettings over(MavenSettings others) {
    var allMirrors = new LinkedHashMap<String, Mirror>();
    others.mirrors.forEach(mirror -> allMirrors.put(mirror.id(), mirror));
    mirrors.forEach(mirror -> allMirrors.remove(mirror.id()));
    var ordered = new ArrayList<>(mirrors);
    ordered.addAll(allMirrors.values());
    var allProfiles = new LinkedHashMap<>(others.profiles);
    allProfiles.putAll(profiles);
    var allActive = new LinkedHashSet<>(activeProfiles);
    allActive.addAll(others.activeProfiles);
    var allProxies = new ArrayList<>(proxies);
    allProxies.addAll(others.proxies);
    return new MavenSettings(ordered, allProfiles, allActive, allProxies);
  }

  /** Returns the profiles that are active, also by default. */
  List<Profile> active(Set<String> alsoActive) {
    var named =
        profiles.values().stream()
            .filter(p -> activeProfiles.contains(p.id()) || alsoActive.contains(p.id()))
            .toList();
    return named.isEmpty()
        ? profiles.values().stream().filter(Profile::activeByDefault).toList()
        : named;
  }

  /** Returns the same settings with every text changed. */
  MavenSettings interpolated(Function<String, String> change) {
    var changedMirrors =
        mirrors.stream()
            .map(
                m ->
                    new Mirror(
                        m.id(),
                        change.apply(m.mirrorOf()),
                        change.apply(m.url()),
                        m.blocked(),
                        m.source()))
            .toList();
    var changedProfiles = new LinkedHashMap<String, Profile>();
    profiles.forEach(
        (id, p) ->
            changedProfiles.put(
                id,
                new Profile(
                    id,
                    p.activeByDefault(),
                    p.conditional(),
                    interpolated(p.repositories(), change),
                    interpolated(p.pluginRepositories(), change))));
    return new MavenSettings(changedMirrors, changedProfiles, activeProfiles, proxies);
  }

  private static List<Repository> interpolated(
      List<Repository> repositories, Function<String, String> change) {
    return repositories.stream()
        .map(
            r ->
                new Repository(
                    r.id(),
                    change.apply(r.url()),
                    r.layout(),
                    r.releases(),
                    r.snapshots(),
                    r.source()))
        .toList();
  }

  private static Profile profile(Element element, String source) {
    var activation = child(element, "activation");
    var conditions =
        activation
            .map(a -> children(a).stream().map(MavenSettings::name).toList())
            .orElse(List.of());
    return new Profile(
        text(element, "id").orElse("default"),
        activation.flatMap(a -> text(a, "activeByDefault")).orElse("").equals("true"),
        conditions.stream().anyMatch(name -> !name.equals("activeByDefault")),
        repositories(element, "repositories", "repository", source),
        repositories(element, "pluginRepositories", "pluginRepository", source));
  }

  private static List<Repository> repositories(
      Element parent, String group, String name, String source) {
    return list(parent, group, name).stream()
        .map(
            element ->
                new Repository(
                    text(element, "id").orElse("default"),
                    text(element, "url").orElse(""),
                    text(element, "layout"),
                    child(element, "releases").flatMap(e -> text(e, "enabled")),
                    child(element, "snapshots").flatMap(e -> text(e, "enabled")),
                    source))
        .toList();
  }

  private static Optional<ToolProxy> proxy(Element element, String source) {
    var host = text(element, "host").flatMap(RemoteUrl::nameOrAddress);
    var port = text(element, "port").orElse("8080");
    if (text(element, "active").orElse("true").equals("false")
        || host.isEmpty()
        || !port.matches("[1-9]\\d{0,4}")
        || Integer.parseInt(port) > 65535) {
      return Optional.empty();
    }
    return Optional.of(
        new ToolProxy(
            "Maven",
            host.get(),
            Integer.parseInt(port),
            text(element, "username").isPresent(),
            text(element, "nonProxyHosts").map(t -> List.of(t.split("[|,]"))).orElse(List.of()),
            source));
  }

  private static Element root(String xml, String source) throws IOException {
    try {
      // A mark of the byte order is not white space, and the parser has the text already.
      var text = xml.startsWith("\ufeff") ? xml.substring(1) : xml;
      return parser().parse(new InputSource(new StringReader(text))).getDocumentElement();
    } catch (SAXParseException e) {
      throw new IOException(
          "%s cannot be read (line %d): it must be well-formed XML without a document type"
              .formatted(source, e.getLineNumber()));
    } catch (SAXException | ParserConfigurationException e) {
      throw new IOException(source + " cannot be read as XML");
    }
  }

  /** Makes a parser that neither reads nor fetches anything but the text it is given. */
  private static DocumentBuilder parser() throws ParserConfigurationException {
    var factory = DocumentBuilderFactory.newDefaultNSInstance();
    factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
    factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_DTD, "");
    factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_SCHEMA, "");
    factory.setXIncludeAware(false);
    factory.setExpandEntityReferences(false);
    var parser = factory.newDocumentBuilder();
    // The default prints on stderr.
    parser.setErrorHandler(new DefaultHandler());
    return parser;
  }

  private static List<Element> list(Element parent, String group, String name) {
    return child(parent, group).stream()
        .flatMap(g -> children(g).stream())
        .filter(e -> name(e).equals(name))
        .toList();
  }

  private static Optional<Element> child(Element parent, String name) {
    return children(parent).stream().filter(e -> name(e).equals(name)).findFirst();
  }

  private static List<Element> children(Element parent) {
    var children = new ArrayList<Element>();
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element) {
        children.add(element);
      }
    }
    return children;
  }

  private static String name(Element element) {
    return element.getLocalName();
  }

  private static Optional<String> text(Element parent, String name) {
    return child(parent, name).map(e -> e.getTextContent().strip()).filter(t -> !t.isEmpty());
  }
}
