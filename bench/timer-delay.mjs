// @ts-check
/* How late a 5 ms timer fires: what else the event loop of a process could do in time. */

const PERIOD_MS = 5;

/** Collects the delays of a 5 ms timer until `stop`, which answers with their percentiles in milliseconds. */
export function measureTimerDelay() {
  /** @type {number[]} */
  const delays = [];
  let due = performance.now() + PERIOD_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    delays.push(Math.max(0, now - due));
    due = now + PERIOD_MS;
  }, PERIOD_MS);
  return {
    stop() {
      clearInterval(timer);
      delays.sort((a, b) => a - b);
      const at = (/** @type {number} */ share) =>
        delays[Math.min(delays.length - 1, Math.floor(share * delays.length))] ?? Number.NaN;
      return { ticks: delays.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
    },
  };
}
