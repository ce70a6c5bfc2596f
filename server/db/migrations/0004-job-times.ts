/**
 * For when an order's next job is: an order that is woken later than that needs no other one. Most orders are paid
 * and over before their first job comes, so they cost one job instead of four.
 */
import { sql, type Kysely } from 'kysely';

export const name = '0004-job-times';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table orders add column job_at_ms bigint`.execute(db);
}
