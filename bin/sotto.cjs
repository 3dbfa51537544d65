#!/usr/bin/env node
// The launcher. CommonJS and old syntax only, so that every Node can at least read it and say what is missing.
'use strict';
var needed = [24, 15];
var found = process.versions.node.split('.').map(Number);
if (found[0] < needed[0] || (found[0] === needed[0] && found[1] < needed[1])) {
  process.stderr.write(
    'sotto: this is Node ' +
      process.versions.node +
      ', and Sotto needs Node ' +
      needed.join('.') +
      ' or newer: install it and run this again [node-unsuitable]\n',
  );
  process.exit(78);
}
import('../dist/main.js').catch(function (error) {
  process.stderr.write(
    'sotto: internal error [internal]: ' + (error && error.stack ? error.stack : error) + '\n',
  );
  process.exit(70);
});
