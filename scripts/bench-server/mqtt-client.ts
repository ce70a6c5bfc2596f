/** MQTT sessions as devices would hold them: connected, subscribed to a topic of their own, then idle. */
import * as mqtt from 'mqtt-packet';
import * as net from 'node:net';
import * as tls from 'node:tls';

const KEEP_ALIVE_S = 1_200;

/** Opens a session; resolves when the broker has granted the subscription. */
export function openMqtt(port: number, clientId: string, isTls: boolean): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = isTls
      ? tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
      : net.connect(port, '127.0.0.1');
    const parser = mqtt.parser();
    parser.on('packet', (packet) => {
      if (packet.cmd === 'connack') {
        const subscription = { topic: `devices/${clientId}`, qos: 1 as const };
        socket.write(mqtt.generate({ cmd: 'subscribe', messageId: 1, subscriptions: [subscription] }));
      } else if (packet.cmd === 'suback') resolve(socket);
    });
    socket.on('data', (data) => void parser.parse(data));
    socket.on('error', reject);
    socket.on(isTls ? 'secureConnect' : 'connect', () => {
      const connect = {
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        keepalive: KEEP_ALIVE_S,
      } as const;
      socket.write(mqtt.generate({ cmd: 'connect', clientId, ...connect }));
    });
  });
}
