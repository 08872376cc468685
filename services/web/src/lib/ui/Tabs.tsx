import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useLocation } from "react-router";

/**
 * Links to the sections of a page. Where there is room they go on over as many lines as they need; on a phone they are one line that
 * scrolls, with a shade and an arrow at each end where more is hidden, and the open section is brought into view.
 */
export function Tabs({ label, children }: { label: string; children: ReactNode }) {
  const { pathname } = useLocation();
  const nav = useRef<HTMLElement>(null);
  const [more, setMore] = useState({ before: false, after: false });
  useEffect(() => {
    const el = nav.current!;
    const look = () => {
      const at = Math.abs(el.scrollLeft); // counts down from 0 where the page runs from right to left
      const next = { before: at > 1, after: at + el.clientWidth < el.scrollWidth - 1 };
      setMore((now) => (now.before === next.before && now.after === next.after ? now : next));
    };
    const watch = new ResizeObserver(look);
    watch.observe(el);
    for (const link of el.children) watch.observe(link); // another language or text size
    el.addEventListener("scroll", look, { passive: true });
    return () => {
      watch.disconnect();
      el.removeEventListener("scroll", look);
    };
  }, []);
  useLayoutEffect(() => {
    const el = nav.current!;
    const open = el.querySelector("[aria-current=page]")?.getBoundingClientRect();
    if (!open) return;
    const frame = el.getBoundingClientRect();
    el.scrollBy({ left: open.left + open.width / 2 - frame.left - frame.width / 2, behavior: "instant" });
  }, [pathname]);
  return (
    <div className="tabs" data-before={more.before} data-after={more.after}>
      <nav ref={nav} aria-label={label}>
        {children}
      </nav>
    </div>
  );
}
