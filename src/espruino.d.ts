/**
 * Types of the Espruino globals that the firmware uses (main.ts and the made module `board-profile` alone touch
 * them). What is not declared here is not available: scripts/build/espruino-api.ts holds the same list for the
 * built bundle, and test/conformance compares both with the interpreter.
 */

interface SerialOptions {
  tx?: string;
  rx?: string;
  /** Linux build only. */
  path?: string;
}

interface Serial {
  setup(baud: number, options: object): void;
  unsetup(): void;
  /** 'data' events carry at most 32 characters, one for a byte. */
  on(event: string, callback: (data: string) => void): void;
  write(bytes: string): void;
}

interface Spi {
  setup(options: { sck: string; miso: string; mosi: string; baud: number }): void;
  send(bytes: string, selectPin: string): string;
}

declare const Serial1: Serial;
declare const Serial2: Serial;
declare const SPI1: Spi;

declare const E: {
  CRC32(bytes: string | Uint8Array): number;
  toString(bytes: unknown): string;
  toUint8Array(bytes: string): Uint8Array;
  toArrayBuffer(bytes: string): ArrayBuffer;
  /** 32 bits; on STM32F4 from the noise of the voltage reference. */
  hwRand(): number;
  getErrorFlags(): string[];
  on(event: string, callback: (flags: string[]) => void): void;
  enableWatchdog(timeoutS: number, isAuto: boolean): void;
  kickWatchdog(): void;
  reboot(): void;
  setConsole(device: string | null, options: { force: boolean }): void;
  setPassword(password: string): void;
  lockConsole(): void;
};

interface MemoryUse {
  free: number;
  usage: number;
  total: number;
  history: number;
}

declare const process: {
  readonly version: string;
  readonly env: { readonly BOARD: string; readonly VERSION: string; readonly SERIAL: string };
  /** Collects garbage first: dear. Without it: `memory(false)`. */
  memory(collect?: boolean): MemoryUse;
  on(event: string, callback: (error: unknown) => void): void;
};

declare function require(name: 'Flash'): import('./drivers/flash').NativeFlash;
declare function require(name: 'aes-js'): import('./drivers/aes-js').NativeAesJs;
declare function require(name: 'crypto'): { AES: import('./drivers/aes').NativeAes };

declare function setTimeout(callback: () => void, delayMs: number): number;
declare function setInterval(
  callback: (...values: never[]) => void,
  periodMs: number,
  ...values: unknown[]
): number;
/** Throws when given `undefined`. */
declare function clearTimeout(timer: number): void;
declare function clearInterval(timer: number): void;
/** Seconds, with a fraction. */
declare function getTime(): number;
declare function setTime(seconds: number): void;
declare function digitalWrite(pin: string, level: boolean | number): void;
declare function digitalRead(pin: string): number;
/** Timed by hardware; gives back at once. */
declare function digitalPulse(pin: string, level: boolean | number, durationMs: number): void;
declare function pinMode(
  pin: string,
  mode: 'input' | 'input_pullup' | 'input_pulldown' | 'output' | 'opendrain',
): void;
declare function setWatch(
  callback: (event: { state: boolean; time: number; lastTime: number }) => void,
  pin: string,
  options: { repeat: boolean; edge: 'rising' | 'falling' | 'both'; debounce?: number },
): number;
declare function clearWatch(watch: number): void;
declare function peek32(address: number): number;
declare function poke32(address: number, value: number): void;
declare function atob(base64: string): string;
declare function btoa(bytes: string): string;
declare function print(...values: unknown[]): void;
