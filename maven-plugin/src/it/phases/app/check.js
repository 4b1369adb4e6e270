console.log('tests are ' + require('greet'));
