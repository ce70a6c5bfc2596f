/** What an idle MQTT session costs Aedes, and Mosquitto with TLS, in resident memory. */
import { freePort } from '../../server/db/launch';
import { measureSessions, say } from './figures';
import { deviceId, type Answer } from './messages';
import { startMosquitto } from './mosquitto';
import { openMqtt } from './mqtt-client';
import { Part } from './part';

async function perSession(
  count: number,
  memory: () => number | Promise<number>,
  open: (index: number) => Promise<{ destroy(): void }>,
): Promise<number> {
  const { opened, bytes } = await measureSessions(count, memory, open);
  for (const socket of opened) socket.destroy();
  return bytes;
}

export async function measureBrokers(
  folder: string,
  devices: number,
): Promise<{ aedes: number; mosquittoTls: number | 'skipped' }> {
  const [aedes, at] = await Part.start<Required<Answer>>('broker.ts', []);
  const ours = await perSession(
    devices,
    async () => (await aedes.ask<Answer>('memory')).bytes!,
    (index) => openMqtt(at.gatewayPort, deviceId(index), false),
  );
  await aedes.stop();
  const mosquitto = await startMosquitto(folder, await freePort());
  if (!mosquitto) {
    say('mosquitto or openssl is not installed: skipped');
    return { aedes: ours, mosquittoTls: 'skipped' };
  }
  const theirs = await perSession(
    devices,
    () => mosquitto.bytes(),
    (index) => openMqtt(mosquitto.port, deviceId(index), true),
  );
  mosquitto.stop();
  return { aedes: ours, mosquittoTls: theirs };
}
