/** One thread of the torture: plays the run of a seed and sends its result back. */
import { drawPlan, type PlanOptions } from '../../sim/world/plan';
import { play } from '../../sim/world/play';
import type { Firmware } from '../build/build';
import { serve } from '../campaign/worker';

export interface TortureTask {
  readonly seed: number;
  readonly options: PlanOptions;
}

serve<Firmware, TortureTask>(({ seed, options }, firmware) => play(firmware, drawPlan(seed, options)));
