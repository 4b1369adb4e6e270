// The samples, with the dependencies that the sandbox without a network cannot fetch.
def samples = new File(basedir, 'samples')
new groovy.ant.AntBuilder().copy(todir: samples) {
  fileset(dir: "${samples}/../../../../../sample-projects") {
    include(name: 'python-wordcount/**')
    include(name: 'node-slugify/**')
    include(name: 'go-lru/**')
    exclude(name: '**/node_modules/**')
    exclude(name: '**/__pycache__/**')
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
