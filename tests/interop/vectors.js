// SPDX-License-Identifier: MIT
// Writes ../unit/data/vectors.json: what the npm package etcd-registry itself puts into etcd for
// many names, namespaces and documents. It talks to a server in this process that answers every
// write as etcd would and notes it. Run it by `npm ci && npm run vectors`; tst_layout reads the result.
'use strict';

const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');
const registry = require('etcd-registry');

const hostname = '10.1.2.3';
// What the package takes where a document names no hostname: it should not be this machine's.
os.networkInterfaces = () => ({ eth0: [{ address: hostname, family: 'IPv4', internal: false }] });

const names = [
  'web', 'Web-2', 'shop/cart', 'a.b.c', 'two words', ' around ', 'under_score', 'a--b', '-', '.', '..', '/',
  '购物车', '日本語 サービス', 'Größe', 'café', 'cafe\u0301', 'пример', '🛒', 'a🛒b', '👨‍👩‍👧', '"quoted"', 'back\\slash',
  'tab\tand\nline', '\u0001control\u007f', 'sep\u2028arator', '<b>&amp;', '100%', '%2F', 'a+b=c?d#e', 'x'.repeat(300),
];
const nameSpaces = [
  '', '/', 'shop', 'shop/', '/shop', '/shop/', 'shop/eu', 'shop/eu/', '/shop/eu/north', 'UPPER/lower', 'with-dash/with_underscore', 'v1.2',
];
const documents = [
  {}, { port: 8080 }, { port: '8080' }, { port: 0 }, { port: '' }, { port: null }, { port: 80.5 }, { port: -1 },
  { port: 9007199254740991 }, { port: 1e21 }, { port: 1.5e-7 }, { port: true }, { port: false },
  { port: 443, protocol: 'https' }, { protocol: 'tcp' }, { protocol: '' }, { protocol: null, port: 1 },
  { hostname: 'box' }, { hostname: 'box', port: 1 }, { hostname: '' }, { hostname: null, port: 2 }, { hostname: false },
  { hostname: 0 }, { hostname: '::1', port: 3 }, { hostname: '[::1]', port: 3 }, { hostname: 'bücher.example', port: 3 },
  { host: 'a:1' }, { host: '', port: 4 }, { host: null, hostname: 'b' }, { host: 'a:1', port: 5 },
  { host: 'a:1', protocol: 'https' }, { url: 'http://elsewhere/' }, { url: '' }, { url: null, port: 6 },
  { url: 'ftp://x', port: 7, host: 'y', hostname: 'z', protocol: 'q' }, { url: 'http://例え/パス?q=値#🛒' },
  { name: 'other' }, { name: '', port: 8 }, { port: 8, name: 'other', last: 1 },
  { url: '', host: '', hostname: '', name: '', port: 0 }, { url: null, extra: 1, host: false, hostname: 0, name: null },
  { z: 1, a: 2, m: 3 }, { version: '1.2.3', port: 9, tags: ['b', 'a', 'c'] }, { a: { b: { c: { d: [1, [2, [3, {}]], []] } } } },
  { text: 'quote " slash / back \\ tab \t line \n cr \r bell \u0007 del \u007f ls \u2028 ps \u2029' },
  { text: '中文 äöü 🛒 \u0000' }, { '': 'empty name', ' ': 'blank', 'a.b': 'dot', 'ключ': 'значение', 'q"q': 1 },
  { numbers: [0, -0.5, 1e100, 123456789012345, 0.1, 1e-10], flags: [true, false, null] },
  { big: Array.from({ length: 200 }, (_, i) => ({ id: i, label: 'item ' + i, nested: { odd: i % 2 === 1 } })) },
];

const puts = [];
const server = http.createServer((request, response) => {
  const body = [];
  request.on('data', (data) => body.push(data));
  request.on('end', () => {
    if (request.method === 'PUT') {
      const value = new URLSearchParams(Buffer.concat(body).toString()).get('value');
      puts.push({ key: decodeURI(request.url).replace(/^\/v2\/keys\//, ''), value });
    }
    response.setHeader('content-type', 'application/json');
    response.end('{"action":"set","node":{}}');
  });
});

const join = (nameSpace, name, document) => new Promise((resolve, reject) => {
  const before = JSON.stringify(document); // join() adds its fields to the object itself
  const client = registry(`127.0.0.1:${server.address().port}${nameSpace && '/' + nameSpace}`);
  client.join(name, document, (error) => {
    if (error) return reject(error);
    client.destroy(() => resolve({ namespace: nameSpace, name, document: before, ...puts.pop() }));
  });
});

const main = async () => {
  const vectors = [];
  for (const name of names) vectors.push(await join('shop', name, { port: 8080 }));
  for (const nameSpace of nameSpaces) vectors.push(await join(nameSpace, 'web', { port: 8080 }));
  for (const document of documents) vectors.push(await join('shop/eu', 'orders', document));
  server.close();
  const file = path.join(__dirname, '..', 'unit', 'data', 'vectors.json');
  fs.writeFileSync(file, '[\n' + vectors.map((vector) => JSON.stringify(vector)).join(',\n') + '\n]\n');
};

server.listen(0, '127.0.0.1', main);
