// @ts-check
/* A process that does nothing but measure its timer, until its parent disconnects: the baseline of event-loop.mjs. */
import { measureTimerDelay } from './timer-delay.mjs';

const delay = measureTimerDelay();
process.on('message', () => {
  process.send?.(delay.stop(), () => process.disconnect());
});
