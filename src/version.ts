/** The firmware's version, as INFO and `hi` tell it; a test compares it with package.json. */
export const FIRMWARE_VERSION = '0.1.0';
