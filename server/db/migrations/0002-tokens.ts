/**
 * Tokens of the admin API: only their SHA-256 is kept. Without a merchant a token is the operator's, with one it
 * reaches that merchant's devices and orders alone.
 */
import { sql, type Kysely } from 'kysely';

export const name = '0002-tokens';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table api_tokens (
    id bigint generated always as identity primary key,
    name text not null check (length(name) between 1 and 100),
    merchant_id bigint references merchants,
    token_hash bytea not null unique,
    created_at_ms bigint not null,
    revoked_at_ms bigint
  )`.execute(db);
}
