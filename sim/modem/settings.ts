/**
 * The module's settings: factory values, the profile that AT&W keeps, values that keep themselves and the
 * TCP/IP context that AT+CIPSCONT keeps.
 * Leaves ranges to the command tables. Source: SIM800 Series AT Command Manual V1.09, the line "Parameter
 * Saving Mode" of each command, sections 2.2.30 (AT&F), 2.2.32 (AT&W), 8.2.27 (AT+CIPSCONT).
 */
export interface Settings {
  echo: number;
  isVerbose: number;
  quiet: number;
  callProgress: number;
  errorMode: number;
  /** Bits per second; 0 = autobaud. */
  baud: number;
  slowClock: number;
  functionality: number;
  registrationNotices: number;
  packetNotices: number;
  timestamp: number;
  batteryCheck: number;
  initNotices: number;
  operatorFormat: number;
  /** Place in the list of AT+CSCS=?. */
  characterSet: number;
  messageFormat: number;
  multiLink: number;
  quickSend: number;
  manualReceive: number;
  prompt: number;
  ipHeader: number;
  showSource: number;
  showProtocol: number;
  closeDelaySingleMs: number;
  closeDelayMultiMs: number;
  keepAlive: number;
  keepIdleS: number;
  keepIntervalS: number;
  keepCount: number;
  autoSend: number;
  autoSendS: number;
}

export type SettingName = keyof Settings;

export const FACTORY: Readonly<Settings> = {
  echo: 1,
  isVerbose: 1,
  quiet: 0,
  callProgress: 4,
  errorMode: 0,
  baud: 0,
  slowClock: 0,
  functionality: 1,
  registrationNotices: 0,
  packetNotices: 0,
  timestamp: 0,
  batteryCheck: 0,
  initNotices: 1,
  operatorFormat: 0,
  characterSet: 0,
  messageFormat: 0,
  multiLink: 0,
  quickSend: 0,
  manualReceive: 0,
  prompt: 1,
  ipHeader: 0,
  showSource: 0,
  showProtocol: 0,
  closeDelaySingleMs: 2_000,
  closeDelayMultiMs: 3_500,
  keepAlive: 1,
  keepIdleS: 7_200,
  keepIntervalS: 75,
  keepCount: 9,
  autoSend: 0,
  autoSendS: 0,
};

/** Kept by AT&W (section 2.2.32). */
const PROFILE: readonly SettingName[] = [
  'echo',
  'isVerbose',
  'quiet',
  'callProgress',
  'errorMode',
  'characterSet',
  'messageFormat',
  'baud',
  'slowClock',
  'registrationNotices',
  'packetNotices',
  'timestamp',
  'initNotices',
];

/** Not touched by ATZ and AT&F: they belong to the serial port (sections 2.2.27, 2.2.30). */
const SERIAL: readonly SettingName[] = ['baud', 'slowClock'];

/** Kept by AT+CIPSCONT (section 8.2.27). */
const TCPIP_CONTEXT: readonly SettingName[] = [
  'ipHeader',
  'showProtocol',
  'showSource',
  'autoSend',
  'autoSendS',
  'prompt',
  'quickSend',
  'multiLink',
  'manualReceive',
  'closeDelaySingleMs',
  'closeDelayMultiMs',
];

/** What survives a power cut. */
export class SettingStore {
  private kept: Partial<Settings> = {};

  /** The settings of a new boot. */
  load(): Settings {
    return { ...FACTORY, ...this.kept };
  }

  /** AT&W. */
  saveProfile(settings: Settings): void {
    this.keep(settings, PROFILE);
  }

  /** AT+CIPSCONT. */
  saveContext(settings: Settings): void {
    this.keep(settings, TCPIP_CONTEXT);
  }

  /** Written to flash by itself (AT+CFUN; AT+IPR of some versions). */
  keepOne(name: SettingName, value: number): void {
    this.kept[name] = value;
  }

  /** ATZ: the kept profile, without what belongs to the serial port. */
  profile(): Partial<Settings> {
    return onlyProfile(this.load());
  }

  /** AT&F: the factory's. */
  factoryProfile(): Partial<Settings> {
    return onlyProfile(FACTORY);
  }

  private keep(settings: Settings, names: readonly SettingName[]): void {
    for (const name of names) this.kept[name] = settings[name];
  }
}

function onlyProfile(settings: Settings): Partial<Settings> {
  const profile: Partial<Settings> = {};
  for (const name of PROFILE) if (!SERIAL.includes(name)) profile[name] = settings[name];
  return profile;
}
