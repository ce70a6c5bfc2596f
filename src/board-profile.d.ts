/**
 * What a board profile of espruino.config.js becomes in the bundle: the build makes this module
 * (scripts/build/profile-module.ts). Only main.ts imports it. Pins are names, as Espruino takes them.
 */
declare module 'board-profile' {
  /** Name of the profile, and the `process.env.BOARD` that it is for. */
  export const PROFILE: string;
  export const BOARD_ID: string;
  export const JSVARS_TOTAL: number;

  export const hostPort: Serial;
  export const HOST_BAUD: number;
  /** Second argument of `setup`. */
  export const HOST_OPTIONS: SerialOptions;
  export const modemPort: Serial;
  export const MODEM_BAUD: number;
  export const MODEM_OPTIONS: SerialOptions;

  export const PWRKEY_PIN: string;
  export const RESET_PIN: string;
  export const SUPPLY_PIN: string;
  export const STATUS_PIN: string;
  export const RELAY_PINS: readonly string[];
  export const READY_LED_PIN: string;
  export const FAULT_LED_PIN: string;
  /** Kicks a watchdog outside the chip; '' where the board has none. */
  export const OUTER_WATCHDOG_PIN: string;

  /** The memory that the journal lives in, and its sectors. */
  export const journalFlash: {
    read(address: number, count: number): string;
    write(address: number, bytes: string): void;
    erase(address: number): void;
  };
  export const JOURNAL_SECTORS: readonly { readonly address: number; readonly bytes: number }[];

  /** Native AES, or aes-js where the board has none. */
  export const AES: import('./drivers/aes').NativeAes;

  /** Name of the device that gets Espruino's console; '' means that the console is switched off. */
  export const CONSOLE: string;
  /** Address of the chip's reset flags (RCC_CSR), 0 where there is none. */
  export const RESET_FLAGS_ADDRESS: number;
}
