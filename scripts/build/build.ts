/**
 * `npm run build`: one firmware bundle per board profile, in the subset of JavaScript that Espruino runs:
 * dist/<profile>.js, minified ASCII, and dist/<profile>.bin, the same tokens as bytes, which is flashed. esbuild refuses what it is told the target lacks; check-bundle.ts finds the
 * rest; a bundle that is too big for its board is refused too. The build fails, not the board.
 * Invariant: no file is written for a bundle with findings.
 */
import { build, type BuildFailure, type BuildOptions, type Message, type Plugin } from 'esbuild';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { aesJsModule } from './aes-js-source';
import { checkBundle, describeFindings } from './check-bundle';
import { boardApi } from './espruino-api';
import { internalNames } from './mangle';
import { openOverlays, OverlayError, overlayPlugin, residentFiles } from './overlays';
import { declaredBySource, type BundleNames } from './owners';
import { limits, loadProfile, type BoardProfile } from './profile';
import { pretokenise, readTokens, textTokens } from './pretokenise';
import { profileModule } from './profile-module';
import { shrink } from './shrink';

const ROOT = path.join(__dirname, '..', '..');
const SOURCES = path.join(ROOT, 'src');

/** What the interpreter lacks, in esbuild's words (its list: internal/compat/js_table.go). */
const UNSUPPORTED = [
  'array-spread',
  'async-await',
  'async-generator',
  'bigint',
  'class-private-field',
  'class-private-method',
  'class-static-blocks',
  'class-field',
  'class-static-field',
  'default-argument',
  'destructuring',
  'dynamic-import',
  'exponent-operator',
  'for-await',
  'generator',
  'hashbang',
  'import-meta',
  'logical-assignment',
  'new-target',
  'nullish-coalescing',
  'object-rest-spread',
  'optional-chain',
  'regexp-dot-all-flag',
  'regexp-lookbehind-assertions',
  'regexp-match-indices',
  'regexp-named-capture-groups',
  'regexp-sticky-and-unicode-flags',
  'regexp-unicode-property-escapes',
  'rest-argument',
  'top-level-await',
  'unicode-escapes',
] as const;

export interface FirmwareOptions {
  /** The source to begin with; src/main.ts by default. */
  readonly entry?: string;
  /** Where <profile>.js is written; nothing is written without it. */
  readonly outDir?: string;
  /** Constants for esbuild's `define`. */
  readonly define?: Record<string, string>;
}

export interface Firmware {
  /** The bundle as text: what the virtual board runs. */
  readonly code: string;
  /** The same tokens as Espruino keeps them (pretokenise.ts), one char a byte: what is flashed as `.bootcde`. */
  readonly image: string;
  /** Size of the image. */
  readonly bytes: number;
  readonly profile: BoardProfile;
  /** Module files that must stand in Storage beside the bundle, by name; aes-js where there is no native AES. */
  readonly modules: Record<string, string>;
  /** Bytes of the bundle that each source file is answerable for. */
  readonly bytesBySource: Record<string, number>;
  /** What the short names of the bundle stand for. */
  readonly names: BundleNames;
}

/** A bundle that must not be flashed, with all reasons in its message. */
export class BuildError extends Error {}

/** Builds the firmware for a profile; throws BuildError or ProfileError. */
export async function buildFirmware(profileName: string, options: FirmwareOptions = {}): Promise<Firmware> {
  const profile = loadProfile(profileName);
  const { code, bytesBySource, names } = await bundle(profile, options);
  const findings = checkBundle(code, boardApi(profile));
  const image = imageOf(code);
  const bytes = image.length;
  const modules: Record<string, string> = profile.nativeAes ? {} : { 'aes-js': await aesJsModule() };
  const moduleBytes = Object.values(modules).reduce((sum, text) => sum + text.length, 0);
  const faults = findings.length > 0 ? [describeFindings(code, findings)] : [];
  if (bytes + moduleBytes > profile.storage.bytes) {
    faults.push(`${bytes + moduleBytes} bytes do not fit into the ${profile.storage.bytes} bytes of Storage`);
  }
  if (faults.length > 0) throw new BuildError(`${profileName}: not for Espruino\n${faults.join('\n')}`);
  if (options.outDir !== undefined) {
    mkdirSync(options.outDir, { recursive: true });
    writeFileSync(path.join(options.outDir, `${profileName}.js`), code, 'latin1');
    writeFileSync(path.join(options.outDir, `${profileName}.bin`), image, 'latin1');
    for (const [name, text] of Object.entries(modules)) {
      writeFileSync(path.join(options.outDir, `${profileName}.${name}.module.js`), text, 'latin1');
    }
  }
  return { code, image, bytes, profile, modules, bytesBySource, names };
}

