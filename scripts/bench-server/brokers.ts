/** What an idle MQTT session costs Aedes, and Mosquitto with TLS, in resident memory. */
import * as net from 'node:net';
import { sleep, systemClock } from '../../server/time';
import { openAll, round, say, SETTLE_MS } from './figures';
import { deviceId, type Answer } from './messages';
import { startMosquitto } from './mosquitto';
import { openMqtt } from './mqtt-client';
import { Part } from './part';

/** Resident bytes that a session costs, from none to all. */
async function perSession(
  memory: () => number | Promise<number>,
  open: () => Promise<readonly { destroy(): void }[]>,
): Promise<number> {
  await sleep(systemClock, SETTLE_MS);
  const before = await memory();
  const sockets = await open();
  await sleep(systemClock, SETTLE_MS);
  const bytes = ((await memory()) - before) / sockets.length;
  for (const socket of sockets) socket.destroy();
  return round(bytes);
}

export async function measureBrokers(
  folder: string,
  devices: number,
): Promise<{ aedes: number; mosquittoTls: number | 'skipped' }> {
  const [aedes, at] = await Part.start<Required<Answer>>('broker.ts', []);
  const ours = await perSession(
    async () => (await aedes.ask<Answer>('memory')).bytes!,
    () => openAll(devices, (index) => openMqtt(at.gatewayPort, deviceId(index), false)),
  );
  await aedes.stop();
  const mosquitto = await startMosquitto(folder, await freePort());
  if (!mosquitto) {
    say('mosquitto or openssl is not installed: skipped');
    return { aedes: ours, mosquittoTls: 'skipped' };
  }
  const theirs = await perSession(
    () => mosquitto.bytes(),
    () => openAll(devices, (index) => openMqtt(mosquitto.port, deviceId(index), true)),
  );
  mosquitto.stop();
  return { aedes: ours, mosquittoTls: theirs };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
