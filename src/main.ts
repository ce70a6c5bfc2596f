/**
 * The module, put together: the one place that touches Espruino's globals. Reads the journal, then opens the
 * host's port, then brings up the link. Everything that decides anything is in payment/, protocol/ and drivers/.
 * Invariant: the host's port is opened only after the journal was read, so that no frame meets a module that has
 * forgotten an order.
 */
import {
  AES,
  BOARD_ID,
  CONSOLE,
  FAULT_LED_PIN,
  HOST_OPTIONS,
  hostPort,
  JOURNAL_SECTORS,
  journalFlash,
  MODEM_BAUD,
  MODEM_OPTIONS,
  modemPort,
  PWRKEY_PIN,
  READY_LED_PIN,
  RELAY_PINS,
  RESET_FLAGS_ADDRESS,
  RESET_PIN,
  STATUS_PIN,
  SUPPLY_PIN,
} from 'board-profile';
import { nativeAes } from './drivers/aes';
import { Keeper } from './drivers/keeper';
import { Leds, LedState } from './drivers/led';
import { Relay } from './drivers/relay';
import { Uart } from './drivers/uart';
import { readStartCause, startWatchdog } from './drivers/watchdog';
import { Book } from './payment/book';
import { Desk } from './payment/desk';
import type { Identity } from './payment/identity';
import { Journal, RecordKind } from './payment/journal';
import { Orders } from './payment/orders';
import { composeCcm } from './payment/packet';
import { Session } from './payment/session';
import { checkSettings } from './payment/settings-check';
import { u32 } from './protocol/bytes';
import { LinkState, Reason } from './protocol/codes';
import type { HostValue } from './protocol/host-wire';
import type { Message } from './protocol/messages';
import type { Clock, Random } from './protocol/ports';
import { FIRMWARE_VERSION } from './version';

/** Heartbeat of the link: a carrier's NAT drops an idle connection after 2 to 30 minutes. */
const HEARTBEAT = { leastMs: 30000, firstMs: 90000, mostMs: 900000 };
const TICK_MS = 1000;
/** A restart and a new baud rate wait until the last answer has left. */
const LEAVE_MS = 200;
const PROTOCOL_VERSION = 1;
/** Time between two looks at the clock: a second's tick, behind two erases at the most. */
const MAX_UNSEEN_S = 2;
const NO_TIME_ERROR = 0xffffffff;
const MAX_FAULT_TEXT = 80;

let startS = getTime();
let lastS = startS;
const clock: Clock = {
  nowMs: () => {
    const nowS = getTime();
    // The RTC was set back: what has passed since the last look (a tick, or an erase) is taken for the most it can be.
    if (nowS < lastS) startS += nowS - lastS - MAX_UNSEEN_S;
    lastS = nowS;
    return (nowS - startS) * 1000;
  },
  after: (delayMs: number, callback: () => void) => setTimeout(callback, delayMs),
  cancel: (timer: unknown) => {
    if (timer !== undefined) clearTimeout(timer as number);
  },
};
const random: Random = {
  bytes: (count: number) => {
    let noise = '';
    while (noise.length < count) noise += u32(E.hwRand());
    return noise.substr(0, count);
  },
};
const crc32 = (bytes: string): number => E.CRC32(bytes);

const resetReason = readStartCause(RESET_FLAGS_ADDRESS, peek32, poke32);
const leds = new Leds(
  clock,
  (level) => digitalWrite(READY_LED_PIN, level),
  (level) => digitalWrite(FAULT_LED_PIN, level),
);
const relay = new Relay(
  {
    write: (pin, level) => digitalWrite(pin, level),
    pulse: (pin, level, ms) => digitalPulse(pin, level, ms),
  },
  clock,
  RELAY_PINS,
);
const hostUart = new Uart(hostPort, HOST_OPTIONS);
const modemUart = new Uart(modemPort, MODEM_OPTIONS);