/** The image of a bundle; throws when it would not be read back as the same program. */
function imageOf(code: string): string {
  const image = pretokenise(code);
  const written = textTokens(code);
  const read = readTokens(image);
  const wrongAt = written.findIndex((token, index) => token !== read[index]);
  if (wrongAt >= 0 || written.length !== read.length) {
    throw new BuildError(`the image differs from the bundle at token ${wrongAt}: ${written[wrongAt]}`);
  }
  return image;
}

async function bundle(
  profile: BoardProfile,
  options: FirmwareOptions,
): Promise<Pick<Firmware, 'code' | 'bytesBySource' | 'names'>> {
  const common = {
    entryPoints: [options.entry ?? path.join(SOURCES, 'main.ts')],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    metafile: true,
    outfile: `${profile.name}.js`,
    format: 'cjs',
    platform: 'neutral',
    target: 'es2015',
    supported: Object.fromEntries(UNSUPPORTED.map((feature) => [feature, false])),
    charset: 'ascii',
    // Terser shortens identifiers and white space; until then names tell overlays and, with comments, their sources.
    minifySyntax: true,
    // A fixture of a test brings no names of ours.
    mangleProps: new RegExp(`^(?:${internalNames(SOURCES, boardApi(profile)).join('|')})$`),
    // Taken: Espruino could not read a method of that name.
    mangleCache: { of: 'of' },
    legalComments: 'none',
    logLevel: 'silent',
    tsconfig: path.join(SOURCES, 'tsconfig.json'),
    external: ['Flash', 'crypto', 'aes-js'],
    define: options.define ?? {},
  } as const satisfies BuildOptions;
  const board = boardProfilePlugin(profile);
  try {
    const look = await build({ ...common, plugins: [board, overlayPlugin(common.tsconfig)] });
    const resident = residentFiles(look.metafile, ROOT);
    const result = await build({ ...common, plugins: [board, overlayPlugin(common.tsconfig, resident)] });
    const bundled = openOverlays(result.outputFiles[0]!.text.replace(/^"use strict";/, ''));
    const shrunk = await shrink(bundled);
    const inputs = Object.values(result.metafile.outputs)[0]!.inputs;
    const bytesBySource = Object.fromEntries(
      Object.entries(inputs).map(([source, { bytesInOutput }]) => [source, bytesInOutput]),
    );
    return {
      code: shrunk.code,
      bytesBySource,
      names: {
        topLevel: new Map(
          declaredBySource(bundled).map((owned) => [shrunk.shortNames.get(owned.name) ?? owned.name, owned]),
        ),
        properties: new Map(
          Object.entries(result.mangleCache!).map(([name, short]): [string, string] => [String(short), name]),
        ),
      },
    };
  } catch (error) {
    if (error instanceof OverlayError) throw new BuildError(`${profile.name}: ${error.message}`);
    const errors = (error as Partial<BuildFailure>).errors;
    if (!errors) throw error;
    throw new BuildError(`${profile.name}: not for Espruino\n${errors.map(describeMessage).join('\n')}`);
  }
}

function describeMessage(message: Message): string {
  const { location } = message;
  return location
    ? `${location.file}:${location.line}:${location.column + 1}: ${message.text}`
    : message.text;
}

/** Gives the bundle its `board-profile`. */
function boardProfilePlugin(profile: BoardProfile): Plugin {
  return {
    name: 'board-profile',
    setup(pluginBuild) {
      pluginBuild.onResolve({ filter: /^board-profile$/ }, () => ({
        path: 'board-profile',
        namespace: 'board-profile',
      }));
      pluginBuild.onLoad({ filter: /.*/, namespace: 'board-profile' }, () => ({
        contents: profileModule(profile),
        resolveDir: SOURCES,
        loader: 'ts',
      }));
    },
  };
}

/** Builds all profiles and says how big they are; gives the number of profiles that failed. */
export async function buildAll(profileList: readonly string[], outDir: string): Promise<number> {
  let failures = 0;
  for (const name of profileList) {
    try {
      const { bytes } = await buildFirmware(name, { outDir });
      const share = Math.round((100 * bytes) / limits.bundleBytes);
      console.log(`${name.padEnd(16)} ${String(bytes).padStart(6)} bytes, ${share} % of the budget`);
    } catch (error) {
      failures += 1;
      console.error(error instanceof Error ? error.message : error);
    }
  }
  return failures;
}
