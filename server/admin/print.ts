/**
 * How the admin commands show what the services give: as JSON, with times that a person can read. A field
 * `createdAtMs` becomes `createdAt` in ISO 8601 (UTC, as in the log), null for what has not happened; durations stay.
 */

const TIME = /^(at|\w+At|\w+Deadline)Ms$/;

function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]): [string, unknown] => {
    const time = TIME.exec(name)?.[1];
    if (time === undefined || (typeof field !== 'number' && field !== null)) return [name, readable(field)];
    // Zero and null: it has not happened.
    return [time, field ? new Date(field).toISOString() : null];
  });
  return Object.fromEntries(fields);
}

/** The text that a command prints. */
export function printed(value: unknown): string {
  return `${JSON.stringify(readable(value), null, 2)}\n`;
}
