/**
 * HTML that cannot be forgotten to escape: the `html` tag escapes whatever is put into it, except what it has
 * made itself. Goods names and links come from outside and are hostile until proven otherwise.
 */

export class Markup {
  constructor(readonly text: string) {}
}

type Part = string | number | Markup | undefined | readonly (string | number | Markup | undefined)[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** For element content and for quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (char) => ENTITIES[char]!);
}

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.reduce((text, piece, index) => `${text}${written(parts[index - 1])}${piece}`));
}

function written(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(written).join('');
  return escapeHtml(String(part));
}
