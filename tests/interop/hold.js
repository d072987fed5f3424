// SPDX-License-Identifier: MIT
// Holds registrations with the npm package etcd-registry, and tells what that takes:
//   node hold.js CONNECTION INSTANCES SETTLING WATCHED     (both in seconds)
'use strict';

const [connection, instances, settling, watched] = process.argv.slice(2);
const registry = require('etcd-registry')(connection);
const atOnce = 50;
const started = Date.now();
let next = 1;
let joined = 0;

const join = () => {
  if (next > instances) return;
  const port = next++;
  registry.join('held', { hostname: '10.0.0.1', port }, (error) => {
    if (error) throw error;
    if (++joined === Number(instances)) watch((Date.now() - started) / 1000);
    else join();
  });
};

const watch = (joining) => setTimeout(() => {
  const before = process.cpuUsage();
  setTimeout(() => {
    const { user, system } = process.cpuUsage(before);
    const rss = process.memoryUsage().rss / 1024 / 1024;
    console.log(JSON.stringify({ joining, cpu: (user + system) / 1e4 / watched, rss }));
    process.exit();
  }, watched * 1000);
}, settling * 1000);

for (let i = 0; i < atOnce; i++) join();
