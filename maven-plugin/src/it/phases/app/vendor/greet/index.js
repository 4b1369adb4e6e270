module.exports = 'greeted';
