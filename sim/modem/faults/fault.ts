/**
 * What a named fault is: a line for a person, an optional parameter, the moment at which it usually strikes, and
 * what it does. The faults themselves stand in tables by theme: answers, links, radio, power, line.
 * Invariant: a fault changes only what its line says, and everything that it bends comes straight again by
 * itself, by a restart or by the remedy that its line names.
 */
import type { Clock } from '../../time/clock';
import type { Random } from '../../time/random';
import type { Network } from '../../network/network';
import type { Session } from '../session';
import type { Sim800 } from '../sim800';

export interface FaultContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly modem: Sim800;
  /** The running boot. */
  readonly session: Session;
  /** The command that set it off, as `+CIPSEND`; undefined for other triggers. */
  readonly command: string | undefined;
}

export interface FaultParameter {
  name: string;
  unit: 's' | 'ms' | 'number' | 'text';
  fallback: number | string;
  low?: number;
  high?: number;
}

export interface FaultKind {
  /** One sentence. */
  description: string;
  parameter?: FaultParameter;
  /** When it strikes unless told otherwise, as after `@`. */
  trigger: string;
  /** `value` is in the parameter's unit, checked. */
  strike(context: FaultContext, value: number, text: string): void;
}

export type FaultTable = Readonly<Record<string, FaultKind>>;

/** A fault that only arms an occasion which the module asks for by name. */
export function arms(name: string, description: string, trigger = 'now'): FaultTable {
  return { [name]: { description, trigger, strike: ({ modem }) => modem.arm(name) } };
}

export function seconds(name: string, fallback: number): FaultParameter {
  return { name, unit: 's', fallback, low: 0, high: 86_400 };
}

export function share(fallback: number): FaultParameter {
  return { name: 'share', unit: 'number', fallback, low: 0, high: 1 };
}
