/**
 * Data streams: tokens of makers' backends (only their SHA-256), where a device's stream is, what each device moved
 * each day, its own limits and how its last stream ended.
 */
import { sql, type Kysely } from 'kysely';

export const name = '0010-dtu';

const TABLES = [
  `create table dtu_tokens (
    id bigint generated always as identity primary key,
    name text not null check (length(name) between 1 and 100),
    merchant_id bigint not null references merchants,
    device_id text references devices,
    token_hash bytea not null unique,
    created_at_ms bigint not null,
    revoked_at_ms bigint
  )`,
  // The ticket lets another of our processes in, once it has checked a backend; a new one with each stream.
  `create table dtu_streams (
    device_id text primary key references devices,
    address text not null,
    ticket text not null,
    opened_at_ms bigint not null
  )`,
  `create table dtu_days (
    device_id text not null references devices,
    day text not null check (day ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
    up_bytes bigint not null check (up_bytes >= 0),
    down_bytes bigint not null check (down_bytes >= 0),
    primary key (device_id, day)
  )`,
  `create table dtu_devices (
    device_id text primary key references devices,
    day_bytes bigint check (day_bytes >= 0),
    bytes_per_second integer check (bytes_per_second > 0),
    last_end text,
    last_end_at_ms bigint
  )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const table of TABLES) await sql.raw(table).execute(db);
}
