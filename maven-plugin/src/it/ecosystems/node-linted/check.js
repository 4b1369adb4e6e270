console.log('checked by node');
