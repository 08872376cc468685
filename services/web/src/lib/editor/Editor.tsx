import { type ReactNode, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Label } from "~/client/types";
import type { BitMask } from "~/lib/canvas/bitmask";
import type { Change, MaskDocument } from "~/lib/canvas/document";
import type { LayerStyle } from "~/lib/canvas/tiles";
import { type Display, PLAIN, type Preset, nextPreset, preset, presetOf } from "~/lib/canvas/window";
import { decodeMasks } from "~/lib/masks/masks";
import { measure } from "~/lib/measure";
import type { Frame } from "~/lib/stage/frame";
import { Stage, type StageOptions, type Tool } from "~/lib/stage/stage";
import { labelColour } from "~/lib/ui/format";
import { IconButton } from "~/lib/ui/kit";
import { useLatest } from "~/lib/ui/useLatest";
import { ApplyContext } from "./context";
import { type Bindings, type Command, loadBindings, saveBindings } from "./commands";
import "./editor.css";
import { Panel } from "./Panel";
import { stepSize, usePrefs } from "./prefs";
import { PromptBar } from "./PromptBar";
import { ShortcutsDialog } from "./ShortcutsDialog";
import { StackBar } from "./StackBar";
import { Toolbar } from "./Toolbar";
import { useKeys } from "./useKeys";
import { IDLE, usePrompt } from "./usePrompt";
import { useStack } from "./useStack";

export interface Overlay {
  name: string;
  mask: BitMask;
  colour: string;
  look?: Partial<LayerStyle>;
}

interface Props {
  frame: Frame;
  doc: MaskDocument;
  labels: Label[];
  /** The image to ask the segmenter about; null leaves the prompt tools out. */
  imageId: string | null;
  readOnly?: boolean;
  overlays?: Overlay[];
  onChange?: (labels: number[]) => void;
  onCommand?: (command: "submit" | "nothing" | "skip") => void;
  onClicks?: (n: number) => void;
  /** The frame is on the screen for the first time. */
  onDrawn?: () => void;
  /** Shown over the top of the stage: a proposal to accept, a piece of news. */
  banner?: ReactNode;
  /** Shown above the panel's controls. */
  aside?: ReactNode;
  /** The bar with the page's own buttons. */
  actions: ReactNode;
}

const NO_OVERLAYS: Overlay[] = [];
const NONE: ReadonlySet<number> = new Set();
const PROMPTS: readonly Tool[] = ["point", "scribble", "box"];

