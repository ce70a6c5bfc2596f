/**
 * The module, put together: the one place that touches Espruino's globals. Reads the journal, then opens the
 * host's port, then brings up the link. Everything that decides anything is in payment/, protocol/ and drivers/.
 * Invariant: the host's port is opened only after the journal was read, so that no frame meets a module that has
 * forgotten an order.
 */
import './console';
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
  OUTER_WATCHDOG_PIN,
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
import { OUTER_KICK_MS, readStartCause, WATCHDOG_TIMEOUT_S } from './drivers/watchdog';
import { Book } from './payment/book';
import { Desk, type Module } from './payment/desk';
import type { Identity } from './payment/identity';
import { Journal } from './payment/journal';
import { Orders } from './payment/orders';
import { composeCcm } from './payment/packet';
import { Session } from './payment/session';
import { checkSettings } from './payment/settings-check';
import { u32 } from './protocol/bytes';
import { LinkState } from './protocol/codes';
import { shortText } from './protocol/host-wire';
import type { Message } from './protocol/messages';
import type { Clock, Random } from './protocol/ports';
import { FIRMWARE_VERSION } from './version';

/** Heartbeat of the link: a carrier's NAT drops an idle connection after 2 to 30 minutes. */
const HEARTBEAT = { leastMs: 30000, firstMs: 90000, mostMs: 900000 };
/** The module's tick while there is an order or a data stream, and while there is none. */
const TICK_MS = 1000;
const CALM_TICK_MS = 5000;
/** A restart and a new baud rate wait until the last answer has left. */
const LEAVE_MS = 200;
/** A turn of the ring may just have stalled the CPU: a host that was not heard gets through before the next erase. */
const ERASE_AFTER_CALM_TICKS = 2;
const PROTOCOL_VERSION = 1;
/** Time between two looks at the clock: a calm tick, behind an erase at the most. */
const MAX_UNSEEN_S = 6;
const NO_TIME_ERROR = 0xffffffff;
const MAX_FAULT_TEXT = 80;
/** So many exceptions within about as many minutes, and the module starts anew; the first ones stand in the log. */
const MAX_FAULTS = 6;
const FAULT_DECAY_LOOKS = 3;
/** Free JsVars below which no order is taken; a purchase with all that may happen meanwhile takes about 1,300. */
const LEAST_FREE_VARS = 400;
/** Between two looks at what changes slowly: memory, and exceptions that are forgotten. */
const SLOW_LOOK_MS = 20000;

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
const crc32 = E.CRC32;

const resetReason = readStartCause(RESET_FLAGS_ADDRESS, peek32, poke32);
const leds = new Leds(clock, digitalWrite, READY_LED_PIN, FAULT_LED_PIN);
const relay = new Relay({ write: digitalWrite, pulse: digitalPulse }, clock, RELAY_PINS);

const aes = nativeAes(AES, E);
const session = new Session(aes, composeCcm(aes), clock, random);
const book = new Book(() => Math.floor((session.serverTimeMs() || -clock.nowMs()) / 1000));
const journal = new Journal(journalFlash, crc32, JOURNAL_SECTORS, book);
/** Undefined while there is no identity to bring a link up with. */
let keeper: Keeper | undefined;
let linkState: LinkState = LinkState.Off;
let timer: number;
/** The pending tick is a calm one; how many there were in a row. */
let calmTicks = 0;
let looks = 0;
let lookedMs = 0;
/** Exceptions, forgotten one by one. */
let faults = 0;

/** Which LED pattern (a digit, LedState) belongs to a state of the link, by its number. */
const LED_STATES = '512233344471';

/** Starts the module anew; why stands in the log. */
function restart(why: string): void {
  book.note('RESTART', why);
  setTimeout(() => E.reboot(), LEAVE_MS);
}

/** Something threw: keep it in the journal, as far as that goes; the module goes on, or starts anew if it goes on so. */
function fault(error: unknown): void {
  const text = ('' + ((error as Error) && (error as Error).message)).substr(0, MAX_FAULT_TEXT);
  print(text);
  faults++;
  try {
    if (faults < MAX_FAULTS) book.note('FAULT', text.replace(/[^!-~]/g, '_'));
    else if (faults === MAX_FAULTS) restart('FAULTS');
  } catch {
    leds.show(LedState.Fault);
    if (faults === MAX_FAULTS) E.reboot();
  }
}

function showState(): void {
  if (!book.isReady) leds.show(LedState.Fault);
  else leds.show(book.open.length ? LedState.OrderOpen : +LED_STATES.charAt(linkState));
}

/** The module as its parts see it: what desk and session ask, and hear of. */
const unit: Module = {
  info: () =>
    String.fromCharCode(PROTOCOL_VERSION, resetReason, linkState, book.open.length) +
    u32(book.lastOrder) +
    [book.identity ? book.identity.id : '', FIRMWARE_VERSION, BOARD_ID, keeper ? keeper.status().imei : '']
      .map(shortText)
      .join(''),
  signal: () => {
    const status = keeper && keeper.status();
    return String.fromCharCode(linkState, status ? status.csq : 99, status ? status.registration & 255 : 0);
  },
  time: () => {
    const timeMs = session.serverTimeMs();
    const errorMs = timeMs ? session.timeErrorMs() : NO_TIME_ERROR;
    return u32(Math.floor(timeMs / 1000)) + u32(Math.min(NO_TIME_ERROR, Math.ceil(errorMs)));
  },
  settingsChanged: () => setTimeout(() => hostPort.setup(book.settings.baud, HOST_OPTIONS), LEAVE_MS),
  restart: () => restart('PROVISION'),
  fault,
  tunnel: session,
  direct: () => keeper!,
  base64: btoa,
};

