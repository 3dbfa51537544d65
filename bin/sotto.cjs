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
keepCompiled();
try {
  require('../dist/program/main.cjs');
} catch (error) {
  process.stderr.write(
    'sotto: internal error [internal]: ' + (error && error.stack ? error.stack : error) + '\n',
  );
  process.exit(70);
}

// Node keeps what it has compiled for the next start. It runs what it finds there: the folder must be this user's alone, so never Node's
// own default in the folder for temporary files.
function keepCompiled() {
  var env = process.env;
  var base = env.XDG_CACHE_HOME || '';
  if (base[0] !== '/') base = env.HOME && env.HOME[0] === '/' ? env.HOME + '/.cache' : '';
  if (base === '' || env.NODE_COMPILE_CACHE || !process.getuid) return;
  try {
    var fs = require('fs');
    var folder = base + '/sotto';
    [base, folder].forEach(function (path) {
      if (!fs.existsSync(path)) fs.mkdirSync(path, 448);
    });
    var stats = fs.lstatSync(folder);
    if (!stats.isDirectory() || stats.uid !== process.getuid() || (stats.mode & 18) !== 0) return;
    require('module').enableCompileCache(folder);
  } catch {
    // It starts without, only slower.
  }
}
