const SVG = "http://www.w3.org/2000/svg";
let made = 0;

/**
 * Shows a canvas through a table of brightness, as its element's filter. The browser does it where it composes the page, so a drag of the
 * window costs no pixel of the frame: on 4096 × 4096 a new picture for each move took 75 ms.
 */
export class Brightness {
  private readonly svg = document.createElementNS(SVG, "svg");
  private readonly tables: Element[];
  private readonly id = `brightness-${++made}`;

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.svg.setAttribute("aria-hidden", "true");
    this.svg.setAttribute("width", "0");
    this.svg.setAttribute("height", "0");
    this.svg.classList.add("stage-filter");
    const filter = document.createElementNS(SVG, "filter");
    filter.id = this.id;
    // The table is over stored grey values, which are sRGB; the default would take them for light.
    filter.setAttribute("color-interpolation-filters", "sRGB");
    for (const [name, value] of [["x", "0"], ["y", "0"], ["width", "1"], ["height", "1"]] as const) filter.setAttribute(name, value);
    const transfer = document.createElementNS(SVG, "feComponentTransfer");
    this.tables = ["feFuncR", "feFuncG", "feFuncB"].map((name) => {
      const table = document.createElementNS(SVG, name);
      table.setAttribute("type", "discrete");
      transfer.append(table);
      return table;
    });
    filter.append(transfer);
    this.svg.append(filter);
    canvas.after(this.svg);
  }

  /** Brightness (0–255) of each of the 256 stored values; null: as stored. */
  set(table: ArrayLike<number> | null): void {
    if (table) {
      const values = Array.from(table, (v) => (v / 255).toFixed(4)).join(" ");
      for (const t of this.tables) t.setAttribute("tableValues", values);
    }
    this.canvas.style.filter = table ? `url("#${this.id}")` : "";
  }

  destroy(): void {
    this.svg.remove();
  }
}
