/** What a key can do in the editor. Digits choose labels and are not rebindable. */
export const COMMANDS = {
  brush: ["b"],
  eraser: ["e"],
  threshold: ["t"],
  lasso: ["l"],
  polygon: ["p"],
  point: ["c"],
  scribble: ["g"],
  box: ["x"],
  window: ["w"],
  pan: ["h"],
  smaller: ["["],
  larger: ["]"],
  undo: ["ctrl+z"],
  redo: ["ctrl+shift+z", "ctrl+y"],
  submit: ["ctrl+enter"],
  zoomIn: ["+"],
  zoomOut: ["-"],
  fit: ["="],
  hide: ["v"],
  outline: ["o"],
  invert: ["i"],
  fillHoles: ["f"],
  keepLargest: ["k"],
  smooth: ["m"],
  nothing: ["n"],
  skip: ["s"],
  preset: ["q"],
  sliceBefore: ["pageup"],
  sliceAfter: ["pagedown"],
  copySlice: ["y"],
  help: ["?"],
} as const satisfies Record<string, readonly string[]>;

export type Command = keyof typeof COMMANDS;
export type Bindings = Record<Command, readonly string[]>;

const KEY = "bramble.keys";

interface KeyLike {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** "ctrl+shift+z" for a key event. Command counts as ctrl; shift is named only where it does not already change the character. */
export function combo(e: KeyLike): string {
  const key = e.key.length === 1 ? e.key.toLowerCase() : e.key.toLowerCase().replace("arrow", "");
  const letter = /^[a-z]$/.test(key);
  const parts: string[] = [];
  if (e.ctrlKey || e.metaKey) parts.push("ctrl");
  if (e.altKey) parts.push("alt");
  if (e.shiftKey && (letter || key.length > 1)) parts.push("shift");
  parts.push(key);
  return parts.join("+");
}

export function loadBindings(stored: string | null = localStorage.getItem(KEY)): Bindings {
  const own: Record<string, unknown> = {};
  try {
    Object.assign(own, JSON.parse(stored ?? "{}"));
  } catch {
    // Unreadable settings are as good as none.
  }
  const out = { ...COMMANDS } as Record<Command, readonly string[]>;
  for (const name of Object.keys(COMMANDS) as Command[]) {
    const keys = own[name];
    if (Array.isArray(keys) && keys.every((k) => typeof k === "string")) out[name] = keys;
  }
  return out;
}

export function saveBindings(bindings: Bindings): void {
  localStorage.setItem(KEY, JSON.stringify(bindings));
}

/** Gives `command` the key, and takes it from whichever had it: one key never does two things. */
export function rebind(bindings: Bindings, command: Command, key: string): Bindings {
  const out = Object.fromEntries(Object.entries(bindings).map(([c, keys]) => [c, keys.filter((k) => k !== key)])) as unknown as Record<Command, readonly string[]>;
  out[command] = [key];
  return out;
}

export function commandFor(bindings: Bindings, key: string): Command | null {
  for (const [command, keys] of Object.entries(bindings)) if (keys.includes(key)) return command as Command;
  return null;
}
