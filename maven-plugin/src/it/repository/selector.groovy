System.getenv('PATH').split(':').any { new File(it, 'git').canExecute() }
