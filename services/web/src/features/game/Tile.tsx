import { useEffect, useRef } from "react";

/** One image of a round's sheet, where they stand below one another, `size` pixels each. */
export function Tile({ sheet, place, size, label }: { sheet: ImageBitmap; place: number; size: number; label: string }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    ref.current?.getContext("2d")?.drawImage(sheet, 0, place * size, size, size, 0, 0, size, size);
  }, [sheet, place, size]);
  return <canvas ref={ref} className="tile" width={size} height={size} role="img" aria-label={label} />;
}
