console.log('linters are ' + require('greet'));
