// The samples, with the dependencies that the sandbox without a network cannot fetch.
def samples = new File(basedir, 'samples')
def originals = new File(basedir, '../../../../sample-projects').canonicalFile.toPath()
['python-wordcount', 'node-slugify', 'go-lru'].each { name ->
  originals.resolve(name).toFile().traverse(
      preDir: { if (it.name in ['node_modules', '__pycache__']) groovy.io.FileVisitResult.SKIP_SUBTREE }) {
    def target = new File(samples, originals.relativize(it.toPath()).toString())
    if (it.file) {
      target.parentFile.mkdirs()
      target.bytes = it.bytes
    }
  }
}

def found = { tool ->
  System.getenv('PATH').split(':').any { new File(it, tool).canExecute() }
}
def run = { String directory, String... command ->
  def process = new ProcessBuilder(command)
      .directory(new File(samples, directory))
      .redirectErrorStream(true)
      .start()
  def output = process.inputStream.text
  assert process.waitFor() == 0 : output
}
run('go-lru', 'go', 'mod', 'download')
if (found('npm')) {
  run('node-slugify', 'npm', 'ci', '--no-audit', '--no-fund')
}
true
