/**
 * Mosquitto with TLS (Debian's package) for comparison: certificate, configuration, process, and its resident
 * memory from /proc. Undefined where it, or openssl, is not installed.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { sleep, systemClock } from '../../server/time';

const START_LIMIT_MS = 10_000;
const POLL_MS = 50;
const PAGE_BYTES = 4_096;

export interface Mosquitto {
  readonly port: number;
  bytes(): number;
  stop(): void;
}

function find(name: string): string | undefined {
  return ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin']
    .map((folder) => path.join(folder, name))
    .find((file) => fs.existsSync(file));
}

export async function startMosquitto(folder: string, port: number): Promise<Mosquitto | undefined> {
  const [binary, openssl] = [find('mosquitto'), find('openssl')];
  if (!binary || !openssl) return undefined;
  const [key, certificate] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=bench'];
  execFileSync(openssl, [...request, ...names], { stdio: 'ignore' });
  const file = path.join(folder, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    `certfile ${certificate}`,
    `keyfile ${key}`,
    'allow_anonymous true',
    'persistence false',
    ...(process.getuid?.() === 0 ? ['user root'] : []),
  ];
  fs.writeFileSync(file, lines.join('\n'));
  const child = spawn(binary, ['-c', file], { stdio: 'ignore' });
  await listening(child, port);
  return {
    port,
    bytes: () => Number(fs.readFileSync(`/proc/${child.pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES,
    stop: () => void child.kill('SIGTERM'),
  };
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  const deadlineMs = systemClock.nowMs() + START_LIMIT_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || systemClock.nowMs() > deadlineMs)
      throw new Error('mosquitto did not start');
    await sleep(systemClock, POLL_MS);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => resolve(false));
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