/** The canvas with its tools: the same for volunteers, gold and review. */
export function Editor({ frame, doc, labels, imageId, readOnly = false, overlays = NO_OVERLAYS, onChange, onCommand, onClicks, onDrawn, banner, aside, actions }: Props) {
  const { t } = useTranslation();
  const [prefs, setPrefs] = usePrefs();
  const [active, setActive] = useState(labels[0]?.id ?? 1);
  const [hiddenLabels, setHiddenLabels] = useState<ReadonlySet<number>>(NONE);
  const [hidden, setHidden] = useState(false);
  const [negative, setNegative] = useState(false);
  const [display, setDisplay] = useState<Display>(PLAIN);
  const [, redraw] = useState(0);
  const [keysOpen, setKeysOpen] = useState(false);
  const [panelOpen, setPanelOpen] = useState(false);
  const [bindings, setBindings] = useState<Bindings>(() => loadBindings());
  const [said, say] = useState("");
  // The editor outlives the image: the next one begins with the first label, everything shown, and nothing half asked.
  const [opened, setOpened] = useState(doc);
  if (opened !== doc) {
    setOpened(doc);
    setActive(labels[0]?.id ?? 1);
    setHiddenLabels(NONE);
    setHidden(false);
    setNegative(false);
    say("");
  }
  const host = useRef<HTMLDivElement>(null);
  const docNow = useRef<MaskDocument | null>(doc);
  const stage = useRef<Stage | null>(null);
  const prompt = usePrompt(imageId, active, frame);
  const stack = useStack(imageId, frame);
  const tool: Tool = readOnly && prefs.tool !== "window" ? "pan" : !imageId && PROMPTS.includes(prefs.tool) ? "brush" : prefs.tool;

  const options = useMemo<StageOptions>(
    () => ({
      tool,
      label: active,
      size: prefs.size,
      protect: prefs.protect,
      tolerance: prefs.tolerance,
      fingerOffset: prefs.fingerOffset,
      negative,
      readOnly: readOnly || stack.shown !== null,
      minimap: prefs.minimap,
      opacity: prefs.opacity,
      outlineOnly: prefs.outlineOnly,
      hidden,
      labels: labels.map((l) => ({ id: l.id, colour: labelColour(l), visible: !hiddenLabels.has(l.id) })),
    }),
    [tool, active, prefs, negative, readOnly, stack.shown, hidden, labels, hiddenLabels],
  );

  /** After a change that the stage has drawn itself. */
  const noted = useCallback(
    (change: Change) => {
      redraw((n) => n + 1);
      onChange?.([...new Set(change.dirty.map((d) => d.label))]);
    },
    [onChange],
  );
  const changed = useCallback(
    (change: Change | null) => {
      if (!change) return;
      stage.current?.changed(change);
      noted(change);
    },
    [noted],
  );

  // The stage lives as long as the element; what it calls is looked up at the time, so that it never needs to be rebuilt.
  const liveRef = useLatest({ noted, prompt, tool, options, onClicks, onDrawn });
  useLayoutEffect(() => {
    const made = new Stage(host.current!, liveRef.current.options, {
      onChange: (c) => liveRef.current.noted(c),
      onPrompt: (p) => {
        liveRef.current.onClicks?.(1);
        liveRef.current.prompt.ask(p);
      },
      onHover: (at) => liveRef.current.prompt.hover(liveRef.current.tool === "point" && liveRef.current.prompt.state === IDLE ? at : null),
      onDisplay: setDisplay,
      onDrawn: () => liveRef.current.onDrawn?.(),
      onPaint: (ms) => measure("paint", ms),
    });
    stage.current = made;
    return () => {
      made.destroy();
      stage.current = null;
    };
  }, [liveRef]);
  useLayoutEffect(() => {
    docNow.current = doc;
    stage.current?.open(frame, doc);
    return () => {
      docNow.current = null;
    };
  }, [frame, doc]);
  useEffect(() => stage.current?.configure(options), [options]);
  useEffect(() => {
    const s = stage.current;
    for (const o of overlays) s?.setOverlay(o.name, o.mask, o.colour, o.look);
    return () => {
      for (const o of overlays) s?.setOverlay(o.name, null);
    };
  }, [overlays, frame, doc]);
  useEffect(() => stage.current?.peek(stack.frame), [stack.frame, frame]);
  const { mask: answer } = prompt.state;
  useEffect(() => {
    stage.current?.setOverlay("prompt", answer ?? prompt.preview, "#ffffff", { opacity: answer ? 0.3 : 0.15 });
  }, [answer, prompt.preview]);

  const dropPrompt = () => {
    prompt.reset();
    stage.current?.clearPrompt();
  };
  const mergeAnswer = (how: "add" | "subtract" | "replace") => {
    if (!answer) return;
    changed(doc.merge(active, answer, how));
    dropPrompt();
    say(t("prompt.used"));
  };
  const chooseTool = (next: Tool) => {
    setPrefs({ tool: next });
    if (!PROMPTS.includes(next)) dropPrompt();
    setNegative(false);
    host.current?.focus({ preventScroll: true });
  };
  const showDisplay = (next: Display) => {
    setDisplay(next);
    stage.current?.setDisplay(next);
  };

  const copySlice = async () => {
    const { masks } = stack;
    if (readOnly || !masks) return;
    const found = await decodeMasks(masks, frame);
    if (docNow.current !== doc) return; // the image was left meanwhile
    changed(doc.mergeAll(found));
    say(t("stack.copied"));
  };

  const showPreset = (name: Preset) => {
    showDisplay({ ...display, ...preset(name, frame.grey.data) });
    say(t(`preset.${name}`));
  };

  const run = (command: Command): void => {
    const s = stage.current;
    switch (command) {
      case "sliceBefore":
      case "sliceAfter":
        stack.toggle(command === "sliceBefore" ? "before" : "after");
        break;
      case "copySlice":
        void copySlice();
        break;
      case "preset":
        showPreset(nextPreset(display, frame.grey.data));
        break;
      case "undo":
      case "redo":
        if (command === "redo" || !s?.stepBack()) changed(doc[command]());
        // Into the picture at once, not with the next frame's turn: what follows the key is then the screen alone.
        s?.flush();
        break;
      case "smaller":
      case "larger":
        setPrefs({ size: stepSize(prefs.size, command === "larger" ? 1 : -1) });
        break;
      case "zoomIn":
        s?.zoom(1.3);
        break;
      case "zoomOut":
        s?.zoom(1 / 1.3);
        break;
      case "fit":
        s?.fit();
        break;
      case "hide":
        setHidden((h) => !h);
        break;
      case "outline":
        setPrefs({ outlineOnly: !prefs.outlineOnly });
        break;
      case "invert":
        showDisplay({ ...display, invert: !display.invert });
        break;
      case "help":
        setKeysOpen(true);
        break;
      case "fillHoles":
      case "keepLargest":
      case "smooth":
        if (!readOnly) changed(doc[command](active));
        break;
      case "submit":
      case "nothing":
      case "skip":
        onCommand?.(command);
        break;
      default:
        if (!readOnly || command === "pan" || command === "window") chooseTool(command);
    }
  };

  // For the toolbar, which is drawn again only where what it shows has changed.
  const actsRef = useLatest({ chooseTool, run });
  const onTool = useCallback((next: Tool) => actsRef.current.chooseTool(next), [actsRef]);
  const onPressed = useCallback((command: Command) => actsRef.current.run(command), [actsRef]);

  useKeys(bindings, keysOpen, {
    run,
    digit: (n) => {
      const label = labels[n - 1];
      if (label) {
        setActive(label.id);
        say(label.name);
      }
    },
    arrow: (dx, dy, fast) => {
      if (tool === "pan" || tool === "window") stage.current?.panBy(-dx * (fast ? 120 : 40), -dy * (fast ? 120 : 40));
      else {
        const at = stage.current?.moveCrosshair(dx * (fast ? 10 : 1), dy * (fast ? 10 : 1));
        if (at) say(t("editor.at", { x: Math.floor(at.x), y: Math.floor(at.y) }));
      }
    },
    press: (negative) => stage.current?.pressCrosshair(negative),
    accept: () => (answer ? (mergeAnswer("add"), true) : (stage.current?.closePolygon() ?? false)),
    escape: () => (stack.shown ? stack.close() : dropPrompt()),
    host,
  });

  // The document changes in place; its revision is what tells of it.
  const { revision } = doc;
  const areas = useMemo(() => Object.fromEntries(labels.filter((l) => doc.labels.includes(l.id)).map((l) => [l.id, doc.area(l.id)])), [doc, labels, revision]); // eslint-disable-line react-hooks/exhaustive-deps

  return (
    <div className="editor" data-panel={panelOpen}>
      <Toolbar tool={tool} prompts={imageId !== null} readOnly={readOnly} bindings={bindings} canUndo={doc.canUndo} canRedo={doc.canRedo} onTool={onTool} onCommand={onPressed} />
      <div className="stage-wrap">
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the canvas is driven by arrow keys and needs the focus */}
        <div ref={host} className="stage" role="application" aria-label={t("editor.canvas", { width: frame.width, height: frame.height })} aria-describedby="stage-help" tabIndex={0} data-tool={tool} data-image={imageId ?? undefined} />
        <p id="stage-help" className="sr-only">
          {t("editor.canvasHelp")}
        </p>
        <p className="sr-only" role="status">
          {answer ? t("prompt.found", { count: answer.count() }) : said}
        </p>
        {labels.length > 1 && (
          <div className="label-strip" role="group" aria-label={t("editor.labels")}>
            {labels.map((l) => (
              <button key={l.id} type="button" aria-pressed={l.id === active} onClick={() => setActive(l.id)}>
                <span className="swatch" style={{ background: labelColour(l) }} />
                <bdi>{l.name}</bdi>
              </button>
            ))}
          </div>
        )}
        <StackBar stack={stack} bindings={bindings} readOnly={readOnly} onCopy={() => void copySlice()} />
        {banner && <ApplyContext.Provider value={changed}><div className="stage-banner">{banner}</div></ApplyContext.Provider>}
        <PromptBar state={prompt.state} marking={!readOnly && (tool === "point" || tool === "scribble")} negative={negative} onNegative={setNegative} onMerge={mergeAnswer} onDrop={dropPrompt} />
      </div>
      <aside className="panel" aria-label={t("editor.panel")}>
        {aside}
        <Panel
          labels={labels}
          active={active}
          hiddenLabels={hiddenLabels}
          areas={areas}
          prefs={prefs}
          display={display}
          hidden={hidden}
          readOnly={readOnly}
          onLabel={setActive}
          onToggleLabel={(id) => setHiddenLabels((s) => (s.has(id) ? new Set([...s].filter((x) => x !== id)) : new Set([...s, id])))}
          onClear={(id) => changed(doc.clearLabel(id))}
          onPrefs={setPrefs}
          onDisplay={showDisplay}
          preset={presetOf(display, frame.grey.data)}
          onPreset={showPreset}
          onHidden={setHidden}
        />
      </aside>
      <div className="editor-actions">
        <IconButton icon="sliders" className="panel-toggle" label={t("editor.panel")} pressed={panelOpen} onClick={() => setPanelOpen((o) => !o)} />
        {actions}
      </div>
      <ShortcutsDialog
        open={keysOpen}
        onClose={() => setKeysOpen(false)}
        bindings={bindings}
        onBindings={(b) => {
          setBindings(b);
          saveBindings(b);
        }}
      />
    </div>
  );
}
