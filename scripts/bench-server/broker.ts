/** Aedes as a process of its own, without TLS, holding MQTT sessions. Started by main.ts (fork). */
import Aedes from 'aedes';
import * as net from 'node:net';
import { residentBytes } from './memory';
import type { Question } from './messages';

const broker = new Aedes();
const server = net.createServer(broker.handle);
server.listen(0, '127.0.0.1', () => {
  process.send!({ gatewayPort: (server.address() as net.AddressInfo).port });
});
process.on('message', (question: Question) => {
  if (question === 'memory') process.send!({ bytes: residentBytes() });
  else process.exit(0);
});