const desk = new Desk(
  (bytes) => hostPort.write(bytes),
  crc32,
  clock,
  book,
  relay,
  unit,
  random.bytes(1).charCodeAt(0),
);
const orders = new Orders(book, clock, session, relay, desk);
desk.connect(orders);

function announceState(state: LinkState): void {
  linkState = state;
  showState();
  desk.announceSignal();
}

/** Messages that are not about an order, apart. */
function takeMessage(message: Message): void {
  if (message[0] === 'set') {
    const version = message[1] as number;
    const merged = checkSettings(book.settings, Object.assign({}, message[2], { version }));
    if (!merged || version <= book.settings.version) return;
    book.saveSettings(merged);
    hostPort.setup(merged.baud, HOST_OPTIONS);
  } else if (message[0] === 'log') {
    const lines = book.log(message[1] as number, message[2] as number);
    lines.forEach((text, index) => session.send(['log', lines.length - 1 - index, btoa(text)]));
  } else if (message[0] === 'open' || message[0] === 'credit' || message[0] === 'shut') {
    // Where there is no stream, there is nothing to end; the rest is a mistake of the server.
    if (desk.stream) desk.stream.onMessage(message);
    else if (message[0] !== 'shut') session.abort('STREAM');
  } else orders.onMessage(message);
}

/** Brings up the link of a module that has an identity. */
function startLink(identity: Identity): void {
  const carrier = new Keeper(
    {
      write: (bytes) => modemPort.write(bytes),
      setBaud: (baud) => modemPort.setup(baud, MODEM_OPTIONS),
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
    session,
  );
  keeper = carrier;
  session.start(book, carrier, {
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
      announceState(LinkState.Ready);
      orders.onLinkUp();
    },
    onDown: () => {
      orders.onLinkDown();
      if (desk.stream) desk.stream.onLinkDown();
    },
    onMessage: takeMessage,
    onBytes: (data) => {
      if (desk.stream) desk.stream.onBytes(data);
      return !!desk.stream;
    },
    onDrain: () => {
      if (desk.stream) desk.stream.pump();
    },
    onState: announceState,
    signal: unit.signal,
  });
  modemPort.on('data', (data) => carrier.receive(data));
  modemPort.setup(MODEM_BAUD, MODEM_OPTIONS);
  carrier.start();
}

/** Memory that runs short is seen before it is gone: no new orders, and a new start when nothing is under way. */
function watchMemory(): void {
  // The second look collects garbage first, which is dear.
  book.isTight = process.memory(false).free < LEAST_FREE_VARS && process.memory().free < LEAST_FREE_VARS;
  if (book.isTight && book.isReady && !book.open.length && !desk.stream) restart('MEMORY');
}

/** What is to be done each second while there is an order or a data stream. */
function work(): void {
  calmTicks = 0;
  if (keeper) keeper.hurry();
  if (desk.stream) desk.stream.pump();
  if (!book.open.length) return;
  orders.tick();
  desk.tick();
  showState();
}

/** The first calm tick shows that it is over; the next ones do what may stall. */
function rest(): void {
  if (!calmTicks++) showState();
  else if (calmTicks > ERASE_AFTER_CALM_TICKS && book.isReady && journal.needsErase()) {
    calmTicks = 1;
    journal.eraseAhead();
  }
}

/** Once a second, more seldom when there is nothing to do: an idle module does little else. */
function tick(): void {
  const isBusy = book.open.length || desk.stream;
  const nowMs = clock.nowMs();
  timer = setTimeout(tick, isBusy || !calmTicks ? TICK_MS : CALM_TICK_MS);
  E.kickWatchdog();
  if (isBusy) work();
  else rest();
  if (nowMs - lookedMs < SLOW_LOOK_MS) return;
  lookedMs = nowMs;
  if (++looks % FAULT_DECAY_LOOKS === 0 && faults) faults--;
  watchMemory();
}

/** Bytes from the host. */
function takeHostBytes(data: string): void {
  desk.onData(data);
  if (!calmTicks || !(book.open.length || desk.stream)) return;
  calmTicks = 0;
  clearTimeout(timer);
  timer = setTimeout(tick, TICK_MS);
}

function start(): void {
  process.on('uncaughtException', fault);
  try {
    const report = book.start(journal, resetReason);
    orders.resume(report.isStale);
  } catch (error) {
    // Nothing is erased and nothing is accepted: the host hears STORAGE, a person sees the fault light.
    print('journal', (error as Error).message);
  }
  // Only now: a full sector takes seconds to read, and a board that the watchdog ends meanwhile would never start again.
  E.enableWatchdog(WATCHDOG_TIMEOUT_S, false);
  // On the bench: whoever flashes the module, gives it an identity or looks for a fault of the board itself.
  if (!book.identity && CONSOLE) E.setConsole(CONSOLE, { force: true });
  // A listener before the port is opened, so that no byte is read by nobody.
  hostPort.on('data', takeHostBytes);
  hostPort.setup(book.settings.baud, HOST_OPTIONS);
  showState();
  desk.announce();
  if (book.identity) startLink(book.identity);
  // A native function, so that it costs no work of ours; a loop that hangs leaves the timer unserved all the same.
  if (OUTER_WATCHDOG_PIN) setInterval(digitalPulse, OUTER_KICK_MS, OUTER_WATCHDOG_PIN, true, 1);
  tick();
}

start();
