/** The reader's own region where it speaks the page's language: Cairo writes ٣ where Rabat writes 3, and London dates otherwise than Boston. */
export function regional(language: string): string {
  if (typeof navigator === "undefined") return language;
  return navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language;
}

const formats = new Map<string, Intl.NumberFormat>();

/** Made once each: the very first one loads the browser's tables, which is 50 ms on a slow machine. */
function numbers(language: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify([language, options]);
  let format = formats.get(key);
  if (!format) formats.set(key, (format = new Intl.NumberFormat(regional(language), options)));
  return format;
}

/** Numbers, shares and dates in the reader's language. */
export function number(value: number, language: string, digits = 0): string {
  return numbers(language, { maximumFractionDigits: digits }).format(value);
}

export function percent(share: number, language: string, digits = 0): string {
  return numbers(language, { style: "percent", maximumFractionDigits: digits }).format(share);
}

/** A measured value with all its digits, so that those below one another can be compared: "0.560". */
export function fixed(value: number, language: string, digits: number): string {
  return numbers(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** A difference, with its sign and all its digits: "+0.030". */
export function signed(value: number, language: string, digits: number): string {
  return numbers(language, { signDisplay: "exceptZero", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

export function signedPercent(share: number, language: string, digits = 1): string {
  return numbers(language, { style: "percent", signDisplay: "exceptZero", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(share);
}

export function date(iso: string | null | undefined, language: string): string {
  if (!iso) return "–";
  const d = new Date(iso);
  return Number.isNaN(d.getTime()) ? "–" : new Intl.DateTimeFormat(regional(language), { dateStyle: "medium", timeStyle: "short" }).format(d);
}

/** "in 30 seconds", in the reader's language: seconds up to a minute and a half, then minutes, from an hour and a half on hours, rounded up. */
export function within(seconds: number, language: string): string {
  const format = new Intl.RelativeTimeFormat(regional(language));
  if (seconds <= 90) return format.format(Math.ceil(seconds), "second");
  return seconds <= 5400 ? format.format(Math.ceil(seconds / 60), "minute") : format.format(Math.ceil(seconds / 3600), "hour");
}

export function short(id: string): string {
  return id.length > 13 ? `${id.slice(0, 4)}…${id.slice(-6)}` : id;
}

export function bytes(size: number, language: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  let i = 0;
  let v = size;
  while (v >= 1000 && i < units.length - 1) {
    v /= 1000;
    i++;
  }
  return numbers(language, { style: "unit", unit: units[i]!, unitDisplay: "short", maximumFractionDigits: 1 }).format(v);
}

/**
 * Okabe and Ito's palette, lifted where it is too dark over grey images: its colours stay apart for every common form
 * of colour blindness.
 */
export const PALETTE = ["#f0a020", "#56b4e9", "#2cc295", "#f0e442", "#d98bb8", "#e8703a", "#6f9df0", "#c9c9c9"] as const;

export function labelColour(label: { id: number; color: string | null }): string {
  return label.color && /^#[0-9a-f]{6}$/i.test(label.color) ? label.color : PALETTE[(label.id - 1) % PALETTE.length]!;
}
