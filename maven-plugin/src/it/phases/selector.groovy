// What it installs and runs is a project of npm.
System.getenv('PATH').split(':').any { new File(it, 'npm').canExecute() }
