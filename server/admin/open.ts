/**
 * Opens the services for one command beside a running server, or without one: on DATABASE_URL, on the running
 * embedded PostgreSQL, or on one started for the command. What a command sets off (a refund, a word to a device)
 * is done or handed on before it ends.
 */
import { readConfig } from '../config/config';
import { makeLog, openCore, type Core } from '../core';
import { joinCluster } from '../db/cluster';
import { readPlace } from '../db/place';
import { notifyPath } from '../api/notify';
import { TaskRunner } from '../orders/tasks';
import { StartError } from '../start-error';
import { systemClock } from '../time';

const DATABASE_NAME = 'coinslot';
const CONNECTIONS = 4;

/** Runs `work` with the services open; whatever happens, everything is closed again. */
export async function withCore<Result>(work: (core: Core) => Promise<Result>): Promise<Result> {
  const config = readConfig(process.env);
  const clock = systemClock;
  const dataDir = config.COINSLOT_DATA_DIR;
  // An empty database made in a wrong folder would prove the books and list no orders.
  if (!config.DATABASE_URL && !readPlace(dataDir)) {
    throw new StartError(
      `there is no database in ${dataDir}: start the server once, or set COINSLOT_DATA_DIR as it has it`,
    );
  }
  const cluster = config.DATABASE_URL ? undefined : await joinCluster({ dataDir, clock });
  try {
    const core = await openCore({
      databaseUrl: config.DATABASE_URL ?? (await cluster!.database(DATABASE_NAME)),
      dataDir,
      clock,
      log: makeLog('error'),
      maxConnections: CONNECTIONS,
      providerTimeoutMs: config.COINSLOT_PROVIDER_TIMEOUT_MS,
      ...definedOf({
        masterKey: config.COINSLOT_MASTER_KEY,
        apiToken: config.COINSLOT_API_TOKEN,
        wechatUrl: config.COINSLOT_WECHAT_URL,
        alipayUrl: config.COINSLOT_ALIPAY_URL,
        publicUrl: config.COINSLOT_PUBLIC_URL,
      }),
    });
    try {
      return await perform(core, config.COINSLOT_PUBLIC_URL ?? '', work);
    } finally {
      await core.close();
    }
  } finally {
    await cluster?.stop();
  }
}

async function perform<Result>(
  core: Core,
  origin: string,
  work: (core: Core) => Promise<Result>,
): Promise<Result> {
  const tasks = new TaskRunner({
    ...core,
    clock: systemClock,
    notifyUrl: (merchantId, channel) => origin + notifyPath(merchantId, channel),
  });
  const due: string[] = [];
  core.service.connect(core.router, { act: (outTradeNo) => void due.push(outTradeNo) });
  const result = await work(core);
  for (const outTradeNo of due) await tasks.perform(outTradeNo, true);
  return result;
}

function definedOf<Value extends object>(value: Value): { [Key in keyof Value]?: NonNullable<Value[Key]> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as never;
}
