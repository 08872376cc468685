// @vitest-environment jsdom
import { act, renderHook } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { api } from "~/client/api";
import type { Assignment } from "~/client/types";
import { useAhead } from "~/features/label/useAhead";
import type { Work } from "~/features/label/work";

const assignment = (task: string, ahead: string[] = []): Assignment => ({
  lease: { id: `l-${task}`, expires_at: "2030-01-01T00:00:00Z" },
  task: { id: task, project_id: "p1", has_proposal: false, image: { id: `i-${task}`, project_id: "p1", height: 20, width: 40, channels: 1, group: "g", frame_index: 0, frames: 1, spacing: null, slice_mm: null, frame_url: "/f", thumbnail_url: "/t" } },
  draft: null,
  ahead: ahead.map((a) => assignment(a)),
});

afterEach(() => vi.restoreAllMocks());

describe("the next task, for one who answers quicker than the server", () => {
  it("is asked for anew where the asking under way began before the last answer, and an answered one doesn't come back", async () => {
    vi.spyOn(api, "frame").mockRejectedValue(new Error("no picture here"));
    const asked: ((answer: Assignment | null) => void)[] = [];
    vi.spyOn(api, "next").mockImplementation(() => new Promise((resolve) => asked.push(resolve)));
    const busy = new Set(["a"]);
    const current: { current: Work | null } = { current: null };
    const pending = (): Promise<Set<string>> => Promise.resolve(new Set(busy));
    const { result, unmount } = renderHook(() => useAhead("p1", "rater", current, pending));
    const until = async (n: number): Promise<void> => vi.waitFor(() => expect(asked).toHaveLength(n));

    void result.current.fill();
    await until(1);
    const taken = result.current.take(false);
    // The answer to "a" is in by now; the asking began before that, and the server still names it.
    busy.delete("a");
    await act(async () => {
      asked[0]!(assignment("a"));
      await until(2);
      asked[1]!(assignment("b"));
    });
    expect((await taken)?.task.id).toBe("b");

    // Where a fresh asking brings nothing, there is nothing, and it is not asked twice.
    busy.add("b");
    const none = result.current.take(false);
    await until(3);
    await act(async () => {
      asked[2]!(null);
      await Promise.resolve();
    });
    expect(await none).toBeNull();
    expect(asked).toHaveLength(3);
    unmount();
  });
});
