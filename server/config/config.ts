/**
 * The server's configuration from the environment (docs/operating.md lists it; a test compares). Values are
 * checked at start; what is wrong is said by name, never with its value, because it may be a secret.
 */
import { z } from 'zod';
import { DEFAULT_PIPES } from '../db/database';
import { MasterKeys } from '../secrets';

const port = z.coerce.number().int().min(0).max(65535);
const positive = z.coerce.number().int().min(1);
const origin = z
  .url({ protocol: /^https?$/ })
  .refine((text) => new URL(text).pathname === '/' && !new URL(text).search, 'only scheme, host and port');

const masterKeys = z.string().superRefine((text, context) => {
  try {
    MasterKeys.parse(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

/** An empty variable counts as unset. */
export const ENVIRONMENT = {
  COINSLOT_DATA_DIR: z.string().default('data/server'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  COINSLOT_DB_CONNECTIONS: positive.max(500).default(20),
  COINSLOT_DB_PIPES: positive.max(64).default(DEFAULT_PIPES),
  COINSLOT_HTTP_HOST: z.string().default('127.0.0.1'),
  COINSLOT_HTTP_PORT: port.default(8080),
  COINSLOT_GATEWAY_HOST: z.string().default('0.0.0.0'),
  COINSLOT_GATEWAY_PORT: port.default(7070),
  COINSLOT_GATEWAY_MAX_CONNECTIONS: positive.max(1_000_000).default(20_000),
  COINSLOT_GATEWAY_MAX_UNKNOWN_PER_ADDRESS: positive.max(1_000).default(100),
  COINSLOT_DTU_HOST: z.string().default('127.0.0.1'),
  COINSLOT_DTU_PORT: port.default(7071),
  COINSLOT_DTU_DAY_BYTES: z.coerce.number().int().min(0).default(50_000_000),
  COINSLOT_DTU_BYTES_PER_SECOND: positive.min(1_000).max(1_000_000).default(16_000),
  COINSLOT_INNER_URL: origin.optional(),
  COINSLOT_PUBLIC_URL: origin.optional(),
  COINSLOT_MASTER_KEY: masterKeys.optional(),
  COINSLOT_API_TOKEN: z.string().min(24).optional(),
  COINSLOT_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  COINSLOT_WECHAT_URL: origin.optional(),
  COINSLOT_ALIPAY_URL: origin.optional(),
  COINSLOT_PROVIDER_TIMEOUT_MS: positive.max(60_000).default(10_000),
  COINSLOT_PATIENCE_S: positive.max(86_400).default(300),
  COINSLOT_GRANT_S: positive.max(3_600).default(90),
  COINSLOT_MIN_CODE_S: positive.max(7_200).default(30),
  COINSLOT_CALL_GRACE_S: positive.max(600).default(20),
  COINSLOT_REFUND_RETRY_S: positive.max(86_400).default(600),
  COINSLOT_WATCH_S: positive.max(86_400).default(120),
} as const;

const SCHEMA = z.object(ENVIRONMENT);

export type Config = z.infer<typeof SCHEMA>;

/** Thrown for a configuration that cannot be used; the message names each variable at fault. */
export class ConfigError extends Error {}

/** Reads and checks the configuration. Empty variables count as unset. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.keys(ENVIRONMENT)
      .filter((name) => environment[name] !== undefined && environment[name] !== '')
      .map((name) => [name, environment[name]]),
  );
  const unknown = Object.keys(environment).filter(
    (name) => name.startsWith('COINSLOT_') && !(name in ENVIRONMENT),
  );
  const result = SCHEMA.safeParse(given);
  const faults = unknown.map((name) => `${name}: no such setting`);
  for (const issue of result.error?.issues ?? []) faults.push(`${issue.path.join('.')}: ${issue.message}`);
  if (!result.success || faults.length > 0) throw new ConfigError(`configuration: ${faults.join('; ')}`);
  return result.data;
}
