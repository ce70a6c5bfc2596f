/**
 * The module's settings: factory values, the profile that AT&W keeps and the values that keep themselves.
 * Leaves ranges to the command tables. Source: SIM800 Series AT Command Manual V1.09, the line "Parameter
 * Saving Mode" of each command, and section 2.2.25 (AT&F), 2.2.28 (AT&W).
 */
export interface Settings {
  echo: number;
  isVerbose: number;
  quiet: number;
  errorMode: number;
  baud: number;
  functionality: number;
  registrationNotices: number;
  packetNotices: number;
  timestamp: number;
  batteryCheck: number;
  multiLink: number;
  quickSend: number;
  manualReceive: number;
  prompt: number;
  ipHeader: number;
  showSource: number;
  initNotices: number;
  keepAlive: number;
  keepIdleS: number;
  keepIntervalS: number;
  keepCount: number;
}

export type SettingName = keyof Settings;

export const FACTORY: Readonly<Settings> = {
  echo: 1,
  isVerbose: 1,
  quiet: 0,
  errorMode: 0,
  baud: 0,
  functionality: 1,
  registrationNotices: 0,
  packetNotices: 0,
  timestamp: 0,
  batteryCheck: 0,
  multiLink: 0,
  quickSend: 0,
  manualReceive: 0,
  prompt: 1,
  ipHeader: 0,
  showSource: 0,
  initNotices: 1,
  keepAlive: 1,
  keepIdleS: 7_200,
  keepIntervalS: 75,
  keepCount: 9,
};

/** Kept by AT&W, reloaded at start and by ATZ. */
export const PROFILE_SETTINGS: readonly SettingName[] = [
  'echo',
  'isVerbose',
  'quiet',
  'errorMode',
  'baud',
  'registrationNotices',
  'packetNotices',
  'timestamp',
];

/** Written to flash as soon as they change. */
export const SELF_SAVING: readonly SettingName[] = ['baud', 'initNotices', 'timestamp'];

/** What survives a power cut. */
export class SettingStore {
  private kept: Partial<Settings> = {};

  load(): Settings {
    return { ...FACTORY, ...this.kept };
  }

  /** What ATZ brings back. */
  profile(): Partial<Settings> {
    return onlyProfile(this.load());
  }

  /** What AT&F brings back. */
  factoryProfile(): Partial<Settings> {
    return onlyProfile(FACTORY);
  }

  saveProfile(settings: Settings): void {
    for (const name of PROFILE_SETTINGS) this.kept[name] = settings[name];
  }

  /** Called at every change; keeps only what keeps itself. */
  changed(name: SettingName, value: number): void {
    if (SELF_SAVING.includes(name)) this.kept[name] = value;
  }
}

/** The baud rate in use changes with AT+IPR only. */
function onlyProfile(settings: Settings): Partial<Settings> {
  const profile: Partial<Settings> = {};
  for (const name of PROFILE_SETTINGS) if (name !== 'baud') profile[name] = settings[name];
  return profile;
}
