/** Names the run, so that all its processes share one PostgreSQL (cluster.ts), which starts only when needed. */
export default function setup(): void {
  process.env.COINSLOT_TEST_RUN = `${process.pid}-${Date.now()}`;
}
