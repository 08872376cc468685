/** How long someone has been drawing without a break, from the times at which they did something. Pure; times in ms. */
export interface Spell {
  began: number;
  last: number;
}

/** A pause of this length is a break: the next stroke begins a new spell. */
export const BREAK_MS = 5 * 60_000;
export const CHOICES = [0, 15, 25, 45] as const;
const KEY = "bramble.break";
const USUAL = 25;

export function worked(spell: Spell | null, now: number): Spell {
  return spell && now - spell.last < BREAK_MS ? { began: spell.began, last: now } : { began: now, last: now };
}

/** Whether it is time to say so: after `minutes` without a break; 0 never says anything. */
export function isDue(spell: Spell | null, minutes: number): boolean {
  return minutes > 0 && spell !== null && spell.last - spell.began >= minutes * 60_000;
}

export function breakAfter(): number {
  const stored = localStorage.getItem(KEY);
  const n = stored === null ? USUAL : Number(stored);
  return (CHOICES as readonly number[]).includes(n) ? n : USUAL;
}

export function setBreakAfter(minutes: number): void {
  localStorage.setItem(KEY, String(minutes));
}
