/**
 * The server process: configuration from the environment, one line of JSON on standard output when it is ready,
 * an orderly end on SIGTERM and SIGINT. Wiring is app.ts's.
 */
import { command } from '../scripts/command-line';
import { startServer, type ServerOptions } from './app';
import { ConfigError, ENVIRONMENT, readConfig, type Config } from './config/config';
import { startSentence } from './start-error';
import { STOP_LIMIT_MS } from './stopping';
import { systemClock } from './time';

const EXIT_CONFIG = 2;
const EXIT_FAILED = 1;

function optionsOf(config: Config): ServerOptions {
  const options: Record<string, unknown> = {
    dataDir: config.COINSLOT_DATA_DIR,
    databaseUrl: config.DATABASE_URL,
    dbConnections: config.COINSLOT_DB_CONNECTIONS,
    pipes: config.COINSLOT_DB_PIPES,
    httpHost: config.COINSLOT_HTTP_HOST,
    httpPort: config.COINSLOT_HTTP_PORT,
    gatewayHost: config.COINSLOT_GATEWAY_HOST,
    gatewayPort: config.COINSLOT_GATEWAY_PORT,
    gatewayLimits: {
      maxConnections: config.COINSLOT_GATEWAY_MAX_CONNECTIONS,
      maxUnknownPerAddress: config.COINSLOT_GATEWAY_MAX_UNKNOWN_PER_ADDRESS,
    },
    dtuHost: config.COINSLOT_DTU_HOST,
    dtuPort: config.COINSLOT_DTU_PORT,
    fairUse: {
      dayBytes: config.COINSLOT_DTU_DAY_BYTES,
      bytesPerSecond: config.COINSLOT_DTU_BYTES_PER_SECOND,
    },
    innerUrl: config.COINSLOT_INNER_URL,
    publicUrl: config.COINSLOT_PUBLIC_URL,
    masterKey: config.COINSLOT_MASTER_KEY,
    apiToken: config.COINSLOT_API_TOKEN,
    logLevel: config.COINSLOT_LOG_LEVEL,
    wechatUrl: config.COINSLOT_WECHAT_URL,
    alipayUrl: config.COINSLOT_ALIPAY_URL,
    providerTimeoutMs: config.COINSLOT_PROVIDER_TIMEOUT_MS,
    times: {
      patienceMs: config.COINSLOT_PATIENCE_S * 1000,
      grantMs: config.COINSLOT_GRANT_S * 1000,
      callGraceMs: config.COINSLOT_CALL_GRACE_S * 1000,
      watchMs: config.COINSLOT_WATCH_S * 1000,
      refusedRefundMs: config.COINSLOT_REFUND_RETRY_S * 1000,
    },
    limits: { minTtlMs: config.COINSLOT_MIN_CODE_S * 1000 },
    say: (text: string) => process.stderr.write(`coinslot: ${text}\n`),
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

async function main(): Promise<void> {
  command('server', 'the platform server; its settings come from the environment (docs/operating.md)')
    .addHelpText('after', `\nSettings:\n  ${Object.keys(ENVIRONMENT).join('\n  ')}`)
    .parse();
  const server = await startServer(optionsOf(readConfig(process.env)));
  const stop = (): void => {
    systemClock.setTimer(() => process.exit(EXIT_FAILED), STOP_LIMIT_MS);
    server.stop().then(
      () => process.exit(0),
      () => process.exit(EXIT_FAILED),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Only now: whoever reads the line may stop us at once.
  const { httpUrl, gatewayPort, dtuPort } = server;
  process.stdout.write(`${JSON.stringify({ event: 'ready', httpUrl, gatewayPort, dtuPort })}\n`);
}

main().catch((error: Error) => {
  const isConfig = error instanceof ConfigError;
  const sentence = isConfig ? error.message : startSentence(error);
  process.stderr.write(`coinslot: ${sentence ?? error.stack ?? error.message}\n`);
  process.exit(isConfig ? EXIT_CONFIG : EXIT_FAILED);
});