let session: Session | undefined;
let keeper: Keeper | undefined;
let linkState: LinkState = LinkState.Off;

const book = new Book(() => (session ? Math.floor(session.serverTimeMs() / 1000) : 0));
const journal = new Journal(journalFlash, crc32, JOURNAL_SECTORS, book);

/** Which LED pattern belongs to a state of the link. */
const LED_STATES: readonly LedState[] = [
  LedState.NotProvisioned,
  LedState.NoModem,
  LedState.NoSim,
  LedState.NoSim,
  LedState.NoNetwork,
  LedState.NoNetwork,
  LedState.NoNetwork,
  LedState.NoServer,
  LedState.NoServer,
  LedState.NoServer,
  LedState.Ready,
  LedState.NoModem,
];

/** Something threw: keep it in the journal, as far as that goes. */
function fault(error: unknown): void {
  const text = ('' + ((error as Error) && (error as Error).message)).substr(0, MAX_FAULT_TEXT);
  print(text);
  try {
    journal.append(RecordKind.Note, [text]);
  } catch {
    leds.show(LedState.Fault);
  }
}

function showState(): void {
  if (!book.isReady) leds.show(LedState.Fault);
  else leds.show(book.open.length ? LedState.OrderOpen : LED_STATES[linkState]!);
}

function signalValues(): HostValue[] {
  const status = keeper && keeper.status();
  return [linkState, status ? status.csq : 99, status ? status.registration : 0];
}

const desk = new Desk(
  (bytes) => hostUart.write(bytes),
  crc32,
  clock,
  book,
  {
    info: () => [
      PROTOCOL_VERSION,
      resetReason,
      linkState,
      book.open.length,
      book.lastOrder,
      book.identity ? book.identity.id : '',
      FIRMWARE_VERSION,
      BOARD_ID,
      keeper ? keeper.status().imei : '',
    ],
    signal: signalValues,
    time: () => {
      const timeMs = session ? session.serverTimeMs() : 0;
      const errorMs = timeMs ? session!.timeErrorMs() : NO_TIME_ERROR;
      return [Math.floor(timeMs / 1000), Math.min(NO_TIME_ERROR, Math.ceil(errorMs))];
    },
    moveRelay: (number, count, onMs, offMs) => {
      if (relay.isBusy()) return Reason.Busy;
      if (count) relay.run({ relay: number - 1, count, onMs, offMs }, () => {});
      else relay.stop();
      return Reason.None;
    },
    settingsChanged: () => setTimeout(() => hostUart.setBaud(book.settings.baud), LEAVE_MS),
    restart: () => setTimeout(() => E.reboot(), LEAVE_MS),
    fault,
    base64: btoa,
  },
  random.bytes(1).charCodeAt(0),
);

const orders = new Orders(
  book,
  clock,
  {
    isReady: () => session !== undefined && session.isReady(),
    isReachable: () => session !== undefined && session.isReachable(),
    send: (message) => session !== undefined && session.send(message),
    serverTimeAtMostMs: () => (session ? session.serverTimeAtMostMs() : undefined),
  },
  {
    isBusy: () => relay.isBusy(),
    run: (plan, onDone) =>
      relay.run({ relay: plan.relay - 1, count: plan.count, onMs: plan.onMs, offMs: plan.offMs }, onDone),
    stop: () => relay.stop(),
  },
  desk,
);
desk.connect(orders);

/** Messages that are not about an order. */
const MESSAGE_HANDLERS: { readonly [type: string]: (message: Message) => void } = {
  set: (message) => {
    const version = message[1] as number;
    const change = Object.assign({}, message[2], { version });
    const merged = checkSettings(book.settings, change);
    if (!merged || version <= book.settings.version) return;
    book.saveSettings(merged);
    hostUart.setBaud(merged.baud);
  },
  log: (message) => {
    const lines = book.log(message[1] as number, message[2] as number);
    lines.forEach((text, index) => session!.send(['log', lines.length - 1 - index, btoa(text)]));
  },
};

