/** Our own icons, drawn on a grid of 24; strokes only, so that they take the text's colour. */
const PATHS = {
  brush: "M4 20c3 .6 5.5-.4 5.5-3A2.5 2.5 0 0 0 7 14.5c-2.5 0-2 3-3 5.5M9 15 19.5 4.5M11.5 17 21 6.5",
  eraser: "M8 20h12M5.5 13.5 13 6a2 2 0 0 1 2.8 0l3.2 3.2a2 2 0 0 1 0 2.8L11 20H8l-2.5-2.5a2.8 2.8 0 0 1 0-4M9.5 9.5l6 6",
  threshold: "M4 18h3l3-8 3 5 3-11 4 14M4 21h16",
  lasso: "M12 4c5 0 8.5 2.3 8.5 5.5S17 15 12 15 3.5 12.7 3.5 9.5 7 4 12 4M7 14c-1.5 1-2 2.5-1 3.8S5.5 21 4 21",
  polygon: "M5 8 13 4l7 6-3 9H7zM5 8h.01M13 4h.01M20 10h.01M17 19h.01M7 19h.01",
  point: "M12 3v5M12 16v5M3 12h5M16 12h5M12 12h.01",
  scribble: "M3 17c3-9 5-9 5-4s2 5 4.5-1 4-4 3.5 0 2 3 5-1M18.5 3.5v5M16 6h5",
  box: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M9 9h6v6H9z",
  window: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18M12 8h7M12 12h9M12 16h7",
  pan: "M12 3v18M3 12h18M12 3 9.5 5.5M12 3l2.5 2.5M12 21l-2.5-2.5M12 21l2.5-2.5M3 12l2.5-2.5M3 12l2.5 2.5M21 12l-2.5-2.5M21 12l-2.5 2.5",
  undo: "M9 7 4.5 11.5 9 16M5 11.5h9a5 5 0 0 1 0 10h-2",
  redo: "M15 7l4.5 4.5L15 16M19 11.5h-9a5 5 0 0 0 0 10h2",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
  eyeOff: "M4 4l16 16M9.5 6a9 9 0 0 1 2.5-.4c6 0 9.5 6.4 9.5 6.4a16 16 0 0 1-3 3.6M6.5 7.8A16 16 0 0 0 2.5 12S6 18.5 12 18.5a9 9 0 0 0 4-1",
  holes: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 9v6M9 12h6",
  largest: "M9 4a6 6 0 1 0 0 12A6 6 0 0 0 9 4M18.5 15.5l4 4M22.5 15.5l-4 4",
  sliceBefore: "M4 15l8 4.5 8-4.5M12 4v8M8.5 7.5 12 4l3.5 3.5",
  sliceAfter: "M4 9l8-4.5L20 9M12 20v-8M8.5 16.5 12 20l3.5-3.5",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  smooth: "M3 15c3 0 3-7 6.5-7s3 8 6 8 2.5-5 5.5-5",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  check: "M4.5 12.5 10 18 20 6.5",
  close: "M6 6l12 12M18 6 6 18",
  skip: "M5 5l8 7-8 7zM17 5v14",
  empty: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M5.8 5.8l12.4 12.4",
  help: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M9.5 9.5A2.5 2.5 0 1 1 12 12.5V14M12 17h.01",
  keyboard: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M17 14H7",
  sliders: "M4 7h10M18 7h2M4 12h3M11 12h9M4 17h8M16 17h4M16 5v4M9 10v4M14 15v4",
  layers: "M12 4 3 9l9 5 9-5zM4 14l8 4.5 8-4.5",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4.5 20c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5",
  arrow: "M5 12h14M13 6l6 6-6 6",
  back: "M19 12H5M11 6l-6 6 6 6",
  upload: "M12 16V4M7 9l5-5 5 5M4 16v4h16v-4",
  download: "M12 4v12M7 11l5 5 5-5M4 20h16",
  cloudOff: "M4 4l16 16M8 8a5 5 0 0 0-1.5 9.5H16M19.5 16.5A4 4 0 0 0 17.5 10 6 6 0 0 0 11 6",
  saved: "M7 18a4.5 4.5 0 0 1-.5-9A6 6 0 0 1 18 9.5 4.2 4.2 0 0 1 17.5 18zM9 13.5l2 2 4-4",
  star: "m12 4 2.4 5 5.6.7-4.1 3.8 1.1 5.5-5-2.7L7 19l1.1-5.5L4 9.7 9.6 9z",
  spark: "M12 3l2 6.5L20.5 12 14 14l-2 7-2-7-6.5-2L10 9.5z",
  chart: "M4 20V4M4 20h16M8 16v-4M12.5 16V8M17 16v-6",
  shield: "M12 3 5 6v5.5c0 4.5 3 7.7 7 9.5 4-1.8 7-5 7-9.5V6zM9 12l2 2 4-4",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3 12h18M12 3c5 5 5 13 0 18-5-5-5-13 0-18",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  finger: "M12 21c-4 0-5.5-3-7-6l1.5-1 2.5 2V6.5a1.5 1.5 0 0 1 3 0V11l5 1c1.5.5 2 1.5 2 3 0 4-2 6-5 6zM10.5 2.5a4 4 0 0 1 4 4",
  warning: "M12 4 2.8 20h18.4zM12 10v4.5M12 17.5h.01",
  comment: "M4 5h16v11H10l-4 4v-4H4z",
} as const;

export type IconName = keyof typeof PATHS;

/** Arrows along the line of reading: turned round where that runs from right to left. */
const ONWARD: ReadonlySet<IconName> = new Set(["arrow", "back", "skip", "undo", "redo"]);

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg className={ONWARD.has(name) ? "icon icon-onward" : "icon"} width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
