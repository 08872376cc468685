import { afterEach, describe, expect, it } from "vitest";
import { measure } from "~/lib/measure";

const heard: PerformanceEntry[] = [];
const observer = new PerformanceObserver((list) => heard.push(...list.getEntries()));
afterEach(() => observer.disconnect());

describe("measure", () => {
  it("is heard by who listens, and leaves nothing on the page's timeline", async () => {
    observer.observe({ type: "measure" });
    const other = performance.measure("not-ours", { start: 0, duration: 1 });
    for (let i = 0; i < 1000; i++) measure("paint", 12.5);
    await expect.poll(() => heard.filter((e) => e.name === "bramble-paint").length).toBe(1000);
    expect(heard.find((e) => e.name === "bramble-paint")!.duration).toBeCloseTo(12.5);
    expect(performance.getEntriesByType("measure")).toEqual([other]);
  });
});