/** The session of a module over its keeper. */
function newSession(identity: Identity, carrier: Keeper): Session {
  const aes = nativeAes(AES, E);
  let psk = '';
  for (let at = 0; at < identity.key.length; at += 2) {
    psk += String.fromCharCode(parseInt(identity.key.substr(at, 2), 16));
  }
  return new Session(
    { deviceId: identity.id, psk },
    book.starts,
    aes,
    composeCcm(aes),
    clock,
    random,
    carrier,
    {
      greeting: (uptimeMs) => {
        const status = carrier.status();
        return [
          'hi',
          uptimeMs,
          FIRMWARE_VERSION,
          BOARD_ID,
          status.imei,
          status.iccid,
          resetReason,
          status.csq,
          book.lastOrder,
          book.settings.version,
          orders.summary(),
        ];
      },
      onReady: (lastOrder) => {
        book.sync(lastOrder);
        linkState = LinkState.Ready;
        showState();
        desk.announceSignal();
        orders.onLinkUp();
      },
      onDown: () => orders.onLinkDown(),
      onMessage: (message) => {
        const handler = MESSAGE_HANDLERS[message[0]];
        if (handler) handler(message);
        else orders.onMessage(message);
      },
      onBytes: () => {},
      onChange: () => {},
      signal: () => {
        const status = carrier.status();
        return [status.csq, status.registration];
      },
    },
  );
}

/** Brings up the link of a module that has an identity. */
function startLink(): void {
  const identity = book.identity!;
  const carrier = new Keeper(
    {
      write: (bytes) => modemUart.write(bytes),
      setBaud: (baud) => modemUart.setBaud(baud),
      clock,
      random,
      pins: {
        key: (isActive) => digitalWrite(PWRKEY_PIN, isActive),
        reset: (isActive) => digitalWrite(RESET_PIN, isActive),
        supply: (isCut) => digitalWrite(SUPPLY_PIN, isCut),
        isOn: () => digitalRead(STATUS_PIN) === 1,
      },
    },
    {
      apn: identity.apn,
      apnUser: identity.user,
      apnPassword: identity.pass,
      pin: identity.pin,
      host: identity.host,
      port: identity.port,
      heartbeat: HEARTBEAT,
    },
    {
      onUp: () => session!.onUp(),
      onDown: () => session!.onDown(),
      onData: (data) => session!.onData(data),
      onHeartbeatDue: () => session!.ping(),
      onDrain: () => {},
      onState: (state) => {
        // The keeper is content with a proven server; the host cares when orders can be sent.
        linkState = state === LinkState.Ready && !session!.isReady() ? LinkState.Connecting : state;
        showState();
        desk.announceSignal();
      },
    },
  );
  keeper = carrier;
  session = newSession(identity, carrier);
  modemUart.open(MODEM_BAUD, (data) => carrier.receive(data));
  carrier.start();
}

function tick(): void {
  if (book.open.length) {
    orders.tick();
    desk.tick();
    showState();
  } else if (book.isReady && journal.needsErase()) journal.eraseAhead();
}

function start(): void {
  E.setConsole(CONSOLE || null, { force: true });
  process.on('uncaughtException', fault);
  startWatchdog(
    { enable: (timeoutS) => E.enableWatchdog(timeoutS, false), kick: () => E.kickWatchdog() },
    clock,
  );
  try {
    const report = book.start(journal, resetReason);
    orders.resume(report.isStale);
  } catch (error) {
    // Nothing is erased and nothing is accepted: the host hears STORAGE, a person sees the fault light.
    print('journal', (error as Error).message);
  }
  hostUart.open(book.settings.baud, (data) => desk.onData(data));
  showState();
  desk.announce();
  if (book.identity) startLink();
  setInterval(tick, TICK_MS);
}

start();
