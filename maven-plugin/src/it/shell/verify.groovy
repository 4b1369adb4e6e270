assert new File(basedir, 'build.log').text.contains('sandbox:shell needs a terminal')

// Now with one, in what the build before has downloaded.
def terminal = new File(basedir, '../../../src/test/resources/dev/sandboxed/maven/terminal.py').canonicalPath
def process = ['python3', terminal, '33', '101', new File(System.getProperty('maven.home'), 'bin/mvn').path, '-o', '-B',
               "-Dmaven.repo.local=$localRepositoryPath".toString(), '-Dmaven.legacyLocalRepo=true',
               '-Daether.enhancedLocalRepository.trackingFilename=untracked.properties',
               '-Dsandbox.command=tty -s && stty size && ls && read word && echo got $word', 'dev.sandboxed:sandbox-maven-plugin:shell'].execute(null, basedir)
def shown = new StringBuffer()
process.consumeProcessErrorStream(shown)
// The line waits in the terminal until the program inside reads it.
process.outputStream << 'type word\\r\n'
process.outputStream.flush()
shown << process.inputStream.text
new File(basedir, 'terminal.log').text = shown
assert shown.contains('33 101')
assert shown.contains('pom.xml')
assert shown.contains('got word')
assert shown.contains('[ended with 0, terminal restored]')
true
