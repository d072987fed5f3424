// SPDX-License-Identifier: MIT
// The npm package etcd-registry as a program that a test drives: node peer.js CONNECTION. Each line on
// standard input is a command, a JSON array; each is answered by one line, {"value": ...} or {"error": ...}.
//
//   ["join", NAME, DOCUMENT]   the document as it was written
//   ["list"], ["list", NAME]   all documents
//   ["lookup", NAME]           one document, or null
//   ["leave", NAME]            null
'use strict';

const readline = require('readline');
const registry = require('etcd-registry')(process.argv[2]);

const answer = (error, value = null) => {
  console.log(JSON.stringify(error ? { error: String(error.message || error) } : { value }));
};

readline.createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [command, ...parameters] = JSON.parse(line);
    registry[command](...parameters, answer);
  })
  .on('close', () => process.exit()); // without leaving, so that a test can see it vanish
