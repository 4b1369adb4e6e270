// A repository whose first commit has a tag.
def repository = new File(basedir, 'repository/module')
repository.mkdirs()
def git = { String... arguments ->
  def process = new ProcessBuilder(['git', '-c', 'user.name=A', '-c', 'user.email=a@example.org'] + arguments.toList())
      .directory(repository)
      .redirectErrorStream(true)
      .start()
  def output = process.inputStream.text
  assert process.waitFor() == 0 : output
}
git('init', '-q', '..')
['one', 'two'].each {
  new File(repository, 'greeting').text = "greeting ${it}\n"
  git('add', '--all')
  git('commit', '-q', '-m', it)
  if (it == 'one') {
    git('tag', 'v1')
  }
}
true
