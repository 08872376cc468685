import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { IconName } from "~/lib/ui/icons";
import { IconButton } from "~/lib/ui/kit";
import type { Tool } from "~/lib/stage/stage";
import type { Bindings, Command } from "./commands";

const TOOLS: { tool: Tool; icon: IconName; prompt?: boolean }[] = [
  { tool: "brush", icon: "brush" },
  { tool: "eraser", icon: "eraser" },
  { tool: "point", icon: "point", prompt: true },
  { tool: "scribble", icon: "scribble", prompt: true },
  { tool: "box", icon: "box", prompt: true },
  { tool: "lasso", icon: "lasso" },
  { tool: "polygon", icon: "polygon" },
  { tool: "threshold", icon: "threshold" },
  { tool: "window", icon: "window" },
  { tool: "pan", icon: "pan" },
];

interface Props {
  tool: Tool;
  prompts: boolean;
  readOnly: boolean;
  bindings: Bindings;
  canUndo: boolean;
  canRedo: boolean;
  onTool: (tool: Tool) => void;
  onCommand: (command: Command) => void;
}

/** Drawn again only where what it shows has changed: strokes and the next image leave it alone. */
export const Toolbar = memo(function Toolbar({ tool, prompts, readOnly, bindings, canUndo, canRedo, onTool, onCommand }: Props) {
  const { t } = useTranslation();
  const key = (c: Command) => bindings[c].join(", ");
  const act = (command: Command, icon: IconName, disabled = false) => (
    <IconButton key={command} icon={icon} label={t(`command.${command}`)} hint={key(command)} disabled={disabled} onClick={() => onCommand(command)} />
  );
  return (
    <div className="toolbar" role="toolbar" aria-label={t("editor.tools")} aria-orientation="vertical">
      {!readOnly && (
        <>
          {act("undo", "undo", !canUndo)}
          {act("redo", "redo", !canRedo)}
          <span className="toolbar-gap" />
        </>
      )}
      {TOOLS.filter((x) => (prompts || !x.prompt) && (!readOnly || x.tool === "window" || x.tool === "pan")).map(({ tool: name, icon }) => (
        <IconButton key={name} icon={icon} label={t(`command.${name}`)} hint={key(name)} pressed={tool === name} onClick={() => onTool(name)} data-tool={name} />
      ))}
      <span className="toolbar-gap" />
      {act("zoomIn", "plus")}
      {act("zoomOut", "minus")}
      {act("fit", "fit")}
      <span className="toolbar-gap" />
      {!readOnly && (
        <>
          {act("fillHoles", "holes")}
          {act("keepLargest", "largest")}
          {act("smooth", "smooth")}
        </>
      )}
      {act("help", "keyboard")}
    </div>
  );
});
