/** Shape of espruino.config.js as far as TypeScript is concerned; scripts/build/profile.ts gives it its types. */
import type { BoardProfile, Limits } from './scripts/build/profile';

declare const config: {
  readonly limits: Limits;
  readonly profiles: { readonly [name: string]: Omit<BoardProfile, 'name'> };
};
export default config;
